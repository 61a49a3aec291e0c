#include "runtime/simulation/fault_run.hpp"
#include "tests/runtime/simulation/loop_program.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> five{"a", "b", "c", "d", "e"};

fault_plan one(fault_event event) { return {.events = {std::move(event)}}; }

// A world of nodes without programs, and what a plan does to it.
class bare_world {
public:
  explicit bare_world(const std::vector<std::string>& names = five, const world_options& options = {})
    : in(options) {
    for (const auto& each : names)
      in.boot(in.add_node(each, nullptr));
  }
  simulated_node& node(std::string_view name) { return *in.find(name); }
  const link_conditions& way(std::string_view from, std::string_view to) {
    return in.links().between(node(from).index(), node(to).index());
  }

  world in;
};

} // namespace

TEST_CASE("plans are the same for the same seed, and end by their horizon") {
  for (const auto profile : {fault_profile::everyday, fault_profile::everything}) {
    std::set<std::string> different;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      const auto plan = plan_faults(profile, seed, five, 5min);
      CHECK(validate(plan).ok());
      CHECK((plan == plan_faults(profile, seed, five, 5min)));
      CHECK(plan.events.size() > 20);
      for (const auto& each : plan.events)
        CHECK(each.at + each.span <= 5min);
      different.insert(to_json(plan));
    }
    CHECK(different.size() == 50);
  }
  CHECK(plan_faults(fault_profile::none, 1, five, 5min).events.empty());
  CHECK(plan_faults(fault_profile::everything, 1, {}, 5min).events.empty());
  const std::vector<std::string> alone{"a"};
  const auto plan = plan_faults(fault_profile::everything, 1, alone, 5min);
  CHECK(validate(plan).ok());
  CHECK_FALSE(plan.events.empty());
}

TEST_CASE("everyday faults strike one node at a time and no majority; everything strikes with every kind") {
  std::map<fault_kind, int> kinds;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    duration free_at{};
    for (const auto& each : plan_faults(fault_profile::everyday, seed, five, 10min).events) {
      if (each.kind <= fault_kind::clog && each.kind != fault_kind::slow) {
        CHECK(each.at >= free_at);
        free_at = each.at + each.span;
      }
      if (each.kind == fault_kind::crash || each.kind == fault_kind::kill || each.kind == fault_kind::pause)
        CHECK(each.nodes.size() == 1);
      if (each.kind == fault_kind::partition) CHECK((each.nodes.size() >= 1 && each.nodes.size() <= 2));
      CHECK(each.kind != fault_kind::disk_lost_sync);
    }
    for (const auto& each : plan_faults(fault_profile::everything, seed, five, 10min).events) {
      ++kinds[each.kind];
      const std::set<std::string> near{each.nodes.begin(), each.nodes.end()};
      for (const auto& far : each.others)
        CHECK_FALSE(near.contains(far));
    }
  }
  // Rot and lying disks break what no correct program survives: they are asked for by name.
  CHECK(kinds.size() == fault_kind_count - 2);
}

TEST_CASE("a plan reads back from its JSON as it was") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto plan = plan_faults(fault_profile::everything, seed, five, 10min);
    const auto read = fault_plan_from_json(to_json(plan));
    REQUIRE(read.has_value());
    CHECK((*read == plan));
  }
  const auto precise =
    one({.at = 123456789ns, .span = 1ns, .kind = fault_kind::clock_jump, .amount = -1234567891ns});
  CHECK((*fault_plan_from_json(to_json(precise)) == precise));
  const auto swizzle = one({.at = 1s, .span = 5s, .kind = fault_kind::swizzle, .seed = 0xFFFFFFFFFFFFFFFFU});
  CHECK((*fault_plan_from_json(to_json(swizzle)) == swizzle));
  CHECK(fault_plan_from_json(R"({"events": []})")->events.empty());
}

