// Histories drawn by hand: each line is a client, each operation a line from its call to its end.
//
//   # why these histories exist
//   === a read may see a write that is under way
//   linearizable
//   0 |-write 1-|
//   1    |-read 1-|
//
// The second line is the verdict. An operation ends in "|" when it completed, in "?" when nobody knows what
// became of it, in "#" when it failed. In a history that is not linearizable, "!" before an operation says
// that its answer is the first one that cannot be explained. What is called and what ends in the same column
// overlaps.
#pragma once

#include "runtime/linearizability/history.hpp"

#include <optional>
#include <string>
#include <vector>

namespace drawn {

struct operation {
  std::uint32_t client = 0;
  std::vector<std::string> words;
  troupe::operation_outcome outcome = troupe::operation_outcome::unknown;
  bool blocked = false;
};

struct event {
  std::size_t column = 0;
  bool end = false;
  std::size_t operation = 0;
};

struct drawing {
  std::string name;
  std::string verdict;
  std::vector<operation> operations;
  std::vector<event> events; // in order
};

// All drawings of a file below the tests' own folder. What is not one fails the test.
std::vector<drawing> read_drawings(const std::string& file);

// The history that a drawing shows. `understand` makes an input, and an output if it completed, of its words.
template <class Model, class Understand>
troupe::history_of<Model> history_of(const drawing& from, Understand understand) {
  troupe::history_of<Model> out;
  std::vector<troupe::operation_number> numbers(from.operations.size());
  std::vector<std::optional<typename Model::output_type>> outputs(from.operations.size());
  for (const auto& each : from.events) {
    const auto& one = from.operations[each.operation];
    if (!each.end) {
      auto [input, output] = understand(one.words);
      numbers[each.operation] = out.invoke(one.client, std::move(input));
      outputs[each.operation] = std::move(output);
    } else if (one.outcome == troupe::operation_outcome::failed) {
      out.fail(numbers[each.operation]);
    } else {
      out.complete(numbers[each.operation], outputs[each.operation].value());
    }
  }
  return out;
}

} // namespace drawn
