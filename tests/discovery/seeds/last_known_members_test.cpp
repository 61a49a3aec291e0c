#include "tests/discovery/seeds/seeds_program.hpp"

#include <set>

using namespace troupe;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

using strings = std::vector<std::string>;

struct one_node {
  explicit one_node(const world_options& options = {}, std::vector<endpoint> own = {}) : in(options) {
    node = &in.add_node("me", seeds_program::make({.settings = {}, .own = std::move(own), .lines = &lines}));
    in.boot(*node);
  }
  seeds_program& program() { return program_of(*node); }
  void reboot() {
    in.crash(*node);
    in.boot(*node);
  }
  strings before() {
    strings out;
    for (const auto& each : program().before)
      out.push_back(each.to_string());
    return out;
  }
  std::string content() {
    const auto read = read_file(node->storage(), "data/members", 100'000);
    return read ? *read : "none";
  }
  int count(std::string_view part) const {
    int out = 0;
    for (const auto& each : lines)
      out += each.find(part) != std::string::npos ? 1 : 0;
    return out;
  }

  strings lines;
  world in;
  simulated_node* node = nullptr;
};

} // namespace

TEST_CASE("members are known after a crash, and are seeds then") {
  one_node w;
  CHECK(w.before().empty());
  w.program().remember({"10.0.0.8:1", "10.0.0.9:1"});
  w.reboot();
  CHECK(w.before() == strings{"10.0.0.8:1", "10.0.0.9:1"});
  w.in.run_for(1s);
  CHECK(w.program().lists == strings{"10.0.0.8:1 10.0.0.9:1 settled"});
}

TEST_CASE("the file is written at most once an interval, with the latest, and only when it changed") {
  one_node w;
  auto& disk = w.node->storage();
  w.program().remember({"10.0.0.1:1"});
  const auto first = w.content();
  const auto syncs = disk.counters().syncs;
  for (int i = 2; i < 100; ++i) {
    w.program().remember({"10.0.0." + std::to_string(i) + ":1"});
    w.in.run_for(100ms);
  }
  CHECK(w.content() == first);
  CHECK(disk.counters().syncs == syncs);
  w.in.run_for(21s);
  CHECK_THAT(w.content(), Contains("\n10.0.0.99:1\n"));
  CHECK(disk.counters().syncs == syncs + 1);
  w.in.run_for(10min);
  w.program().remember({"10.0.0.99:1"});
  w.in.run_for(10min);
  CHECK(disk.counters().syncs == syncs + 1);
  w.program().remember({"10.0.0.98:1"});
  CHECK_THAT(w.content(), Contains("\n10.0.0.98:1\n"));
}

TEST_CASE("a flush does not wait for the interval") {
  one_node w;
  w.program().remember({"10.0.0.1:1"});
  w.program().remember({"10.0.0.2:1"});
  auto& p = w.program();
  p.loop->run([&] { CHECK(p.known->flush().ok()); });
  CHECK_THAT(w.content(), Contains("\n10.0.0.2:1\n"));
  w.node->storage().strike(disk_fault::full, 10);
  p.remember({"10.0.0.3:1"});
  p.loop->run([&] { CHECK(p.known->flush().code() == status_code::resource_exhausted); });
  w.node->storage().strike(disk_fault::full, 0);
}

TEST_CASE("a node that is alone keeps the members of before, and never remembers itself") {
  one_node w{{}, {at("10.0.0.1:7")}};
  w.program().remember({"10.0.0.1:7", "10.0.0.2:7"});
  w.in.run_for(1min);
  w.program().remember({"10.0.0.1:7"});
  w.in.run_for(1min);
  w.program().remember({});
  w.in.run_for(1min);
  w.reboot();
  CHECK(w.before() == strings{"10.0.0.2:7"});
}

TEST_CASE("many members: 64 are remembered") {
  one_node w;
  strings many;
  for (int i = 0; i < 1000; ++i)
    many.push_back("10.0." + std::to_string(i / 10) + "." + std::to_string(i % 10 + 1) + ":1");
  w.program().remember(many);
  w.reboot();
  const auto found = w.before();
  CHECK(found.size() == 64);
  std::set<std::string> networks;
  for (const auto& each : found)
    networks.insert(each.substr(0, each.rfind('.')));
  CHECK(networks.size() == 64);
}

TEST_CASE("a write that fails is tried again, and said once a minute") {
  one_node w;
  w.program().remember({"10.0.0.1:1"});
  w.in.run_for(1min);
  REQUIRE(w.node->storage().set_faults({.full = 1}).ok());
  w.program().remember({"10.0.0.2:1"});
  w.in.run_for(10min);
  CHECK(w.count("cannot be written down") >= 9);
  CHECK(w.count("cannot be written down") <= 11);
  CHECK_THAT(w.content(), Contains("\n10.0.0.1:1\n"));
  REQUIRE(w.node->storage().set_faults({}).ok());
  w.in.run_for(31s);
  CHECK_THAT(w.content(), Contains("\n10.0.0.2:1\n"));
}