TEST_CASE("what is not a plan is refused, saying why") {
  auto problem = [](std::string_view text) {
    const auto read = fault_plan_from_json(text);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code() == status_code::invalid_argument);
    return read.error().message();
  };
  auto event = [](std::string_view fields) { return R"({"events": [{)" + std::string{fields} + "}]}"; };
  const std::string good =
    R"("at": "1s", "for": "2s", "kind": "loss", "nodes": [], "others": [], "chance": 0.5)";
  REQUIRE(fault_plan_from_json(event(good)).has_value());
  CHECK(problem("{").find("not JSON") != std::string::npos);
  CHECK(problem("[]").find("events") != std::string::npos);
  CHECK(problem(R"({"events": [], "more": 1})").find("events") != std::string::npos);
  CHECK(problem(R"({"events": [1]})") == "event 0 is not an object");
  CHECK(problem(event(good + R"(, "color": 1)")) == "event 0: unknown field 'color'");
  CHECK(problem(event(good + R"(, "amount": "1s")")) == "event 0: unknown field 'amount'");
  CHECK(problem(event(R"("at": "1s")")).find("'kind' is not given") != std::string::npos);
  auto replaced = [&](std::string_view what, std::string_view by) {
    auto text = good;
    text.replace(text.find(what), what.size(), by);
    return problem(event(text));
  };
  CHECK(replaced("\"loss\"", "\"rain\"") == "event 0: 'kind' is not the name of a kind");
  CHECK(replaced("\"1s\"", "1") == "event 0: 'at' is not a string");
  CHECK(replaced("\"1s\"", "\"soon\"") == "event 0: 'at' is not a duration");
  CHECK(replaced("\"1s\"", "\"-1s\"").find("'at' is not within") != std::string::npos);
  CHECK(replaced("0.5", "1.5").find("'chance' is not within") != std::string::npos);
  CHECK(replaced("0.5", "\"often\"") == "event 0: 'chance' is not a number");
  CHECK(replaced("\"nodes\": []", "\"nodes\": [1]") == "event 0: 'nodes' is not a list of names");
  CHECK(replaced("\"nodes\": []", "\"nodes\": [\"\"]").find("without a name") != std::string::npos);
  CHECK(
    problem(event(R"("at": "1s", "for": "2s", "kind": "narrow", "nodes": [], "others": [], "number": 0.5)"))
      .find("'number' is not a whole number")
    != std::string::npos);
  CHECK(problem(event(R"("at": "1s", "for": "2s", "kind": "narrow", "nodes": [], "others": [], "number": 0)"))
          .find("less than 1")
        != std::string::npos);
}

TEST_CASE("a plan prints as a timeline") {
  const fault_plan plan{
    .events = {
      {.at = 90s, .span = 1500ms, .kind = fault_kind::partition, .nodes = {"a"}, .others = {"b", "c"}},
      {.at = 1s, .kind = fault_kind::clock_jump, .nodes = {"a"}, .amount = -5s}}};
  CHECK(to_text(plan)
        == "          1s                clock_jump a, -5s\n"
           "       1m30s  for 1s500ms   partition a | b, c\n");
}

TEST_CASE("a plan that does not fit the world is refused") {
  bare_world w;
  CHECK(run_faults(w.in, one({.kind = fault_kind::crash, .nodes = {"z"}})).code()
        == status_code::invalid_argument);
  CHECK(run_faults(w.in, one({.kind = fault_kind::loss, .others = {"z"}, .chance = 1})).code()
        == status_code::invalid_argument);
  CHECK(run_faults(w.in, one({.kind = fault_kind::loss, .chance = 2})).code()
        == status_code::invalid_argument);
}

TEST_CASE("nodes go off and on as planned; overlapping outages end with the last") {
  bare_world w;
  REQUIRE(run_faults(w.in, {.events = {{.at = 1s, .span = 4s, .kind = fault_kind::crash, .nodes = {"a"}},
                                       {.at = 2s, .span = 5s, .kind = fault_kind::kill, .nodes = {"a", "b"}},
                                       {.at = 3s, .span = 1s, .kind = fault_kind::pause, .nodes = {"c"}}}})
            .ok());
  w.in.run_for(500ms);
  CHECK(w.node("a").up());
  w.in.run_for(1s);
  CHECK_FALSE(w.node("a").up());
  CHECK(w.node("b").up());
  w.in.run_for(2s);
  CHECK_FALSE(w.node("b").up());
  CHECK(w.node("c").paused());
  w.in.run_for(2s);
  CHECK_FALSE(w.node("a").up()); // the first outage is over, the second is not
  CHECK_FALSE(w.node("c").paused());
  w.in.run_for(2s);
  CHECK(w.node("a").up());
  CHECK(w.node("b").up());
  CHECK(w.node("a").boots() == 2);
}

