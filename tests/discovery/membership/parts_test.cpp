// The parts of membership, each alone: suspicion, local health, the queue of rumors, the table.
#include "discovery/membership/local_health.hpp"
#include "discovery/membership/member_table.hpp"
#include "discovery/membership/rumor_queue.hpp"
#include "discovery/membership/suspicion.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <set>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

member_record named(std::string name) {
  member_record out;
  out.name = std::move(name);
  out.gossip = {ip_address::loopback(), 1};
  return out;
}

} // namespace

TEST_CASE("Lifeguard IV-A: local health saturates at both ends and stretches intervals") {
  local_health health{8};
  health.improve();
  CHECK(health.score() == 0);
  CHECK(health.scale(1s) == 1s);
  for (int i = 0; i < 20; ++i)
    health.worsen();
  CHECK(health.score() == 8);
  CHECK(health.scale(1s) == 9s);
  health.improve();
  CHECK(health.score() == 7);
}

TEST_CASE("Lifeguard IV-B: the shortest suspicion is alpha log10(n) periods, the longest beta times that") {
  membership_settings settings;
  CHECK(shortest_suspicion(settings, 1) == 5s);
  CHECK(shortest_suspicion(settings, 10) == 5s);
  CHECK(shortest_suspicion(settings, 100) == 10s);
  CHECK(shortest_suspicion(settings, 1'000) == 15s);
  const suspicion one{monotonic_time{}, settings, 100, "a"};
  CHECK(one.timeout() == 60s);
  CHECK(one.until() == monotonic_time{} + 60s);
}

TEST_CASE("Lifeguard IV-B: independent suspicions shorten the time-out by a logarithm") {
  const membership_settings settings; // K = 3
  suspicion one{monotonic_time{}, settings, 100, "a"};
  CHECK_FALSE(one.confirm("a"));
  CHECK(one.timeout() == 60s);
  CHECK(one.confirm("b"));
  // 60 - 50 log(2)/log(4)
  CHECK(one.timeout() == 35s);
  CHECK_FALSE(one.confirm("b"));
  CHECK(one.confirm("c"));
  CHECK(std::abs(std::chrono::duration<double>(one.timeout()).count() - (60 - 50 * std::log(3) / std::log(4)))
        < 1e-3);
  CHECK(one.confirm("d"));
  CHECK(one.timeout() == 10s);
  CHECK_FALSE(one.confirm("e")); // the K first are passed on, no more
  CHECK(one.confirmations() == 3);
}

TEST_CASE("a suspicion waits for no more confirmations than there are others") {
  const membership_settings settings;
  CHECK(suspicion{monotonic_time{}, settings, 2, "a"}.timeout() == 5s);
  suspicion one{monotonic_time{}, settings, 3, "a"};
  CHECK(one.timeout() == 30s);
  CHECK(one.confirm("b"));
  CHECK(one.timeout() == 5s);
}

TEST_CASE("SWIM 4.1: the least told rumor goes first, each a bounded number of times") {
  CHECK(retransmit_limit(4, 1) == 4);
  CHECK(retransmit_limit(4, 9) == 4);
  CHECK(retransmit_limit(4, 10) == 8);
  CHECK(retransmit_limit(4, 99) == 8);
  CHECK(retransmit_limit(4, 100) == 12);
  packet header;
  header.sender = "me";
  const auto of = [](const char* name) { return left_rumor{name, 1, 0}; };
  const auto size = encode_packet_header(header).size() + 2 * encode_rumor(of("a")).size();
  rumor_queue queue{100};
  const auto told = [&] {
    packet_builder out{header, size};
    queue.fill(out, 2);
    std::string names;
    const auto got = decode_packet(std::move(out).take());
    for (const auto& one : got->rumors)
      names += std::get<left_rumor>(one).name;
    return names;
  };
  for (const char* name : {"a", "b", "c"})
    queue.put(name, encode_rumor(of(name)));
  CHECK(told() == "cb"); // the newest first
  CHECK(told() == "ac"); // then who was not told yet
  CHECK(told() == "ba"); // each twice
  CHECK(queue.empty());
  CHECK(told().empty());
}

TEST_CASE("SWIM 4.1: a newer rumor about a subject replaces the older") {
  rumor_queue queue{100};
  packet header;
  header.sender = "me";
  queue.put("a", encode_rumor(left_rumor{"a", 1, 0}));
  queue.put("a", encode_rumor(left_rumor{"a", 2, 0}));
  CHECK(queue.size() == 1);
  packet_builder out{header, 1'400};
  queue.fill(out, 8);
  const auto got = decode_packet(std::move(out).take());
  REQUIRE(got->rumors.size() == 1);
  CHECK(std::get<left_rumor>(got->rumors[0]).process == 2);
}

TEST_CASE("SWIM 4.3: each member is probed once a round, in an order of its own") {
  random_source random{3};
  member_table table;
  CHECK(table.next_to_probe(random) == nullptr);
  for (const char* name : {"a", "b", "c", "d", "e"})
    table.add(named(name), {}, random);
  std::set<std::string> orders;
  for (int round = 0; round < 10; ++round) {
    std::set<std::string> seen;
    std::string order;
    for (int i = 0; i < 5; ++i) {
      const auto* one = table.next_to_probe(random);
      seen.insert(one->record.name);
      order += one->record.name;
    }
    CHECK(seen.size() == 5);
    orders.insert(order);
  }
  CHECK(orders.size() > 5);
}

TEST_CASE("SWIM 4.3: who joins or goes in the middle of a round makes nobody be probed twice or skipped") {
  for (std::uint64_t seed = 1; seed < 50; ++seed) {
    random_source random{seed};
    member_table table;
    for (const char* name : {"a", "b", "c", "d", "e"})
      table.add(named(name), {}, random);
    std::multiset<std::string> seen;
    for (int i = 0; i < 2; ++i)
      seen.insert(table.next_to_probe(random)->record.name);
    table.add(named("f"), {}, random);
    auto* gone = table.find("c");
    table.set_state(*gone, member_state::dead, {}, random);
    CHECK(table.living() == 5);
    const bool probed_before = seen.count("c") != 0;
    for (int left = probed_before ? 3 : 2; left > 0; --left)
      seen.insert(table.next_to_probe(random)->record.name);
    for (const char* name : {"a", "b", "d", "e"})
      CHECK(seen.count(name) <= 1);
    CHECK(seen.count("c") == (probed_before ? 1 : 0));
  }
}

TEST_CASE("picking gives different members that fit, as many as there are") {
  random_source random{3};
  member_table table;
  for (int i = 0; i < 40; ++i)
    table.add(named("n" + std::to_string(i)), {}, random);
  const auto all = [](const member_entry&) { return true; };
  for (int i = 0; i < 50; ++i) {
    const auto got = table.pick(3, random, all);
    CHECK(std::set<member_entry*>(got.begin(), got.end()).size() == 3);
  }
  CHECK(table.pick(100, random, all).size() == 40);
  const auto only = table.pick(3, random, [](const auto& one) { return one.record.name == "n7"; });
  REQUIRE(only.size() == 1);
  CHECK(only[0]->record.name == "n7");
}

TEST_CASE("those who left are forgotten after a time, the dead only beyond a number") {
  random_source random{3};
  member_table table;
  const auto minute = [](int n) { return monotonic_time{} + n * 1min; };
  for (int i = 0; i < 5; ++i)
    table.set_state(table.add(named("d" + std::to_string(i)), {}, random), member_state::dead, minute(i),
                    random);
  table.set_state(table.add(named("l"), {}, random), member_state::left, minute(0), random);
  table.reclaim(minute(60), 1h, 3);
  CHECK(table.find("l") != nullptr);
  CHECK(table.size() == 4);
  CHECK(table.find("d1") == nullptr); // the longest dead went
  CHECK(table.find("d2") != nullptr);
  table.reclaim(minute(61), 1h, 3);
  CHECK(table.find("l") == nullptr);
}

TEST_CASE("settings out of their ranges are refused by name") {
  membership_settings settings;
  CHECK(settings.check().ok());
  settings.probe_timeout = settings.protocol_period;
  CHECK(settings.check().message().find("probe_timeout") != std::string::npos);
  settings = {};
  settings.suspicion_alpha = std::numeric_limits<double>::quiet_NaN();
  CHECK(settings.check().message().find("suspicion_alpha") != std::string::npos);
  settings = {};
  settings.gossip_fan_out = 0;
  CHECK_FALSE(settings.check().ok());
}
