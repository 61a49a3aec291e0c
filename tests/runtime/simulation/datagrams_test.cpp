#include "runtime/simulation/world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

// Each node has a socket on port 1000 and notes what comes.
class radio final : public simulated_program {
public:
  explicit radio(simulated_node& node) : around(node.surroundings()) {
    auto made = around.network.open_datagram(
      {node.address(), 1000}, [this](const endpoint& from, std::span<const std::byte> payload) {
        heard.push_back(std::to_integer<int>(payload[0]) + 256 * std::to_integer<int>(payload[1]));
        heard_from = from;
      });
    if (made) socket = std::move(*made);
  }

  status say(const simulated_node& to, int what) {
    const std::byte payload[2]{static_cast<std::byte>(what % 256), static_cast<std::byte>(what / 256)};
    return socket->send({to.address(), 1000}, payload);
  }

  environment around;
  std::unique_ptr<datagram_socket> socket;
  std::vector<int> heard;
  endpoint heard_from;
};

class ether {
public:
  explicit ether(const world_options& options = {}) : in(options) {
    for (auto* each : {&a, &b, &c})
      in.boot(*each);
  }
  radio& of(simulated_node& node) { return static_cast<radio&>(*node.program()); }

  world in;
  simulated_node& a = add("a");
  simulated_node& b = add("b");
  simulated_node& c = add("c");

private:
  simulated_node& add(std::string name) {
    return in.add_node(std::move(name), [](simulated_node& node) { return std::make_unique<radio>(node); });
  }
};

std::size_t heard_of_1000(const link_conditions& conditions, std::uint64_t seed = 1) {
  ether w{{.seed = seed}};
  w.in.links().add({}, conditions);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(w.of(w.a).say(w.b, i).ok());
    w.in.run_for(100us);
  }
  w.in.run_for(10s);
  return w.of(w.b).heard.size();
}

} // namespace

TEST_CASE("a datagram arrives, and says where it came from") {
  ether w;
  REQUIRE(w.of(w.a).say(w.b, 7).ok());
  CHECK(w.of(w.b).heard.empty());
  w.in.run_for(1ms);
  CHECK(w.of(w.b).heard == std::vector<int>{7});
  CHECK(w.of(w.b).heard_from == endpoint{w.a.address(), 1000});
}

TEST_CASE("loss takes its share of the datagrams: none, all, some") {
  CHECK(heard_of_1000({}) == 1000);
  CHECK(heard_of_1000({.loss = 1}) == 0);
  const auto some = heard_of_1000({.loss = 0.3});
  CHECK(some > 630);
  CHECK(some < 770);
  CHECK(heard_of_1000({.loss = 0.3}, 2) != some);
}

TEST_CASE("what befalls one link does not depend on the traffic of others") {
  auto heard_by_b = [](bool others) {
    ether w;
    w.in.links().add({}, {.loss = 0.5});
    for (int i = 0; i < 100; ++i) {
      REQUIRE(w.of(w.a).say(w.b, i).ok());
      if (others) REQUIRE(w.of(w.a).say(w.c, i).ok());
      if (others) REQUIRE(w.of(w.c).say(w.a, i).ok());
      w.in.run_for(10ms);
    }
    return w.of(w.b).heard;
  };
  CHECK(heard_by_b(false) == heard_by_b(true));
}

TEST_CASE("duplication delivers twice: none, all, some") {
  CHECK(heard_of_1000({.duplication = 1}) == 2000);
  const auto some = heard_of_1000({.duplication = 0.2});
  CHECK(some > 1130);
  CHECK(some < 1270);
}

TEST_CASE("reordering and jitter let datagrams overtake each other") {
  auto disorder = [](const link_conditions& conditions) {
    ether w;
    w.in.links().set_baseline({.latency = 100us});
    w.in.links().add({}, conditions);
    for (int i = 0; i < 1000; ++i) {
      REQUIRE(w.of(w.a).say(w.b, i).ok());
      w.in.run_for(1ms);
    }
    w.in.run_for(1s);
    const auto& heard = w.of(w.b).heard;
    REQUIRE(heard.size() == 1000);
    return std::is_sorted(heard.begin(), heard.end());
  };
  CHECK(disorder({}));
  CHECK(disorder({.latency = 50ms}));
  CHECK_FALSE(disorder({.reordering = 0.1}));
  CHECK_FALSE(disorder({.jitter = 10ms}));
}

