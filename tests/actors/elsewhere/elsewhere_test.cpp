// Calls that meet the end of the node they went to: whole simulated clusters, nodes killed and crashed while
// calls are under way.
#include "elsewhere.troupe.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

using namespace std::chrono_literals;
using namespace troupe;

namespace {

// What handlers did, over all nodes and restarts, by request.
using executions = std::map<std::uint64_t, int>;

constexpr std::uint64_t deadly = 999'999'999;

class counter final : public elsewhere::CounterHandler {
public:
  explicit counter(std::shared_ptr<executions> seen) : seen_(std::move(seen)) {}

  task<elsewhere::Number> look(const elsewhere::Number& which) override { return work(which); }
  task<elsewhere::Number> add(const elsewhere::Number& which) override { return work(which); }

private:
  task<elsewhere::Number> work(elsewhere::Number which) {
    if (which.value() == deadly) throw std::runtime_error{"the counter broke"};
    ++(*seen_)[which.value()];
    co_await sleep_for(5ms);
    co_return which;
  }
  std::shared_ptr<executions> seen_;
};

elsewhere::Number number(std::uint64_t value) {
  elsewhere::Number out;
  out.set_value(value);
  return out;
}

struct outcomes {
  int good = 0;
  int failed = 0;
  int unsafe = 0; // failed, and may have executed
  duration longest{};
  status first;
};

// Callers beside each other, so that every end meets calls under way.
template <class Call>
outcomes call_while(simulation& sim, unsigned callers, unsigned calls, Call make,
                    const std::function<void()>& meanwhile) {
  outcomes out;
  for (unsigned caller = 0; caller < callers; ++caller)
    sim.spawn([&sim, &out, caller, calls, make](visitor& self) -> task<> {
      for (unsigned i = 0; i < calls; ++i) {
        const auto begun = sim.now();
        auto wanted = number(std::uint64_t{caller} * 1'000'000 + i);
        auto reply = co_await make(self, wanted).as_result();
        out.longest = std::max(out.longest, sim.now() - begun);
        if (reply) {
          ++out.good;
        } else {
          if (out.failed++ == 0) out.first = reply.error();
          if (retry_hint_of(reply.error()) == retry_hint::may_have_executed) ++out.unsafe;
        }
        co_await self.sleep_for(3ms);
      }
    });
  meanwhile();
  CHECK(sim.join().ok());
  return out;
}

auto look = [](visitor& self, const elsewhere::Number& which) {
  return self.client<elsewhere::Counter>().look(which);
};
auto add = [](visitor& self, const elsewhere::Number& which) {
  return self.client<elsewhere::Counter>().add(which);
};

} // namespace

TEST_CASE("idempotent calls do not fail when nodes are killed one after the other") {
  simulate({.seeds = 10, .cluster = {.nodes = 4}}, [](simulation& sim) {
    auto seen = std::make_shared<executions>();
    sim.install(module<counter>(seen));
    sim.start();
    const auto out = call_while(sim, 20, 200, look, [&] {
      for (std::uint32_t round = 0; round < 6; ++round) {
        sim.run_for(150ms);
        sim.kill(round % 4);
        sim.run_for(100ms);
        sim.restart(round % 4);
      }
    });
    INFO(out.first.to_string());
    CHECK(out.failed == 0);
    CHECK(out.good == 4000);
  });
}

TEST_CASE("a call that met the end of its node is answered by another at once") {
  simulate({.seeds = 10, .cluster = {.nodes = 3}}, [](simulation& sim) {
    auto seen = std::make_shared<executions>();
    sim.install(module<counter>(seen));
    sim.start();
    const auto out = call_while(sim, 10, 50, look, [&] {
      sim.run_for(50ms);
      sim.kill(1);
    });
    CHECK(out.failed == 0);
    CHECK(out.longest < 100ms);
  });
}

TEST_CASE("calls that must not be repeated are never executed twice, and fail only when they may have been") {
  int failed = 0;
  simulate({.seeds = 10, .cluster = {.nodes = 4}}, [&](simulation& sim) {
    auto seen = std::make_shared<executions>();
    sim.install(module<counter>(seen));
    sim.start();
    const auto out = call_while(sim, 20, 200, add, [&] {
      for (std::uint32_t round = 0; round < 6; ++round) {
        sim.run_for(150ms);
        sim.kill(round % 4);
        sim.run_for(100ms);
        sim.restart(round % 4);
      }
    });
    int twice = 0;
    for (const auto& [which, times] : *seen)
      twice += times > 1 ? 1 : 0;
    CHECK(twice == 0);
    CHECK(out.failed == out.unsafe);
    failed += out.failed;
  });
  CHECK(failed > 0); // else the kills met no call
}

TEST_CASE("an instance that crashed is not asked again while another node plays the service") {
  simulation sim{{.nodes = 2}};
  auto seen = std::make_shared<executions>();
  sim.install(module<counter>(seen));
  sim.start();
  const auto out = call_while(sim, 10, 50, look, [&] {
    for (int round = 0; round < 5; ++round) {
      sim.run_for(40ms);
      CHECK(sim.crash_service<elsewhere::Counter>(static_cast<std::uint32_t>(round % 2)).ok());
    }
  });
  CHECK(out.failed == 0);
  CHECK(out.good == 500);
}

TEST_CASE("a node that refuses calls at once, and so seems idle, does not attract those that it refused") {
  simulation_options cluster{.nodes = 3};
  cluster.node.restart_backoff = {.min = 5s, .max = 10s};
  simulate({.seeds = 5, .cluster = cluster}, [](simulation& sim) {
    auto seen = std::make_shared<executions>();
    sim.install(module<counter>(seen));
    sim.start();
    // At its second failure the instance is left alone for seconds, and its node refuses.
    for (int i = 0; i < 2; ++i)
      CHECK_FALSE(sim.run_on(0, [](visitor& self) {
        return self.client<elsewhere::Counter>(call_options().attempts(1)).add(number(deadly));
      }));
    const auto begun = sim.now();
    const auto out = call_while(
      sim, 5, 10,
      [](visitor& self, const elsewhere::Number& which) {
        return self.client<elsewhere::Counter>(call_options().attempts(2)).look(which);
      },
      [] {});
    INFO(out.first.to_string());
    CHECK(out.failed == 0);
    CHECK(out.longest < 50ms);
    REQUIRE(sim.now() - begun < 2s);
  });
}
