#include "tests/discovery/cluster/gossip_cluster.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <map>

using namespace troupe;
using namespace troupe::cluster_test;

namespace {

double seconds(duration time) { return std::chrono::duration<double>(time).count(); }

registry_message read(const gossip_send& what) { return decode_registry_message(what.bytes).value(); }

} // namespace

TEST_CASE("a change reaches all within a second, and no member tells it more often than it may") {
  for (const std::size_t members : {2, 4, 9, 10, 50}) {
    INFO(members << " members");
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      INFO("seed " << seed);
      gossip_cluster cluster{{.seed = seed, .members = members}};
      cluster.introduce_all();
      cluster.run_for(15s);
      std::map<std::size_t, std::size_t> told;
      cluster.on_send = [&](std::size_t from, const gossip_send& what) {
        told[from] += read(what).deltas.size();
        return true;
      };
      cluster.publish(1, "new");
      const auto took = cluster.run_until([&] { return cluster.agree(); }, 30s);
      INFO(seconds(took) << " s");
      CHECK(took < 1'200ms);
      cluster.run_for(30s);
      for (const auto& [who, times] : told)
        CHECK(times <= (members >= 10 ? 8u : 4u) + 2); // comparisons bring it too
      CHECK(cluster.core(0).rumors() == 0);
    }
  }
}

TEST_CASE("a cluster at rest sends a dozen bytes a member and interval") {
  gossip_cluster cluster{{.members = 20}};
  cluster.introduce_all();
  for (std::size_t i = 0; i < cluster.size(); ++i)
    cluster.publish(i, "orders");
  cluster.run_for(60s);
  REQUIRE(cluster.agree());
  cluster.datagrams = cluster.messages = cluster.bytes = 0;
  cluster.run_for(100s);
  // Every other one by a stream.
  for (const auto count : {cluster.messages, cluster.datagrams}) {
    CHECK(count > 20 * 4);
    CHECK(count < 20 * 6);
  }
  CHECK(cluster.bytes == 9 * (cluster.messages + cluster.datagrams));
}

TEST_CASE("where no datagrams pass, streams bring all changes to all") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    gossip_cluster cluster{{.seed = seed, .members = 7, .loss = 1}};
    cluster.introduce_all();
    for (std::size_t i = 0; i < cluster.size(); ++i)
      cluster.publish(i, "orders");
    CHECK(cluster.run_until([&] { return cluster.agree(); }, 120s) < 60s);
    cluster.run_for(5min);
    cluster.publish(3, "orders", 2);
    CHECK(cluster.run_until([&] { return cluster.agree(); }, 120s) < 60s);
  }
}

TEST_CASE("losses delay what is told, and nothing is lost for good") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    gossip_cluster cluster{{.seed = seed, .members = 8, .loss = 0.5}};
    cluster.introduce_all();
    for (int round = 0; round < 30; ++round) {
      cluster.publish(static_cast<std::size_t>(round) % 8, "s" + std::to_string(round % 5),
                      static_cast<std::uint32_t>(round + 1));
      cluster.run_for(200ms);
    }
    const auto took = cluster.run_until([&] { return cluster.agree(); }, 200s);
    INFO(seconds(took) << " s");
    CHECK(took < 100s); // half of all is lost
  }
}

TEST_CASE("deltas that overtake each other leave no gap") {
  gossip_cluster cluster{{.members = 2}};
  cluster.introduce_all();
  cluster.run_for(30s);
  std::vector<registry_delta> told;
  for (const auto* service : {"a", "b", "c", "d"}) {
    service_entry entry;
    entry.service = service;
    told.push_back(*cluster.entries(0).publish(entry).value());
  }
  auto& other = cluster.entries(1);
  for (const std::size_t next : {3, 1, 2}) {
    CHECK(other.is_news(told[next]));
    REQUIRE(other.apply(told[next]).ok());
    CHECK_FALSE(other.is_news(told[next]));
  }
  CHECK(other.fingerprint() != cluster.entries(0).fingerprint());
  CHECK(other.figures().with_gap == 3);
  REQUIRE(other.apply(told[0]).ok());
  CHECK(other.fingerprint() == cluster.entries(0).fingerprint());
}

TEST_CASE("a rumor of a node that is not known yet waits for the word that it is there") {
  gossip_cluster cluster{{.members = 3}};
  cluster.introduce(1, 0);
  cluster.introduce(0, 1);
  cluster.introduce(0, 2);
  cluster.publish(2, "early");
  cluster.on_send = [](std::size_t, const gossip_send& what) { return read(what).fingerprint == 0; };
  cluster.run_for(5s);
  CHECK(cluster.entries(0).snapshot()->find("early").empty());
  CHECK(cluster.core(0).counters().deltas_early > 0);
  cluster.introduce(2, 1);
  cluster.introduce(2, 0);
  CHECK(cluster.entries(0).snapshot()->find("early").size() == 1);
  // And it is told on.
  cluster.run_for(1s);
  CHECK(cluster.entries(1).snapshot()->find("early").size() == 1);
}

TEST_CASE("rumors of nodes that never come are bounded") {
  gossip_options options{.members = 2};
  options.settings.most_early = 10;
  gossip_cluster cluster{options};
  cluster.introduce_all();
  for (std::size_t i = 0; i < 1'000; ++i) {
    registry_message message;
    message.deltas.push_back({"ghost-" + std::to_string(i), 5, 0, 1, {}});
    CHECK(
      cluster.core(0)
        .on_message(cluster.now(), gossip_cluster::endpoint_of(1), gossip_channel::datagram, encode(message))
        .ok());
  }
  // Only the last are known.
  const auto news = cluster.core(0).counters().deltas_new;
  cluster.core(0).member_up(cluster.now(), "ghost-3", 5, gossip_cluster::endpoint_of(1));
  CHECK(cluster.core(0).counters().deltas_new == news);
  cluster.core(0).member_up(cluster.now(), "ghost-995", 5, gossip_cluster::endpoint_of(1));
  CHECK(cluster.core(0).counters().deltas_new == news + 1);
}

