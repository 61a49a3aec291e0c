#include "tests/discovery/seeds/seeds_program.hpp"

using namespace troupe;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

using strings = std::vector<std::string>;

struct one_node {
  explicit one_node(seeds_program::options how, const world_options& options = {}) : in(options) {
    how.lines = &lines;
    node = &in.add_node("me", seeds_program::make(std::move(how)));
    in.add_node("other", nullptr);
  }
  void boot() { in.boot(*node); }
  seeds_program& program() { return program_of(*node); }
  std::string list() { return text_of(program().source->list()); }
  int count(std::string_view part) const {
    int out = 0;
    for (const auto& each : lines)
      out += each.find(part) != std::string::npos ? 1 : 0;
    return out;
  }

  strings lines; // outlives the world
  world in;
  simulated_node* node = nullptr;
};

} // namespace

TEST_CASE("nodes are found by name, by service and by file, and the node itself is left out") {
  one_node w{{settings_of({"10.0.0.1:7", "me:7", "other:7", "srv:_troupe._udp.example.org", "file:seeds"}),
              {at("10.0.0.1:7")}}};
  w.in.set_service("_troupe._udp.example.org", {{"other", 8, 0, 0}, {"away", 9, 0, 0}});
  w.node->storage().power_on();
  REQUIRE(replace_file(w.node->storage(), "seeds", "10.1.1.1:7\n").ok());
  w.boot();
  w.in.run_for(1s);
  auto& p = w.program();
  CHECK(w.list() == "10.0.0.2:7 10.0.0.2:8 10.1.1.1:7 settled");
  REQUIRE(p.lists.size() >= 2);
  CHECK(p.lists.front() == "10.1.1.1:7 not settled");
  CHECK(p.lists.back() == w.list());
  CHECK(w.count("a seed does not work") == 1);
  CHECK(w.count("dns:away:9") == 1);
  CHECK_THAT(p.numbers.render(), Contains("troupe_seeds 3")
                                   && Contains(R"(troupe_seed_queries_total{kind="file",code="OK"} 1)")
                                   && Contains(R"(troupe_seed_queries_total{kind="service",code="OK"} 1)"));
}

TEST_CASE("a name that appears is found soon, and one that changes by the next refresh") {
  one_node w{{settings_of({"late:7"}), {}}};
  w.boot();
  w.in.run_for(500ms);
  CHECK(w.program().lists == strings{"not settled", "settled"});
  w.in.set_host("late", {ip_address::v4(10, 5, 5, 5)});
  w.in.run_for(3s);
  CHECK(w.program().lists.back() == "10.5.5.5:7 settled");
  w.in.set_host("late", {ip_address::v4(10, 5, 5, 6)});
  w.in.run_for(37s);
  w.in.run_for(10min);
  CHECK(w.program().lists == strings{"not settled", "settled", "10.5.5.5:7 settled", "10.5.5.6:7 settled"});
}

TEST_CASE("a hundred things that are wrong are said once a minute each, and the rest is served") {
  one_node w{{settings_of({"gone:7", "file:nowhere", "10.1.1.1:7"}), {}}};
  w.boot();
  w.in.run_for(10min);
  CHECK(w.list() == "10.1.1.1:7 settled");
  for (const char* entry : {"dns:gone:7", "file:nowhere"}) {
    CHECK(w.count(entry) >= 7);
    CHECK(w.count(entry) <= 11);
  }
  CHECK_THAT(w.lines.back(), Contains("alike_not_logged="));
}

TEST_CASE("a file is watched through faults of the disk") {
  one_node w{{settings_of({"file:seeds"}), {}}};
  w.boot();
  auto& disk = w.node->storage();
  REQUIRE(replace_file(disk, "seeds", "10.1.1.1:7\n").ok());
  w.in.run_for(10s);
  CHECK(w.list() == "10.1.1.1:7 settled");
  disk.strike(disk_fault::read_error, 3);
  w.in.run_for(10s);
  CHECK(w.list() == "10.1.1.1:7 settled");
  REQUIRE(replace_file(disk, "seeds", "10.1.1.2:7\nnonsense\n").ok());
  w.in.run_for(60s);
  CHECK(w.list() == "10.1.1.2:7 settled");
  REQUIRE(replace_file(disk, "seeds", std::string(max_seed_file_bytes + 1, '#')).ok());
  w.in.run_for(60s);
  CHECK(w.list() == "10.1.1.2:7 settled");
  CHECK(w.count("has more than 65536 bytes") == 1);
}

