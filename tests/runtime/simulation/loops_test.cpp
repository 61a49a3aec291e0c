#include "tests/runtime/simulation/loop_program.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("ports are taken and chosen") {
  two_ends w;
  auto& loop = *w.server().loop;
  auto accept = [](std::unique_ptr<byte_stream>) {};
  auto first = loop.listen({w.b.address(), 0}, {}, accept, {});
  auto second = loop.listen({w.b.address(), 0}, {}, accept, {});
  REQUIRE(first);
  REQUIRE(second);
  CHECK((*first)->local().port != 0);
  CHECK((*first)->local().port != (*second)->local().port);
  const auto again = loop.listen((*first)->local(), {}, accept, {});
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == status_code::already_exists);
  const auto any = loop.listen({ip_address::any_v4(), (*first)->local().port}, {}, accept, {});
  REQUIRE_FALSE(any);
  const auto foreign = loop.listen({w.a.address(), 4000}, {}, accept, {});
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code() == status_code::unavailable);
  const auto port = (*first)->local();
  first->reset();
  CHECK(loop.listen(port, {}, accept, {}).has_value());
}

TEST_CASE("a loop runs posts in order, and timers by their time") {
  two_ends w;
  auto& loop = *w.client().loop;
  std::string order;
  auto late = loop.after(2ms, [&] { order += "late "; });
  auto soon = loop.after(1ms, [&] { order += "soon "; });
  auto never = loop.after(1ms, [&] { order += "never "; });
  loop.post([&] {
    order += "first ";
    CHECK(loop.is_current());
    loop.post([&] { order += "third "; });
  });
  loop.post([&] { order += "second "; });
  CHECK(order.empty());
  CHECK_FALSE(loop.is_current());
  loop.run([&] {
    order += "now ";
    CHECK(loop.is_current());
  });
  never.reset();
  w.in.run_for(1s);
  CHECK(order == "now first second third soon late ");
}

TEST_CASE("a timer may destroy itself, and a loop drops what waits when it ends") {
  two_ends w;
  auto loop = w.client().around.network.open_loop("another");
  std::unique_ptr<loop_timer> timer;
  int fired = 0;
  timer = loop->after(1ms, [&] {
    ++fired;
    timer.reset();
  });
  w.in.run_for(10ms);
  CHECK(fired == 1);
  auto held = std::make_shared<int>(1);
  loop->post([&fired, held] { ++fired; });
  auto pending = loop->connect({w.b.address(), 4000}, nullptr, 1s, [&](auto) { ++fired; });
  CHECK(held.use_count() == 2);
  loop.reset();
  CHECK(held.use_count() == 1);
  w.in.run_for(10s);
  CHECK(fired == 1);
}

TEST_CASE("a loop's timers go by the machine's clock, also when it is slowed down meanwhile") {
  two_ends w;
  duration fired{};
  auto timer = w.client().loop->after(10s, [&] { fired = w.in.now().time_since_epoch(); });
  w.in.run_for(5s);
  w.in.set_clock_rate(w.a, -500'000);
  w.in.run_for(20s);
  CHECK(fired == 15s);
}
