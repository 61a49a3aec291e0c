// test_node: what authors' tests rely on.
#include "garden.troupe.hpp"

#include <caf/event_based_actor.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

namespace {

using namespace std::chrono_literals;

garden::Bucket bucket(unsigned litres) {
  garden::Bucket out;
  out.set_litres(litres);
  return out;
}

// 0 litres never come, 1 litre breaks the rope, more than 9 are refused; tells how much was drawn so far.
class well final : public garden::WellHandler {
public:
  explicit well(bool dry = false) : dry_(dry) {}

private:
  troupe::task<> on_start() override {
    if (dry_) co_await troupe::unavailable("the well is dry");
  }
  troupe::task<garden::Bucket> draw(const garden::Bucket& wanted) override {
    if (wanted.litres() == 0) co_await sleep_for(24h);
    if (wanted.litres() == 1) throw std::runtime_error("the rope broke");
    if (wanted.litres() > 9) co_return troupe::out_of_range("a bucket holds 9 litres");
    log().info("drawn", {{"litres", wanted.litres()}});
    co_return bucket(drawn_ += wanted.litres());
  }

  bool dry_;
  unsigned drawn_ = 0;
};

auto draw(unsigned litres) {
  return [litres](troupe::visitor& self) { return self.client<garden::Well>().draw(bucket(litres)); };
}

} // namespace

TEST_CASE("a call yields the reply or the error") {
  troupe::test_node node{troupe::module<well>()};
  auto reply = node.run(draw(4));
  REQUIRE(reply);
  CHECK(reply->litres() == 4);
  auto refused = node.run(draw(10));
  REQUIRE(refused.has_error());
  CHECK(refused.error() == troupe::out_of_range("a bucket holds 9 litres"));
}

TEST_CASE("a task may do several things, and use what its function object has captured") {
  troupe::test_node node{troupe::module<well>()};
  const std::string twice = "drawn twice, and long enough to be no short string";
  auto outcome = node.run([twice](troupe::visitor& self) -> troupe::task<std::string> {
    auto first = co_await self.client<garden::Well>().draw(bucket(2));
    auto second = co_await self.client<garden::Well>().draw(bucket(3));
    co_return fmt::format("{}: {} {}", twice, first.litres(), second.litres());
  });
  REQUIRE(outcome);
  CHECK(*outcome == twice + ": 2 5");
}

TEST_CASE("a task without a value succeeds or fails") {
  troupe::test_node node{troupe::module<well>()};
  auto good = node.run([](troupe::visitor& self) -> troupe::task<> { co_await self.sleep_for(1ms); });
  CHECK(good);
  auto bad = node.run(
    [](troupe::visitor& self) -> troupe::task<> { co_await self.client<garden::Well>().draw(bucket(10)); });
  REQUIRE(bad.has_error());
  CHECK(bad.error().code() == troupe::status_code::out_of_range);
}

TEST_CASE("what does not end is ended at its limit, with DEADLINE_EXCEEDED") {
  troupe::test_node node{troupe::module<well>()};
  bool ended = false;
  struct on_end {
    bool& flag;
    ~on_end() { flag = true; }
  };
  auto outcome = node.run(
    [&](troupe::visitor& self) -> troupe::task<int> {
      on_end guard{ended};
      co_await self.client<garden::Well>().draw(bucket(0));
      co_return 1;
    },
    20ms);
  REQUIRE(outcome.has_error());
  CHECK(outcome.error() == troupe::deadline_exceeded("the work did not end within its limit of 20 ms"));
  CHECK(ended);
  auto call = node.run(draw(0), 20ms);
  REQUIRE(call.has_error());
  CHECK(call.error().code() == troupe::status_code::deadline_exceeded);
}

TEST_CASE("an exception of the work is thrown in the test's thread") {
  troupe::test_node node{troupe::module<well>()};
  auto fail = [](troupe::visitor& self) -> troupe::task<> {
    co_await self.sleep_for(1ms);
    throw std::logic_error("a bug of the test");
  };
  CHECK_THROWS_WITH(node.run(fail), "a bug of the test");
}

TEST_CASE("work whose actor ends under it is ABORTED") {
  troupe::test_node node{troupe::module<well>()};
  auto outcome = node.run([](troupe::visitor& self) -> troupe::task<> {
    self.self()->quit();
    co_await self.sleep_for(1h);
  });
  REQUIRE(outcome.has_error());
  CHECK(outcome.error().code() == troupe::status_code::aborted);
}

TEST_CASE("a module that does not start is named, with its reason") {
  CHECK_THROWS_WITH(troupe::test_node{troupe::module<well>(true)}, Catch::Contains("did not start")
                                                                     && Catch::Contains("garden.Well")
                                                                     && Catch::Contains("the well is dry"));
  CHECK_THROWS_WITH((troupe::test_node{troupe::module<well>(), troupe::module<well>()}),
                    Catch::Contains("garden.Well is installed twice"));
}

TEST_CASE("a crash ends an instance, whose state is lost and whose name stays") {
  troupe::test_node_options options;
  options.node.restart_backoff = troupe::backoff_policy::none();
  troupe::test_node node{options, troupe::module<well>()};
  REQUIRE(node.run(draw(4)));
  REQUIRE(node.crash<garden::Well>().ok());
  auto after = node.run(draw(2));
  REQUIRE(after);
  CHECK(after->litres() == 2);
  CHECK(node.crash<garden::Well>(1).code() == troupe::status_code::not_found);
  CHECK(node.crash<garden::Gardener>().code() == troupe::status_code::not_found);
}

TEST_CASE("the log is kept, and says why a handler crashed") {
  troupe::test_node node{troupe::module<well>()};
  CHECK(node.run(draw(3)));
  CHECK(node.run(draw(1)).has_error());
  CHECK(node.run(draw(2))); // by the next life of the actor, so the end of the one before is logged
  auto count = [lines = node.log_lines()](const std::string& part) {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const auto& line) { return line.find(part) != std::string::npos; });
  };
  CHECK(count("drawn") == 2);
  CHECK(count("the rope broke") >= 1);
}

TEST_CASE("the log is shown when the test fails by an exception, and only then") {
  std::ostringstream shown;
  auto* before = std::cerr.rdbuf(shown.rdbuf());
  auto draw_and = [](bool fail) {
    troupe::test_node node{troupe::module<well>()};
    const bool drawn = node.run(draw(3)).has_value();
    if (fail) throw std::runtime_error("a REQUIRE does this");
    return drawn;
  };
  const bool drawn = draw_and(false);
  const auto quiet = shown.str();
  std::string thrown;
  try {
    draw_and(true);
  } catch (const std::runtime_error& error) {
    thrown = error.what();
  }
  std::cerr.rdbuf(before);
  CHECK(drawn);
  CHECK(quiet.empty());
  CHECK(thrown == "a REQUIRE does this");
  CHECK_THAT(shown.str(), Catch::Contains("drawn") && Catch::Contains("litres=3"));
}

TEST_CASE("the seed decides what a service draws") {
  struct dice final : garden::WellHandler {
    troupe::task<garden::Bucket> draw(const garden::Bucket&) override {
      co_return bucket(static_cast<unsigned>(random()));
    }
  };
  auto throw_with = [](std::uint64_t seed) {
    troupe::test_node_options options;
    options.seed = seed;
    troupe::test_node node{options, troupe::module<dice>()};
    auto reply = node.run(draw(1));
    REQUIRE(reply);
    return reply->litres();
  };
  CHECK(throw_with(7) == throw_with(7));
  CHECK(throw_with(7) != throw_with(8));
}