TEST_CASE("after a write that failed it is not taken for granted what the file says") {
  for (std::uint64_t errors = 1; errors <= 3; ++errors)
    for (const auto kind : {disk_fault::write_error, disk_fault::sync_failure}) {
      one_node w;
      w.program().remember({"10.0.0.1:1"});
      w.in.run_for(1min);
      w.node->storage().strike(kind, errors);
      w.program().remember({"10.0.0.2:1"});
      const auto syncs = w.node->storage().counters().syncs;
      w.program().remember({"10.0.0.1:1"});
      w.in.run_for(5min);
      CHECK_THAT(w.content(), Contains("\n10.0.0.1:1\n"));
      CHECK(w.node->storage().counters().syncs > syncs);
    }
}

TEST_CASE("a crash at any operation of a write leaves the members of before or of after") {
  std::set<strings> found;
  for (std::uint64_t operations = 0; operations < 10; ++operations)
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      one_node w{{.seed = seed}};
      // More than a sector, so that a write can be torn.
      strings old;
      strings fresh;
      for (int i = 1; i <= 60; ++i) {
        old.push_back("10.0.1." + std::to_string(i) + ":10000");
        fresh.push_back("10.0.2." + std::to_string(i) + ":10000");
      }
      w.program().remember(old);
      w.in.run_for(1min);
      w.node->storage().cut_power_after(operations);
      w.program().remember(fresh);
      const bool said = w.count("cannot be written down") == 1;
      w.reboot();
      auto now = w.before();
      const auto key = [](strings list) { return std::set<std::string>(list.begin(), list.end()); };
      REQUIRE((key(now) == key(old) || key(now) == key(fresh)));
      // What was reported as written is there.
      if (!said) REQUIRE(key(now) == key(fresh));
      REQUIRE(w.count("cannot be read") == 0);
      found.insert(key(now) == key(old) ? strings{"old"} : strings{"fresh"});
      // What the crash left beside it does not stand in the way.
      w.program().remember({"10.0.3.1:1"});
      w.reboot();
      REQUIRE(w.before() == strings{"10.0.3.1:1"});
    }
  CHECK(found.size() == 2);
}

TEST_CASE("a file that is torn, rotten, garbage or too large is told and replaced") {
  const std::string good = encode_members(std::vector{at("10.0.0.1:1"), at("10.0.0.2:1")});
  auto rotten = good;
  rotten[20] ^= 1;
  for (const auto& bad : {good.substr(0, good.size() / 2), rotten, std::string{"garbage"}, std::string{},
                          std::string(512, '\0'), std::string(max_member_file_bytes + 1, 'x')}) {
    one_node w;
    auto& disk = w.node->storage();
    REQUIRE(disk.create_folders("data").ok());
    REQUIRE(disk.sync_directory(".").ok());
    REQUIRE(replace_file(disk, "data/members", bad).ok());
    w.reboot();
    CHECK(w.before().empty());
    CHECK(w.count("the members of before cannot be read") == 1);
    w.program().remember({"10.0.0.7:1"});
    w.reboot();
    CHECK(w.before() == strings{"10.0.0.7:1"});
  }
}

TEST_CASE("a calendar that jumps a day does not stop or hasten writes") {
  for (const auto by : {duration{24h}, duration{-24h}}) {
    one_node w;
    w.program().remember({"10.0.0.1:1"});
    w.program().remember({"10.0.0.2:1"});
    w.in.jump_clock(*w.node, by);
    w.in.run_for(29s);
    CHECK_THAT(w.content(), Contains("\n10.0.0.1:1\n"));
    w.in.run_for(2s);
    CHECK_THAT(w.content(), Contains("\n10.0.0.2:1\n"));
  }
}

TEST_CASE("options out of range are refused") {
  one_node w;
  auto& p = w.program();
  const auto code = [&](last_known_options options) {
    return status_of(last_known_members::open(std::move(options), p.around, *p.loop, nullptr)).code();
  };
  CHECK(code({}) == status_code::invalid_argument);
  CHECK(code({.path = "a", .limit = 0}) == status_code::invalid_argument);
  CHECK(code({.path = "a", .limit = 1025}) == status_code::invalid_argument);
  CHECK(code({.path = "a", .interval = 1ms}) == status_code::invalid_argument);
  CHECK(code({.path = "a"}) == status_code::ok);
}
