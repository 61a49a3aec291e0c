#include "tests/runtime/simulation/actor_program.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>
#include <vector>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;
using ask_atom = caf::atom_constant<caf::atom("ask")>;

// What happened, in the order in which it happened, with the virtual time.
struct diary {
  world& in;
  std::vector<std::string> lines;
  void write(const std::string& what) {
    lines.push_back(what + " at " + std::to_string(in.now().time_since_epoch() / 1ms));
  }
};

} // namespace

TEST_CASE("delayed messages, receive time-outs and request time-outs go by virtual time") {
  world in;
  diary seen{in};
  auto start = [&](simulated_node&, caf::actor_system& system) {
    system.spawn([&seen](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, 2s, tick_atom::value);
      return {[&seen](tick_atom) { seen.write("delayed"); }};
    });
    system.spawn([&seen](caf::event_based_actor* self) -> caf::behavior {
      return {[](tick_atom) {}, caf::after(700ms) >>
                                  [&seen, self] {
                                    seen.write("idle");
                                    self->quit();
                                  }};
    });
    const auto silent = system.spawn([](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::skip);
      return {[](tick_atom) {}};
    });
    system.spawn([&seen, silent](caf::event_based_actor* self) {
      self->request(silent, 5s, ask_atom::value)
        .then([&seen, silent](int) { seen.write("answer"); },
              [&seen, silent](const caf::error& why) {
                seen.write(why == caf::sec::request_timeout ? "timeout" : "error");
              });
    });
  };
  auto& node = in.add_node("a", actor_program::with(start));
  in.boot(node);
  in.run_for(10s);
  CHECK(seen.lines == std::vector<std::string>{"idle at 700", "delayed at 2000", "timeout at 5000"});
  CHECK(in.now().time_since_epoch() == 10s);
}

TEST_CASE("an actor's mailbox keeps its order; different actors interleave by chance") {
  auto run = [](std::uint64_t seed, bool random_order) {
    world in{{.seed = seed, .random_order = random_order}};
    std::string order;
    auto start = [&](simulated_node&, caf::actor_system& system) {
      for (char name : {'a', 'b', 'c'}) {
        auto actor = system.spawn([&order, name](caf::event_based_actor*) -> caf::behavior {
          return {[&order, name](int n) { order += std::string{name} + std::to_string(n); }};
        });
        for (int n = 0; n < 3; ++n)
          caf::anon_send(actor, n);
      }
    };
    auto& node = in.add_node("a", actor_program::with(start));
    in.boot(node);
    in.run_for(1s);
    return order;
  };
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto order = run(seed, true);
    REQUIRE(order.size() == 18);
    CHECK(order.find("a0") < order.find("a1"));
    CHECK(order.find("a1") < order.find("a2"));
    CHECK(order == run(seed, true));
    orders.insert(order);
  }
  CHECK(orders.size() > 40);
  CHECK(run(1, false) == "a0b0c0a1b1c1a2b2c2");
  CHECK(run(2, false) == run(1, false));
}

namespace {

// Actors that talk by chance, from the node's own random stream.
void start_chatter(simulated_node& node, caf::actor_system& system) {
  auto echo = system.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](ask_atom, std::uint64_t n) { return n + 1; }};
  });
  for (int i = 0; i < 3; ++i)
    system.spawn([echo, chance = std::make_shared<random_source>(node.surroundings().random.split(
                          "chat", i))](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, std::chrono::microseconds{chance->below(5000)}, tick_atom::value);
      return {[=](tick_atom) {
        self->request(echo, 1s, ask_atom::value, chance->next()).then([](std::uint64_t) {});
        self->delayed_send(self, std::chrono::microseconds{chance->below(5000)}, tick_atom::value);
      }};
    });
}

std::uint64_t hash_of_chat(std::uint64_t seed, std::ostream* full = nullptr) {
  world in{{.seed = seed, .trace = {.full = full}}};
  for (const char* name : {"a", "b"})
    in.boot(in.add_node(name, actor_program::with(start_chatter)));
  in.run_for(1s);
  in.crash(*in.find("a"));
  in.run_for(100ms);
  in.boot(*in.find("a"));
  in.run_for(1s);
  CHECK(in.deliveries() > 1000);
  return in.trace_hash();
}

} // namespace

