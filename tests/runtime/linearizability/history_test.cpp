// The recorder.
#include "runtime/environment/manual_clock.hpp"
#include "runtime/linearizability/linearizability.hpp"
#include "runtime/linearizability/register_model.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;

using register_history = history_of<register_model>;

TEST_CASE("an operation that is left open may have happened; one that failed did not") {
  register_history history;
  const auto open = history.invoke(7, register_input::write("1"));
  const auto failed = history.invoke(8, register_input::write("2"));
  const auto read = history.invoke(9, register_input::read());
  history.fail(failed);
  history.complete(read, register_output::read("1"));
  REQUIRE(history.problem().ok());

  const auto& all = history.operations();
  REQUIRE(all.size() == 3);
  CHECK(open.value() == 0);
  CHECK(all[0].client == 7);
  CHECK(all[0].outcome == operation_outcome::unknown);
  CHECK(all[0].ended == history_moment::never());
  CHECK_FALSE(all[0].output);
  CHECK(all[1].outcome == operation_outcome::failed);
  CHECK_FALSE(all[1].output);
  CHECK(all[2].outcome == operation_outcome::completed);
  CHECK(all[2].output == register_output::read("1"));
  CHECK(history.events() == 5);
}

TEST_CASE("events are ordered by their recording, and stamped by the clock") {
  manual_clock clock;
  const auto start = clock.now().time_since_epoch();
  register_history history{&clock};
  const auto first = history.invoke(0, register_input::write("1"));
  clock.advance(5ms);
  history.complete(first, register_output::written());
  history.invoke(0, register_input::read()); // in the same nanosecond, and yet later
  const auto& all = history.operations();
  CHECK(all[0].called == history_moment{0, start});
  CHECK(all[0].ended == history_moment{1, start + 5ms});
  CHECK(all[1].called == history_moment{2, start + 5ms});
}

TEST_CASE("a history that is full says so, and proves nothing") {
  register_history history{nullptr, 2};
  const auto write = history.invoke(0, register_input::write("1"));
  const auto read = history.invoke(1, register_input::read());
  CHECK(history.problem().ok());
  const auto beyond = history.invoke(2, register_input::write("2"));
  history.complete(write, register_output::written());
  history.complete(beyond, register_output::written());
  history.fail(beyond);
  history.complete(read, register_output::read("2"));
  CHECK(history.operations().size() == 2);
  CHECK(history.problem().code() == status_code::resource_exhausted);
  CHECK(history.problem().message()
        == "the history is full: it has 2 operations; record fewer, or raise its limit");

  // Without the write that did not fit, the read looks wrong.
  const auto report = linearizable(history, register_model{});
  CHECK(report.verdict == linearizability_verdict::unknown);
  CHECK_FALSE(report);
  CHECK(report.text
        == "unknown: not all was recorded: the history is full: it has 2 operations; record fewer, or raise "
           "its limit");
}

TEST_CASE("an operation ends once, and only if it began") {
  register_history history;
  const auto write = history.invoke(0, register_input::write("1"));
  SECTION("completed twice") {
    history.complete(write, register_output::written());
    history.complete(write, register_output::written());
    CHECK(history.problem() == failed_precondition("operation 0 ended twice"));
  }
  SECTION("failed after it completed") {
    history.complete(write, register_output::written());
    history.fail(write);
    CHECK(history.problem() == failed_precondition("operation 0 ended twice"));
    CHECK(history.operations()[0].outcome == operation_outcome::completed);
  }
  SECTION("of another history") {
    history.complete(operation_number{3}, register_output::written());
    CHECK(history.problem() == failed_precondition("operation 3 ended and never began"));
  }
  SECTION("the first problem is the one that is told") {
    history.fail(operation_number{3});
    history.fail(write);
    history.fail(write);
    CHECK(history.problem() == failed_precondition("operation 3 ended and never began"));
  }
}