TEST_CASE("latency is what it is said to be") {
  ether w;
  w.in.links().set_baseline({.latency = 10ms, .jitter = 5ms, .tail_chance = 0.1, .tail = 100ms});
  std::vector<duration> took;
  for (int i = 0; i < 1000; ++i) {
    const auto began = w.in.now();
    REQUIRE(w.of(w.a).say(w.b, i).ok());
    REQUIRE(w.in.run_until([&] { return w.of(w.b).heard.size() > static_cast<std::size_t>(i); }, 1s));
    took.push_back(w.in.now() - began);
  }
  std::sort(took.begin(), took.end());
  CHECK(took.front() >= 10ms);
  CHECK(took.front() < 11ms);
  CHECK(took[500] > 12ms);
  CHECK(took[500] < 14ms);
  CHECK(took[850] <= 15ms);
  CHECK(took[950] > 15ms);
  CHECK(took.back() <= 115ms);
  CHECK(took.back() > 90ms);
}

TEST_CASE("partitions: both ways, one way, isolated, healed") {
  ether w;
  auto reach = [&](simulated_node& from, simulated_node& to) {
    const auto before = w.of(to).heard.size();
    REQUIRE(w.of(from).say(to, 1).ok());
    w.in.run_for(1s);
    return w.of(to).heard.size() > before;
  };
  SECTION("both ways") {
    const auto cut = w.in.links().partition({0}, {1});
    CHECK_FALSE(reach(w.a, w.b));
    CHECK_FALSE(reach(w.b, w.a));
    CHECK(reach(w.a, w.c));
    w.in.links().remove(cut);
    CHECK(reach(w.a, w.b));
  }
  SECTION("one way") {
    w.in.links().partition_one_way({0}, {1});
    CHECK_FALSE(reach(w.a, w.b));
    CHECK(reach(w.b, w.a));
  }
  SECTION("isolated") {
    w.in.links().isolate(2);
    CHECK(reach(w.a, w.b));
    CHECK_FALSE(reach(w.a, w.c));
    CHECK_FALSE(reach(w.c, w.b));
    CHECK(reach(w.c, w.c)); // the way to oneself is never faulty
    w.in.links().clear();
    CHECK(reach(w.a, w.c));
  }
  SECTION("two that overlap") {
    const auto first = w.in.links().partition({0}, {1});
    const auto second = w.in.links().isolate(0);
    w.in.links().remove(first);
    CHECK_FALSE(reach(w.a, w.b));
    w.in.links().remove(second);
    CHECK(reach(w.a, w.b));
  }
  SECTION("what is under way when the partition begins is lost") {
    REQUIRE(w.of(w.a).say(w.b, 1).ok());
    w.in.links().partition({0}, {1});
    w.in.run_for(1s);
    CHECK(w.of(w.b).heard.empty());
  }
}

TEST_CASE("a clogged link loses nothing and delivers when it is free") {
  ether w;
  const auto clog = w.in.links().clog({0}, {1});
  for (int i = 0; i < 10; ++i)
    REQUIRE(w.of(w.a).say(w.b, i).ok());
  w.in.run_for(1h);
  CHECK(w.of(w.b).heard.empty());
  w.in.links().remove(w.in.links().add({}, {.loss = 0})); // any other change releases nothing
  w.in.run_for(1s);
  CHECK(w.of(w.b).heard.empty());
  w.in.links().remove(clog);
  w.in.run_for(1s);
  CHECK(w.of(w.b).heard.size() == 10);
}