TEST_CASE("links change as planned") {
  bare_world w;
  REQUIRE(
    run_faults(
      w.in,
      {.events = {{.at = 1s, .span = 1s, .kind = fault_kind::partition, .nodes = {"a"}, .others = {"b", "c"}},
                  {.at = 3s, .span = 1s, .kind = fault_kind::partition_one_way, .nodes = {"a"}},
                  {.at = 5s, .span = 1s, .kind = fault_kind::loss, .chance = 0.25},
                  {.at = 5s, .span = 1s, .kind = fault_kind::narrow, .nodes = {"a"}, .number = 1000},
                  {.at = 7s, .span = 1s, .kind = fault_kind::tail, .chance = 0.5, .amount = 3s}}})
      .ok());
  w.in.run_for(1500ms);
  CHECK(w.way("a", "b").cut);
  CHECK(w.way("c", "a").cut);
  CHECK_FALSE(w.way("a", "d").cut);
  w.in.run_for(1s);
  CHECK_FALSE(w.way("a", "b").cut);
  w.in.run_for(1s);
  CHECK(w.way("a", "d").cut);
  CHECK_FALSE(w.way("d", "a").cut);
  w.in.run_for(2s);
  CHECK(w.way("b", "c").loss == 0.25);
  CHECK(w.way("a", "c").bytes_per_second == 1000);
  CHECK(w.way("b", "c").bytes_per_second == 0);
  w.in.run_for(2s);
  CHECK(w.way("b", "c").tail == 3s);
  CHECK(w.way("b", "c").loss == 0);
  w.in.run_for(2s);
  CHECK(w.way("b", "c") == w.in.links().baseline());
}

TEST_CASE("a flapping partition comes and goes, and is gone at the end") {
  bare_world w;
  REQUIRE(
    run_faults(
      w.in,
      one(
        {.at = 1s, .span = 2500ms, .kind = fault_kind::partition_flapping, .nodes = {"a"}, .amount = 500ms}))
      .ok());
  std::string seen;
  for (int i = 0; i < 16; ++i) {
    w.in.run_for(250ms);
    seen += w.way("a", "b").cut ? '#' : '.';
  }
  CHECK(seen == "...##..##..##...");
}

TEST_CASE("a swizzle clogs each of its nodes and frees them all") {
  bare_world w;
  REQUIRE(
    run_faults(w.in,
               one({.at = 0s, .span = 10s, .kind = fault_kind::swizzle, .nodes = {"a", "b", "c"}, .seed = 3}))
      .ok());
  std::set<std::string> clogged_sets;
  for (int i = 0; i < 1000; ++i) {
    w.in.run_for(10ms);
    std::string set;
    for (const auto& each : five)
      if (w.way(each, each == "d" ? "e" : "d").clogged) set += each;
    clogged_sets.insert(set);
    if (i == 499) CHECK(set == "abc");
  }
  CHECK(clogged_sets.size() >= 5); // one by one
  CHECK_FALSE(clogged_sets.contains("d"));
  w.in.run_for(1ms);
  CHECK_FALSE(w.way("a", "d").clogged);
}

