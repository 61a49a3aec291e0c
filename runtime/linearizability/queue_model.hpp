// A queue, first in first out. Not partitioned: order is what it is about, so keep histories of one queue to
// a few thousand operations and few that are left open.
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
  std::string describe(const input_type& input, const output_type* output) const;
  std::string describe(const state_type& state) const;
};

} // namespace troupe