TEST_CASE("a narrow link takes time for each byte") {
  ether w;
  w.in.links().set_baseline({.bytes_per_second = 56'000});
  const auto began = w.in.now();
  for (int i = 0; i < 100; ++i)
    REQUIRE(w.of(w.a).say(w.b, i).ok()); // 2 bytes, and 54 of headers
  REQUIRE(w.in.run_until([&] { return w.of(w.b).heard.size() == 100; }, 1s));
  CHECK(w.in.now() - began == 100ms);
}

TEST_CASE("datagrams to a node that is off are lost; to one that is paused they wait in a bounded buffer") {
  ether w;
  w.in.crash(w.b);
  REQUIRE(w.of(w.a).say(w.b, 1).ok());
  w.in.run_for(1s);
  w.in.boot(w.b);
  w.in.run_for(1s);
  CHECK(w.of(w.b).heard.empty());
  w.in.pause(w.b);
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(w.of(w.a).say(w.b, i).ok());
    w.in.run_for(1us);
  }
  w.in.run_for(1s);
  CHECK(w.of(w.b).heard.empty());
  w.in.resume(w.b);
  w.in.run_for(1s);
  CHECK(w.of(w.b).heard.size() > 500);
  CHECK(w.of(w.b).heard.size() < 2000);
}

TEST_CASE("sockets: ports, sizes, loopback, destruction from within") {
  ether w;
  auto& network = w.of(w.a).around.network;
  auto nothing = [](const endpoint&, std::span<const std::byte>) {};
  CHECK(network.open_datagram({w.a.address(), 1000}, nothing).error().code() == status_code::already_exists);
  CHECK(network.open_datagram({ip_address::any_v4(), 1000}, nothing).error().code()
        == status_code::already_exists);
  CHECK(network.open_datagram({w.b.address(), 5}, nothing).error().code() == status_code::unavailable);
  CHECK(network.open_datagram({w.a.address(), 5}, nullptr).error().code() == status_code::invalid_argument);
  const std::vector<std::byte> large(max_datagram_size + 1);
  CHECK(w.of(w.a).socket->send({w.b.address(), 1000}, large).code() == status_code::invalid_argument);

  auto local = network.open_datagram({ip_address::loopback(), 0}, nothing);
  REQUIRE(local);
  CHECK((*local)->local().port != 0);
  CHECK((*local)->send({w.b.address(), 1000}, std::span{large}.first(2)).code() == status_code::unavailable);

  std::unique_ptr<datagram_socket> own;
  int heard = 0;
  own =
    *network.open_datagram({ip_address::any_v4(), 2000}, [&](const endpoint&, std::span<const std::byte>) {
      ++heard;
      own.reset();
    });
  for (int i = 0; i < 3; ++i)
    REQUIRE((*local)->send({ip_address::loopback(), 2000}, std::span{large}.first(2)).ok());
  w.in.run_for(1s);
  CHECK(heard == 1);
}

TEST_CASE("names resolve to nodes, to what was set, or not at all") {
  ether w;
  auto& network = w.of(w.a).around.network;
  std::map<std::string, std::optional<result<std::vector<ip_address>>>> answers;
  w.in.set_host("cluster.example.org", {w.b.address(), w.c.address()});
  for (const auto* name : {"b", "10.1.2.3", "localhost", "cluster.example.org", "nobody"})
    REQUIRE(network.resolve(name, [&answers, name](auto answer) { answers[name] = answer; }).ok());
  CHECK(answers.empty());
  w.in.run_for(1s);
  CHECK(**answers["b"] == std::vector{w.b.address()});
  CHECK(**answers["10.1.2.3"] == std::vector{ip_address::v4(10, 1, 2, 3)});
  CHECK(**answers["localhost"] == std::vector{ip_address::loopback()});
  CHECK((*answers["cluster.example.org"])->size() == 2);
  CHECK(answers["nobody"]->error().code() == status_code::not_found);

  w.in.set_service("_troupe._udp.example.org", {{.target = "b", .port = 1000}});
  std::optional<result<std::vector<service_record>>> records;
  REQUIRE(network.resolve_service("_troupe._udp.example.org", [&](auto answer) { records = answer; }).ok());
  w.in.run_for(1s);
  REQUIRE(records);
  CHECK((*records)->at(0).target == "b");

  for (std::size_t i = 0; i < max_pending_lookups; ++i)
    REQUIRE(network.resolve("b", [](auto) {}).ok());
  CHECK(network.resolve("b", [](auto) {}).code() == status_code::resource_exhausted);
}