TEST_CASE("the same seed does the same, another seed something else") {
  const auto first = hash_of_chat(1);
  CHECK(hash_of_chat(1) == first);
  CHECK(hash_of_chat(2) != first);
  std::set<std::uint64_t> all;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    all.insert(hash_of_chat(seed));
  CHECK(all.size() == 20);
}

TEST_CASE("print the hash of a chat", "[.hash]") {
  std::printf("%016llx", static_cast<unsigned long long>(hash_of_chat(5)));
}

TEST_CASE("another process does the same") {
  // This program again, with other addresses everywhere.
  const auto own = std::filesystem::read_symlink("/proc/self/exe").string();
  std::FILE* other = popen(("'" + own + "' --reporter xml '[.hash]'").c_str(), "r");
  REQUIRE(other);
  std::string said;
  for (int c = std::fgetc(other); c != EOF; c = std::fgetc(other))
    said += static_cast<char>(c);
  REQUIRE(pclose(other) == 0);
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(hash_of_chat(5)));
  CHECK(said.find(hash) != std::string::npos);
}

TEST_CASE("a full trace does not change the hash") {
  std::ostringstream lines;
  CHECK(hash_of_chat(3, &lines) == hash_of_chat(3));
  CHECK(lines.str().find(R"("kind": "deliver", "node": "a")") != std::string::npos);
  CHECK(lines.str().find("'ask'") != std::string::npos);
}

TEST_CASE("a paused node stands still while time goes on") {
  world in;
  diary seen{in};
  auto start = [&](simulated_node&, caf::actor_system& system) {
    system.spawn([&seen](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, 1s, tick_atom::value);
      return {[&seen, self](tick_atom) {
        seen.write("tick");
        self->delayed_send(self, 1s, tick_atom::value);
      }};
    });
  };
  auto& node = in.add_node("a", actor_program::with(start));
  in.boot(node);
  in.run_for(1500ms);
  in.pause(node);
  in.pause(node);
  in.run_for(3s);
  in.resume(node);
  in.run_for(500ms);
  CHECK(node.paused());
  in.resume(node);
  in.run_for(1500ms);
  CHECK(seen.lines == std::vector<std::string>{"tick at 1000", "tick at 5000", "tick at 6000"});
}

TEST_CASE("a slow node takes time for each message") {
  world in;
  diary seen{in};
  auto start = [&](simulated_node&, caf::actor_system& system) {
    auto counter = system.spawn([&seen](caf::event_based_actor*) -> caf::behavior {
      return {[&seen](int n) { seen.write(std::to_string(n)); }};
    });
    for (int n = 0; n < 3; ++n)
      caf::anon_send(counter, n);
  };
  auto& node = in.add_node("a", actor_program::with(start));
  in.slow_down(node, 10ms);
  in.boot(node);
  in.run_for(1s);
  CHECK(seen.lines == std::vector<std::string>{"0 at 0", "1 at 10", "2 at 20"});
  in.slow_down(node, 0ms);
}

TEST_CASE("a node that stalls goes on where it was") {
  world in;
  int ticks = 0;
  auto start = [&](simulated_node&, caf::actor_system& system) {
    system.spawn([&ticks](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, 10ms, tick_atom::value);
      return {[&ticks](tick_atom) { ++ticks; }};
    });
  };
  auto& node = in.add_node("a", actor_program::with(start));
  in.boot(node);
  in.run_for(1ms);
  in.stall(node, 50ms);
  in.stall(node, 50ms);
  in.run_for(99ms);
  CHECK(ticks == 0);
  in.run_for(1ms);
  CHECK(ticks == 1);
}

