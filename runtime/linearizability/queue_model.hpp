// A queue, first in first out. Not partitioned: order is what it is about. Give each value a name of its own:
// then when it comes out says where it went in, and thousands of operations of many clients are checked at
// once. Equal values leave that to be guessed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
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

// What is in a queue. A value: what states have in common they share, so that the millions of states of a
// check cost a few words each, however long the queue is.
class queue_state {
public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  // The oldest value. Precondition: not empty.
  const std::string& front() const noexcept;

  // The oldest first, at most `count` of them.
  std::vector<std::string> first(std::size_t count) const;

  queue_state pushed(std::string value) const;

  // Without the oldest value. Precondition: not empty.
  queue_state popped() const;

  friend bool operator==(const queue_state& a, const queue_state& b) noexcept;
  friend std::size_t hash_value(const queue_state& state) noexcept;

private:
  struct link;

  std::shared_ptr<const link> newest_; // each link knows the one before it
  const link* oldest_ = nullptr;       // of those that are still in the queue
  std::size_t size_ = 0;
  std::uint64_t hash_ = 0;
};

class queue_model {
public:
  using input_type = queue_input;
  using output_type = queue_output;
  using state_type = queue_state;

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
