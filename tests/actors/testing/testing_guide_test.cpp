// The examples of docs/testing.md, word for word but for white space (simulate_test.py compares), and that
// they do what the text says.
#include "notebook.hpp"
#include "runtime/linearizability/key_value_model.hpp"

using namespace notes_test;

TEST_CASE("a note is read on another node") {
  troupe::simulation sim{{.nodes = 3}};
  sim.install_on({0}, troupe::module<notebook>());
  sim.start();
  auto written =
    sim.run([](troupe::visitor& self) { return self.client<notes::Notebook>().write(note("tea", "green")); });
  REQUIRE(written);
  auto found =
    sim.run_on(2, [](troupe::visitor& self) { return self.client<notes::Notebook>().read(name("tea")); });
  REQUIRE(found);
  CHECK(found->text() == "green");
}

TEST_CASE("a notebook that cannot be reached is UNAVAILABLE until it can") {
  troupe::simulation sim{{.nodes = 3}};
  sim.install_on({0}, troupe::module<notebook>());
  sim.start();
  const auto ask = [](troupe::visitor& self) { return self.client<notes::Notebook>().read(name("tea")); };
  sim.partition({0}, {1, 2, sim.client()});
  CHECK(sim.run(ask).error().code() == troupe::status_code::unavailable);
  sim.heal();
  sim.settle();
  CHECK(sim.run(ask).error().code() == troupe::status_code::not_found);
}

TEST_CASE("each note that was taken is there afterwards, whatever the network does") {
  troupe::simulate({.seeds = 20, .cluster = {.nodes = 3}}, [](troupe::simulation& sim) {
    sim.install_on({0}, troupe::module<notebook>());
    sim.start();
    std::map<std::string, std::string> taken;
    for (int writer = 0; writer < 3; ++writer)
      sim.spawn([&taken, writer](troupe::visitor& self) -> troupe::task<> {
        for (int i = 0; i < 10; ++i) {
          const auto what = note(fmt::format("{}-{}", writer, i), "some text");
          auto answer = co_await self.client<notes::Notebook>().write(what).as_result();
          if (answer) taken[what.name()] = what.text();
          co_await self.sleep_for(1s);
        }
      });

    auto plan = sim.plan(troupe::fault_profile::everything, 20s);
    std::erase_if(plan.events, [](const troupe::fault_event& event) {
      return event.kind == troupe::fault_kind::crash || event.kind == troupe::fault_kind::kill;
    });
    sim.chaos(plan);
    sim.calm();
    REQUIRE(sim.join().ok());

    for (const auto& [title, text] : taken) {
      auto found = sim.run(
        [title = title](troupe::visitor& self) { return self.client<notes::Notebook>().read(name(title)); });
      REQUIRE(found);
      CHECK(found->text() == text);
    }
  });
}

using note_history = troupe::history_of<troupe::key_value_model>;

troupe::task<> write_and_read(troupe::visitor& self, note_history& history, troupe::random_source chance,
                              std::uint32_t client) {
  // A write that is made twice is not one operation: no second attempts.
  auto notebook = self.client<notes::Notebook>(troupe::call_options().attempts(1).timeout(5s));
  for (int i = 0; i < 20; ++i) {
    co_await self.sleep_for(troupe::duration{chance.between(0, 500'000'000)});
    const std::string title{chance.chance(0.5) ? "tea" : "milk"};
    if (chance.chance(0.5)) {
      const auto what = note(title, fmt::format("{}.{}", client, i));
      const auto asked = history.invoke(client, troupe::key_value_input::put(title, what.text()));
      auto answer = co_await notebook.write(what).as_result();
      if (answer)
        history.complete(asked, troupe::key_value_output::stored());
      else if (troupe::retry_hint_of(answer.error()) == troupe::retry_hint::not_executed)
        history.fail(asked);
    } else {
      const auto asked = history.invoke(client, troupe::key_value_input::get(title));
      auto answer = co_await notebook.read(name(title)).as_result();
      if (answer)
        history.complete(asked, troupe::key_value_output::got(answer->text()));
      else if (answer.error().code() == troupe::status_code::not_found)
        history.complete(asked, troupe::key_value_output::got(std::nullopt));
      else
        history.fail(asked);
    }
  }
}

TEST_CASE("a notebook is linearizable") {
  troupe::simulate({.seeds = 20, .cluster = {.nodes = 3}}, [](troupe::simulation& sim) {
    sim.install_on({0}, troupe::module<notebook>());
    sim.start();
    auto history = sim.history<troupe::key_value_model>();
    for (std::uint32_t client = 0; client < 4; ++client)
      sim.spawn([&, client](troupe::visitor& self) {
        return write_and_read(self, history, sim.random("client", client), client);
      });
    sim.partition({0}, {sim.client()});
    sim.run_for(2s);
    sim.calm();
    REQUIRE(sim.join().ok());
    CHECK(troupe::linearizable(history, troupe::key_value_model{}));
  });
}

// What the guide says of a notebook that answers too early.
TEST_CASE("a hasty notebook is found out") {
  constexpr std::uint64_t most_seeds = 1000;
  std::uint64_t found_by = 0;
  for (std::uint64_t seed = 1; seed <= most_seeds && found_by == 0; ++seed) {
    troupe::simulation sim{{.nodes = 3, .seed = seed}};
    sim.install_on({0}, troupe::module<hasty_notebook>());
    sim.start();
    auto history = sim.history<troupe::key_value_model>();
    for (std::uint32_t client = 0; client < 4; ++client)
      sim.spawn([&, client](troupe::visitor& self) {
        return write_and_read(self, history, sim.random("client", client), client);
      });
    REQUIRE(sim.join().ok());
    const auto report = troupe::linearizable(history, troupe::key_value_model{});
    if (report.verdict == troupe::linearizability_verdict::not_linearizable) found_by = seed;
  }
  INFO("found by seed " << found_by);
  CHECK(found_by != 0);
}
