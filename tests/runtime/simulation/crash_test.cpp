#include "tests/runtime/simulation/actor_program.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;
using ask_atom = caf::atom_constant<caf::atom("ask")>;

// Counts what lives.
struct counted {
  explicit counted(int& of) : count(of) { ++count; }
  ~counted() { --count; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  int& count;
};

} // namespace

TEST_CASE("a crash ends every actor, whatever it is at, and destroys what it holds") {
  world in;
  int living = 0;
  auto start = [&](simulated_node&, caf::actor_system& system) {
    auto hold = [&living] { return std::make_shared<counted>(living); };
    // Waits with messages that it never takes.
    auto sink = system.spawn([held = hold()](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::skip);
      return {[held](int) {}};
    });
    for (int i = 0; i < 10; ++i)
      caf::anon_send(sink, tick_atom::value);
    // Waits for a timer, a receive time-out, an answer, the end of others.
    system.spawn([sink, held = hold()](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, 60min, tick_atom::value);
      self->request(sink, 60min, ask_atom::value).then([held](int) {});
      self->monitor(sink);
      auto child = self->spawn([held](caf::event_based_actor*) -> caf::behavior { return {[held](int) {}}; });
      self->link_to(child);
      return {[held, child, sink](tick_atom) {}, caf::after(60min) >> [] {}};
    });
    // Hold each other: CAF alone would never free them.
    auto left = system.spawn([held = hold()](caf::event_based_actor* self) -> caf::behavior {
      return {[held, self](const caf::actor& other) { self->become([held, other](int) {}); }};
    });
    system.spawn([left, held = hold()](caf::event_based_actor* self) -> caf::behavior {
      self->send(left, caf::actor{self});
      return {[held, left](int) {}};
    });
  };
  auto& node = in.add_node("a", actor_program::with(start));
  for (int round = 0; round < 20; ++round) {
    const auto turns = in.deliveries() + static_cast<std::uint64_t>(round);
    in.boot(node);
    in.run_until([&] { return in.deliveries() >= turns; }, 1s);
    CHECK(living == 4);
    in.crash(node);
    CHECK(living == 0);
    CHECK_FALSE(node.up());
    CHECK(node.program() == nullptr);
    in.run_for(1s);
  }
  CHECK(node.boots() == 20);
}

TEST_CASE("actors that are spawned while others end are ended too") {
  world in;
  int living = 0;
  int made = 0;
  struct phoenix : caf::event_based_actor {
    phoenix(caf::actor_config& config, int* living, int* made, int left)
      : caf::event_based_actor(config), held(*living), total(made), lives(left) {
      ++*total;
    }
    caf::behavior make_behavior() override {
      delayed_send(this, 60min, tick_atom::value); // keeps it alive
      return {[](tick_atom) {}};
    }
    void on_exit() override {
      if (lives > 0) home_system().spawn<phoenix>(&held.count, total, lives - 1);
    }
    counted held;
    int* total;
    int lives;
  };
  auto start = [&](simulated_node&, caf::actor_system& system) { system.spawn<phoenix>(&living, &made, 5); };
  auto& node = in.add_node("a", actor_program::with(start));
  in.boot(node);
  in.run_for(1ms);
  CHECK(living == 1);
  in.crash(node);
  CHECK(living == 0);
  CHECK(made == 6);
}

TEST_CASE("the world switches off its nodes when it ends") {
  int living = 0;
  {
    world in;
    auto start = [&](simulated_node&, caf::actor_system& system) {
      system.spawn([held = std::make_shared<counted>(living)](caf::event_based_actor*) -> caf::behavior {
        return {[held](int) {}};
      });
    };
    auto& node = in.add_node("a", actor_program::with(start));
    in.boot(node);
    CHECK(living == 1);
  }
  CHECK(living == 0);
}

TEST_CASE("a program that cannot be made leaves its node off") {
  world in;
  auto& node = in.add_node("a", [](simulated_node&) -> std::unique_ptr<simulated_program> {
    throw std::runtime_error{"no configuration"};
  });
  CHECK_THROWS_AS(in.boot(node), std::runtime_error);
  CHECK_FALSE(node.up());
  CHECK_THROWS_AS(in.boot(node), std::runtime_error);
  CHECK(node.boots() == 2);
}

TEST_CASE("a program's destructor finds a dead world") {
  world in;
  struct program : simulated_program {
    explicit program(simulated_node& node)
      : around(node.surroundings()), loop(around.network.open_loop("loop")),
        socket(*around.network.open_datagram({node.address(), 1000}, [](auto&, auto) {})) {
      timer = loop->after(1ms, [] { FAIL("a timer of a dead node fires"); });
    }
    ~program() override {
      loop->post([] { FAIL("posted work of a dead node runs"); });
      loop->run([this] {
        CHECK(loop->is_current());
        timer.reset();
        late = loop->after(1ms, [] { FAIL("a timer of a dead node fires"); });
      });
      late.reset();
      const std::byte some[4]{};
      CHECK(socket->send({ip_address::v4(10, 0, 0, 2), 1000}, some).code() == status_code::unavailable);
      CHECK_FALSE(around.network.open_datagram({ip_address::any_v4(), 0}, [](auto&, auto) {}).has_value());
      CHECK(around.network.open_loop("another") != nullptr);
      CHECK_FALSE(around.network.resolve("b", [](auto) {}).ok());
    }
    environment around;
    std::unique_ptr<event_loop> loop;
    std::unique_ptr<datagram_socket> socket;
    std::unique_ptr<loop_timer> timer;
    std::unique_ptr<loop_timer> late;
  };
  auto& node = in.add_node("a", [](simulated_node& at) { return std::make_unique<program>(at); });
  bool received = false;
  struct listener : simulated_program {
    std::unique_ptr<datagram_socket> socket;
  };
  auto& other = in.add_node("b", [&](simulated_node& at) {
    auto made = std::make_unique<listener>();
    made->socket =
      *at.surroundings().network.open_datagram({at.address(), 1000}, [&](auto&, auto) { received = true; });
    return made;
  });
  in.boot(other);
  in.boot(node);
  in.crash(node);
  in.run_for(1s);
  CHECK_FALSE(received);
}

TEST_CASE("what runs on a node cannot switch nodes, but can ask for it") {
  world in;
  int refused = 0;
  auto start = [&](simulated_node& node, caf::actor_system& system) {
    system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
      self->send(self, tick_atom::value);
      return {[&](tick_atom) {
        for (const auto& attempt :
             std::vector<std::function<void()>>{[&] { in.crash(node); }, [&] { in.kill(node); },
                                                [&] { in.boot(node); }, [&] { in.run_for(1s); }}) {
          try {
            attempt();
          } catch (const std::logic_error&) {
            ++refused;
          }
        }
        in.after(1s, [&] { in.crash(node); });
      }};
    });
  };
  auto& node = in.add_node("a", actor_program::with(start));
  in.boot(node);
  in.run_for(500ms);
  CHECK(refused == 4);
  CHECK(node.up());
  in.run_for(1s);
  CHECK_FALSE(node.up());
}
