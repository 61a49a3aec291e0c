// What a check does when it would take too long, and what it must not need long for.
#include "runtime/environment/random_source.hpp"
#include "runtime/linearizability/key_value_model.hpp"
#include "runtime/linearizability/linearizability.hpp"
#include "runtime/linearizability/queue_model.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <optional>
#include <string>
#include <vector>

using namespace troupe;

namespace {

// `count` enqueues at the same time, and then a value comes out that was never put in: all orders must be
// tried.
history_of<queue_model> hard_queue(int count) {
  history_of<queue_model> out;
  std::vector<operation_number> all;
  for (int i = 0; i < count; ++i)
    all.push_back(out.invoke(static_cast<std::uint32_t>(i), queue_input::enqueue(std::to_string(i))));
  for (const auto each : all)
    out.complete(each, queue_output::enqueued());
  out.complete(out.invoke(0, queue_input::dequeue()), queue_output::dequeued("never"));
  return out;
}

} // namespace

TEST_CASE("a check that would take too long gives up after the steps it has") {
  const auto history = hard_queue(12);
  const auto report = linearizable(history, queue_model{}, {.max_steps = 10'000});
  CHECK(report.verdict == linearizability_verdict::unknown);
  CHECK_FALSE(report);
  CHECK(report.steps == 10'000);
  CHECK(report.text.starts_with("unknown: gave up (13 operations) after 10000 steps"));
  CHECK(report.text.find(
          "\nhow far it came: no order was found that explains `dequeue -> never` of client 0: the 12 "
          "answers before it fit together, with it nothing does so far\n")
        != std::string::npos);
  CHECK(linearizable(hard_queue(5), queue_model{}, {.max_steps = 10'000}).verdict
        == linearizability_verdict::not_linearizable);
}

TEST_CASE("a check that would take too much memory gives up when that is used") {
  const auto report = linearizable(hard_queue(12), queue_model{}, {.max_remembered = 1'000});
  CHECK(report.verdict == linearizability_verdict::unknown);
  CHECK(report.steps < 5'000);
}

TEST_CASE("an empty history is linearizable, with the smallest limits") {
  CHECK(linearizable(history_of<queue_model>{}, queue_model{}, {.max_steps = 0, .max_remembered = 0}));
}

TEST_CASE("a part that is too hard does not hide a wrong one that is larger") {
  // 24 compare-and-sets that nobody answered may have set x in any order; y is plainly wrong.
  history_of<key_value_model> history;
  for (std::uint32_t i = 0; i < 24; ++i)
    history.invoke(i, key_value_input::append("x", std::to_string(i)));
  history.complete(history.invoke(30, key_value_input::get("x")), key_value_output::got("never"));
  for (int i = 0; i < 40; ++i)
    history.complete(history.invoke(31, key_value_input::put("y", "1")), key_value_output::stored());
  history.complete(history.invoke(31, key_value_input::get("y")), key_value_output::got("2"));
  const auto report = linearizable(history, key_value_model{}, {.max_steps = 100'000});
  CHECK(report.verdict == linearizability_verdict::not_linearizable);
  CHECK(report.counterexample.partition == "y");
}

TEST_CASE("writes that nobody answered cost little as long as each either shows or does not matter") {
  // 100 of them: 2^100 sets of those that happened. Every tenth is seen, the later ones first.
  history_of<key_value_model> history;
  for (std::uint32_t i = 0; i < 100; ++i)
    history.invoke(i, key_value_input::put("x", std::to_string(i)));
  for (int i = 90; i >= 0; i -= 10)
    history.complete(history.invoke(300, key_value_input::get("x")),
                     key_value_output::got(std::to_string(i)));
  const auto right = linearizable(history, key_value_model{}, {.max_steps = 10'000});
  INFO(right.text);
  CHECK(right);
  CHECK(right.witnesses.at(0).size() == 20); // the puts that were seen, and the gets

  history.complete(history.invoke(300, key_value_input::get("x")), key_value_output::got("90"));
  const auto wrong = linearizable(history, key_value_model{}, {.max_steps = 1'000'000});
  INFO(wrong.text);
  CHECK(wrong.verdict == linearizability_verdict::not_linearizable);
}

TEST_CASE("values of their own names tell the order of a queue, whoever overlaps") {
  // Ten clients, and a queue that grows: by the time a wrong guess shows there are 2^100 others.
  random_source random{3};
  struct client {
    std::optional<operation_number> open;
    queue_input input;
    std::optional<queue_output> answer;
  };
  std::vector<client> clients(10);
  std::deque<std::string> queue;
  history_of<queue_model> history;
  while (history.operations().size() < 2'000) {
    const auto number = random.below(clients.size());
    auto& who = clients[number];
    if (!who.open) {
      const auto name = std::to_string(history.operations().size());
      who.input = random.chance(0.55) ? queue_input::enqueue(name) : queue_input::dequeue();
      who.open = history.invoke(static_cast<std::uint32_t>(number), who.input);
    } else if (who.answer) {
      history.complete(*who.open, *who.answer);
      who = {};
    } else if (who.input.what == queue_input::kind::enqueue) {
      queue.push_back(who.input.value);
      who.answer = queue_output::enqueued();
    } else if (queue.empty()) {
      who.answer = queue_output::empty();
    } else {
      who.answer = queue_output::dequeued(queue.front());
      queue.pop_front();
    }
  }
  REQUIRE(queue.size() > 100);
  const auto report = linearizable(history, queue_model{}, {.max_steps = 20'000});
  INFO(report.text);
  CHECK(report);
}

TEST_CASE("an enqueue that nobody answered is tried where its value came out") {
  // The lost value comes out before 30 pairs of others that went in later, each pair at the same time.
  history_of<queue_model> history;
  history.invoke(0, queue_input::enqueue("lost"));
  for (int i = 0; i < 60; i += 2) {
    const auto one = history.invoke(1, queue_input::enqueue(std::to_string(i)));
    const auto other = history.invoke(2, queue_input::enqueue(std::to_string(i + 1)));
    history.complete(one, queue_output::enqueued());
    history.complete(other, queue_output::enqueued());
  }
  history.complete(history.invoke(1, queue_input::dequeue()), queue_output::dequeued("lost"));
  for (int i = 0; i < 60; ++i)
    history.complete(history.invoke(1, queue_input::dequeue()), queue_output::dequeued(std::to_string(i)));
  const auto report = linearizable(history, queue_model{}, {.max_steps = 1'000});
  INFO(report.text);
  CHECK(report);
}

TEST_CASE("dequeues that nobody answered are all the same") {
  history_of<queue_model> history;
  for (std::uint32_t i = 0; i < 30; ++i)
    history.complete(history.invoke(0, queue_input::enqueue(std::to_string(i))), queue_output::enqueued());
  for (std::uint32_t i = 0; i < 30; ++i)
    history.invoke(i, queue_input::dequeue());
  history.complete(history.invoke(50, queue_input::dequeue()), queue_output::dequeued("never"));
  const auto report = linearizable(history, queue_model{}, {.max_steps = 10'000});
  INFO(report.text);
  CHECK(report.verdict == linearizability_verdict::not_linearizable);
}