TEST_CASE("a calendar that jumps a day forward or back changes nothing") {
  for (const auto by : {duration{24h}, duration{-24h}}) {
    one_node w{{settings_of({"name:7", "file:nowhere"}), {}}};
    w.in.set_host("name", {ip_address::v4(10, 5, 5, 5)});
    w.boot();
    w.in.run_for(100s);
    const auto asked = [&] {
      const auto text = w.program().numbers.render();
      const std::string name = R"(troupe_seed_queries_total{kind="host",code="OK"} )";
      return std::stoi(text.substr(text.find(name) + name.size()));
    };
    const int before = asked();
    w.in.jump_clock(*w.node, by);
    w.in.run_for(300s);
    CHECK(asked() - before >= 8);
    CHECK(asked() - before <= 13);
    CHECK(w.count("file:nowhere") >= 5);
    CHECK(w.count("file:nowhere") <= 7);
    w.in.set_host("name", {ip_address::v4(10, 5, 5, 6)});
    w.in.run_for(40s);
    CHECK(w.list() == "10.5.5.6:7 settled");
  }
}

TEST_CASE("a node that loses its power while it asks leaves nothing behind") {
  for (int microseconds = 0; microseconds < 3000; microseconds += 250) {
    one_node w{{settings_of({"other:7", "gone:7", "srv:_x._udp.example.org"}), {}},
               {.seed = static_cast<std::uint64_t>(microseconds + 1)}};
    w.boot();
    w.in.run_for(std::chrono::microseconds{microseconds});
    if (microseconds % 500 == 0)
      w.in.crash(*w.node);
    else
      w.in.kill(*w.node);
    w.in.run_for(10s);
    w.boot();
    w.in.run_for(10s);
    CHECK(w.list() == "10.0.0.2:7 settled");
  }
}

TEST_CASE("a source that is destroyed while look-ups are under way hears of nothing") {
  one_node w{{settings_of({"other:7", "gone:7"}), {}}};
  w.boot();
  auto& p = w.program();
  REQUIRE(w.in.run_until([&] { return !p.lists.empty(); }, 1s));
  p.loop->run([&] { p.source.reset(); });
  w.in.run_for(1min);
  CHECK(p.lists == strings{"not settled"});
  CHECK(w.count("does not work") == 0);
}

TEST_CASE("a node in a hurry asks within the first retry") {
  one_node w{{settings_of({"name:7"}), {}}};
  w.in.set_host("name", {ip_address::v4(10, 5, 5, 5)});
  w.boot();
  w.in.run_for(10s);
  w.in.set_host("name", {ip_address::v4(10, 5, 5, 6)});
  w.in.run_for(1s);
  CHECK(w.list() == "10.5.5.5:7 settled");
  w.program().loop->run([&] { w.program().source->hurry(); });
  w.in.run_for(10ms);
  CHECK(w.list() == "10.5.5.6:7 settled");
}

TEST_CASE("a network that takes no look-ups for a while is tried again") {
  one_node w{{settings_of({"other:7"}), {}}};
  w.boot();
  auto& network = w.program().around.network;
  int done = 0;
  for (std::size_t i = 0; i < max_pending_lookups; ++i)
    REQUIRE(network.resolve("other", [&](auto&&) { ++done; }).ok());
  w.in.run_for(100us);
  CHECK(w.list() == "settled");
  w.in.run_for(2s);
  CHECK(done == static_cast<int>(max_pending_lookups));
  CHECK(w.list() == "10.0.0.2:7 settled");
}

TEST_CASE("the same seed does the same, another seed something else") {
  const auto run = [](std::uint64_t seed) {
    one_node w{{settings_of({"other:7", "gone:7", "file:nowhere"}), {}}, {.seed = seed}};
    w.boot();
    w.in.run_for(5min);
    return w.in.trace_hash();
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}