TEST_CASE("clocks go wrong as planned") {
  bare_world w;
  REQUIRE(
    run_faults(
      w.in,
      {.events = {{.at = 1s, .span = 10s, .kind = fault_kind::clock_rate, .nodes = {"a"}, .number = 100'000},
                  {.at = 6s, .span = 10s, .kind = fault_kind::clock_rate, .nodes = {"a"}, .number = 100'000},
                  {.at = 1s, .span = 2s, .kind = fault_kind::clock_jump, .nodes = {"b"}, .amount = -1h}}})
      .ok());
  const auto& a = w.node("a").surroundings().clock;
  const auto& b = w.node("b").surroundings().clock;
  const auto began = a.now();
  const auto calendar = b.wall_now();
  w.in.run_for(2s);
  CHECK(b.wall_now() == calendar + 2s - 1h);
  w.in.run_for(2s);
  CHECK(b.wall_now() == calendar + 4s);
  w.in.run_for(16s);
  CHECK(a.now() - began == 20s + 2s);
}

TEST_CASE("disks go wrong as planned") {
  bare_world w;
  REQUIRE(
    run_faults(
      w.in, {.events =
               {{.at = 1s, .span = 2s, .kind = fault_kind::disk_sync_failure, .nodes = {"a"}, .chance = 0.5},
                {.at = 2s, .span = 2s, .kind = fault_kind::disk_sync_failure, .nodes = {"a"}, .chance = 0.5},
                {.at = 2s, .span = 2s, .kind = fault_kind::disk_stall, .chance = 1, .amount = 7s}}})
      .ok());
  w.in.run_for(1500ms);
  CHECK(w.node("a").storage().faults().sync_failure == 0.5);
  w.in.run_for(1s);
  CHECK(w.node("a").storage().faults().sync_failure == 0.75);
  CHECK(w.node("b").storage().faults().stall_max == 7s);
  w.in.run_for(1s);
  CHECK(w.node("a").storage().faults().sync_failure == 0.5);
  w.in.run_for(1s);
  CHECK(w.node("a").storage().faults() == w.in.options().disk.faults);
}

namespace {

// Nodes that send each other numbered datagrams, and write a file.
class talker final : public simulated_program {
public:
  explicit talker(simulated_node& node)
    : around(node.surroundings()), loop(around.network.open_loop("talk")),
      chance(around.random.split("talk")) {
    socket = std::move(*around.network.open_datagram({node.address(), 1000}, [](const endpoint&, auto) {}));
    record = around.disk.open("log", open_mode::create);
    talk();
  }

private:
  void talk() {
    timer = loop->after(std::chrono::milliseconds{chance.below(40)}, [this] {
      const std::byte bytes[1]{static_cast<std::byte>(chance.below(256))};
      static_cast<void>(socket->send(
        {ip_address::v4(10, 0, 0, static_cast<std::uint8_t>(1 + chance.below(5))), 1000}, bytes));
      if (record) {
        static_cast<void>((*record)->append(bytes));
        static_cast<void>((*record)->sync());
      }
      talk();
    });
  }

  environment around;
  std::unique_ptr<event_loop> loop;
  random_source chance;
  std::unique_ptr<datagram_socket> socket;
  result<std::unique_ptr<troupe::file>> record = unavailable("not opened");
  std::unique_ptr<loop_timer> timer;
};

struct outcome {
  std::uint64_t hash;
  std::vector<std::string> faults; // as they struck, with their times
};

outcome run(std::uint64_t seed, const fault_plan& plan, duration span) {
  world in{{.seed = seed, .trace = {.keep = 1'000'000}}};
  for (const auto& each : five)
    in.boot(in.add_node(each, [](simulated_node& node) { return std::make_unique<talker>(node); }));
  REQUIRE(run_faults(in, plan).ok());
  in.run_for(span);
  outcome out{.hash = in.trace_hash(), .faults = {}};
  for (const auto& each : in.tracing().last(1'000'000))
    if (each.kind == trace_kind::fault && each.node == trace_event::no_node)
      out.faults.push_back(std::to_string(each.at.count()) + " " + each.detail);
  return out;
}

} // namespace

TEST_CASE("a world under a plan of everything does the same again") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto plan = plan_faults(fault_profile::everything, seed, five, 60s);
    const auto first = run(seed, plan, 70s);
    CHECK(run(seed, plan, 70s).hash == first.hash);
    CHECK(first.faults.size() == plan.events.size());
    CHECK(run(seed + 100, plan, 70s).hash != first.hash);
  }
}

TEST_CASE("taking an event out of a plan leaves the others as they were") {
  const auto plan = plan_faults(fault_profile::everything, 9, five, 30s);
  const auto all = run(9, plan, 40s);
  auto chance = random_source{1};
  for (int round = 0; round < 5; ++round) {
    auto less = plan;
    const auto place = static_cast<std::ptrdiff_t>(chance.below(plan.events.size()));
    less.events.erase(less.events.begin() + place);
    auto expected = all.faults;
    expected.erase(expected.begin() + place);
    CHECK(run(9, less, 40s).faults == expected);
  }
}