TEST_CASE("timers follow the machine's clock") {
  world in;
  std::vector<duration> fired;
  auto start = [&](simulated_node&, caf::actor_system& system) {
    system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, 10s, tick_atom::value);
      return {[&](tick_atom) { fired.push_back(in.now().time_since_epoch()); }};
    });
  };
  auto& node = in.add_node("a", actor_program::with(start));
  SECTION("a fast clock") {
    in.set_clock_rate(node, 1'000'000);
    in.boot(node);
    in.run_for(20s);
    REQUIRE(fired.size() == 1);
    CHECK(fired[0] == 5s);
  }
  SECTION("a clock that is slowed down meanwhile") {
    in.boot(node);
    const auto before = node.surroundings().clock.now();
    in.run_for(5s);
    in.set_clock_rate(node, -500'000);
    in.run_for(20s);
    REQUIRE(fired.size() == 1);
    CHECK(fired[0] == 15s);
    CHECK(node.surroundings().clock.now() - before == 5s + 10s);
  }
  SECTION("a calendar that jumps moves no timer") {
    in.boot(node);
    const auto wall = node.surroundings().clock.wall_now();
    in.jump_clock(node, -1h);
    CHECK(node.surroundings().clock.wall_now() == wall - 1h);
    in.run_for(20s);
    REQUIRE(fired.size() == 1);
    CHECK(fired[0] == 10s);
  }
}

TEST_CASE("clocks of nodes say different things, and start anew with each boot") {
  world in;
  auto& a = in.add_node("a", nullptr);
  auto& b = in.add_node("b", nullptr);
  in.boot(a);
  in.boot(b);
  CHECK(a.surroundings().clock.now() != b.surroundings().clock.now());
  const auto apart = a.surroundings().clock.wall_now() - b.surroundings().clock.wall_now();
  CHECK(apart <= 100ms);
  CHECK(apart >= -100ms);
  const auto first = a.surroundings().clock.now();
  in.run_for(1s);
  CHECK(a.surroundings().clock.now() == first + 1s);
  const auto wall = a.surroundings().clock.wall_now();
  in.crash(a);
  in.boot(a);
  CHECK(a.surroundings().clock.now() != first + 1s);
  CHECK(a.surroundings().clock.wall_now() == wall);
}

TEST_CASE("systems have node ids of their own, the same in every run") {
  auto ids = [] {
    world in;
    std::vector<std::string> out;
    const auto factory = [&](simulated_node& node) {
      auto made = std::make_unique<actor_program>(node);
      actor_program second{node};
      out.push_back(to_string(made->system().node()));
      out.push_back(to_string(second.system().node()));
      CHECK(made->system().spawn([] {}).node() == made->system().node());
      return made;
    };
    for (const char* name : {"a", "b"}) {
      auto& node = in.add_node(name, factory);
      in.boot(node);
      in.crash(node);
      in.boot(node);
    }
    return out;
  };
  const auto first = ids();
  CHECK(std::set<std::string>{first.begin(), first.end()}.size() == 8);
  CHECK(ids() == first);
}

TEST_CASE("work without end at one moment is reported") {
  world in{{.max_turns_at_once = 1000}};
  auto start = [](simulated_node&, caf::actor_system& system) {
    system.spawn([](caf::event_based_actor* self) -> caf::behavior {
      self->send(self, tick_atom::value);
      return {[self](tick_atom) { self->send(self, tick_atom::value); }};
    });
  };
  auto& node = in.add_node("a", actor_program::with(start));
  in.boot(node);
  CHECK_THROWS_AS(in.run_for(1s), world_stuck);
}

TEST_CASE("step() says when nothing will happen any more") {
  world in;
  auto start = [](simulated_node&, caf::actor_system& system) {
    system.spawn([](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, 1s, tick_atom::value);
      return {[](tick_atom) {}};
    });
  };
  auto& node = in.add_node("a", actor_program::with(start));
  in.boot(node);
  int steps = 0;
  while (in.step())
    ++steps;
  CHECK(steps == 3); // the actor starts; its timer; its message
  CHECK(in.now().time_since_epoch() == 1s);
}

TEST_CASE("run_until stops as soon as its condition holds, or at its limit") {
  world in;
  int ticks = 0;
  auto start = [&](simulated_node&, caf::actor_system& system) {
    system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, 1s, tick_atom::value);
      return {[&ticks, self](tick_atom) {
        ++ticks;
        self->delayed_send(self, 1s, tick_atom::value);
      }};
    });
  };
  auto& node = in.add_node("a", actor_program::with(start));
  in.boot(node);
  CHECK(in.run_until([&] { return ticks == 3; }, 10s));
  CHECK(in.now().time_since_epoch() == 3s);
  CHECK_FALSE(in.run_until([&] { return ticks == 100; }, 10s));
  CHECK(in.now().time_since_epoch() == 13s);
}