TEST_CASE("a member that meets a thousand others gets all in a few exchanges of bounded messages") {
  gossip_cluster cluster{{.members = 1'000}};
  // The last one is new; all others know each other.
  const auto fresh = cluster.size() - 1;
  for (std::size_t i = 0; i < fresh; ++i)
    cluster.introduce(i, fresh);
  for (std::size_t i = 0; i < fresh; ++i) {
    cluster.introduce(fresh, i);
    for (std::size_t j = 0; j < 20; ++j) // not all of a million pairs
      cluster.introduce((i + j * 37) % fresh, i);
  }
  // Node 0 knows all, and is the only one that answers.
  for (std::size_t i = 1; i < fresh; ++i) {
    cluster.introduce(i, 0);
    service_entry entry;
    entry.service = "orders";
    entry.metadata["zone"] = "a zone of a name that is not short";
    REQUIRE(cluster.entries(0).apply(*cluster.entries(i).publish(entry).value()).ok());
  }
  std::size_t digests = 0;
  cluster.on_send = [&](std::size_t from, const gossip_send& what) {
    digests += from == 0 && !read(what).digest.empty() ? 1 : 0;
    return true;
  };
  registry_message question;
  question.fingerprint = cluster.entries(fresh).fingerprint();
  REQUIRE(cluster.core(0)
            .on_message(cluster.now(), gossip_cluster::endpoint_of(fresh), gossip_channel::datagram,
                        encode(question))
            .ok());
  cluster.run_for(300ms);
  CHECK(digests >= 1);
  CHECK(cluster.entries(fresh).snapshot()->find("orders").size() == fresh - 1);
  CHECK(cluster.largest <= max_registry_message);
  CHECK(cluster.largest > 20'000);
}

TEST_CASE("digests and entries larger than a message go in several") {
  gossip_options options{.members = 2};
  gossip_cluster cluster{options};
  cluster.introduce_all();
  // 1,200 nodes of the longest names: a digest of more than 256 KiB; entries of about 1 MiB.
  for (std::size_t i = 0; i < 1'200; ++i) {
    const auto name = fmt::format("{:0>255}", i);
    cluster.entries(0).member_up(name, 1);
    cluster.entries(1).member_up(name, 1);
    service_entry entry;
    entry.service = "orders";
    entry.metadata["x"] = std::string(800, 'x');
    REQUIRE(cluster.entries(0).apply({name, 1, 0, 1, {{entry, 1, false}}}).ok());
  }
  const auto took = cluster.run_until([&] { return cluster.agree(); }, 120s);
  INFO(seconds(took) << " s, " << cluster.messages << " messages");
  CHECK(took < 20s);
  CHECK(cluster.messages > 6);
  CHECK(cluster.largest <= max_registry_message);
}

TEST_CASE("what does not fit a datagram is not told on, whatever it came by") {
  gossip_cluster cluster{{.members = 3}};
  cluster.introduce_all();
  cluster.run_for(30s);
  registry_message one, much;
  for (const auto* service : {"orders", "stock"}) {
    service_entry entry;
    entry.service = service;
    entry.metadata["x"] = std::string(800, 'x');
    auto delta = *cluster.entries(1).publish(entry).value();
    if (one.deltas.empty()) one.deltas.push_back(delta);
    much.deltas.push_back(std::move(delta));
  }
  const auto from = gossip_cluster::endpoint_of(1);
  REQUIRE(cluster.core(0).on_message(cluster.now(), from, gossip_channel::stream, encode(much)).ok());
  CHECK(cluster.core(0).rumors() == 0);
  REQUIRE(cluster.core(2).on_message(cluster.now(), from, gossip_channel::stream, encode(one)).ok());
  CHECK(cluster.core(2).rumors() == 1);
}

TEST_CASE("a message that is none is refused and counted") {
  gossip_cluster cluster{{.members = 2}};
  const std::vector<std::byte> broken(3, std::byte{0xFF});
  CHECK(cluster.core(0)
          .on_message(cluster.now(), gossip_cluster::endpoint_of(1), gossip_channel::datagram, broken)
          .code()
        == status_code::invalid_argument);
  CHECK(cluster.core(0).counters().packets_refused == 1);
}

TEST_CASE("the rumors of a member that is gone are told no more") {
  gossip_cluster cluster{{.members = 3}};
  cluster.introduce_all();
  cluster.run_for(30s);
  service_entry entry;
  entry.service = "orders";
  registry_message message;
  message.deltas.push_back(*cluster.entries(1).publish(entry).value());
  REQUIRE(
    cluster.core(0)
      .on_message(cluster.now(), gossip_cluster::endpoint_of(1), gossip_channel::datagram, encode(message))
      .ok());
  CHECK(cluster.core(0).rumors() == 1);
  cluster.core(0).member_down(gossip_cluster::name_of(1), 5);
  CHECK(cluster.core(0).rumors() == 0);
  CHECK(cluster.core(0).next_tick() < monotonic_time::max());
  cluster.core(0).member_down(gossip_cluster::name_of(2), 5);
  CHECK(cluster.core(0).next_tick() == monotonic_time::max());
}
