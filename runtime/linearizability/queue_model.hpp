// A queue, first in first out. Not partitioned: order is what it is about. Give each value a name of its own:
// then when it comes out says where it went in, and thousands of operations of many clients are checked at
// once. Equal values leave that to be guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct queue_input {
  enum class kind : std::uint8_t { enqueue, dequeue };
  kind what = kind::dequeue;
  std::string value; // enqueue only

  static queue_input enqueue(std::string value);
  static queue_input dequeue();

  bool operator==(const queue_input&) const = default;
};

struct queue_output {
  std::optional<std::string> value; // dequeue: the value, or nothing when the queue was empty

  static queue_output enqueued();
  static queue_output dequeued(std::string value);
  // The queue was empty. That is an answer, not a failed operation.
  static queue_output empty();

  bool operator==(const queue_output&) const = default;
};

class queue_model {
public:
  using input_type = queue_input;
  using output_type = queue_output;
  using state_type = std::vector<std::string>; // the oldest first

  state_type initial() const;
  std::optional<state_type> step(const state_type& state, const input_type& input,
                                 const output_type* output) const;
  bool read_only(const input_type& input, const output_type& output) const;
  std::optional<std::string> puts(const input_type& input) const;
  std::optional<std::string> takes(const input_type& input, const output_type& output) const;
  std::string describe(const input_type& input, const output_type* output) const;
  std::string describe(const state_type& state) const;
};

} // namespace troupe
