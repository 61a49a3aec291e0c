// One independent part of a history, as the search sees it: operations by their positions, states by numbers.
// Hides the model's types, so that the search is compiled once.
#pragma once

#include "runtime/linearizability/history.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

// An operation that may have taken effect; failed ones are not checked.
struct checked_operation {
  operation_number number;
  std::uint32_t client = 0;
  history_moment called;
  history_moment ended; // never() when nobody knows the answer
  bool completed = false;
};

class checked_partition {
public:
  virtual ~checked_partition() = default;

  // What the model calls this part; empty when there is only one.
  virtual const std::string& name() const noexcept = 0;

  // In the order of their calls; a position is an index into this.
  virtual const std::vector<checked_operation>& operations() const noexcept = 0;

  // The number of the state before anything happened.
  virtual std::uint32_t initial_state() = 0;

  // The number of the state after an operation, or nothing when the model refuses it in that state. Equal
  // states have equal numbers.
  virtual std::optional<std::uint32_t> step(std::uint32_t state, std::uint32_t position) = 0;

  // How many different states were numbered so far.
  virtual std::size_t states() const noexcept = 0;

  // Whether an operation with its answer cannot change any state. May say no when it does not know.
  virtual bool read_only(std::uint32_t position) const = 0;

  // Whether two operations ask the same. May say no when it does not know.
  virtual bool same_input(std::uint32_t a, std::uint32_t b) const = 0;

  // When the effect of an operation is needed. Of two that may come next, the one with the smaller number is
  // better tried first; `not_needed` when nobody is known to need it. Nothing when the model gives no hint.
  static constexpr std::uint64_t not_needed = 0xffff'ffff'0000'0000U;
  virtual std::optional<std::uint64_t> needed_by(std::uint32_t position) const = 0;

  virtual std::string describe_operation(std::uint32_t position) const = 0;
  virtual std::string describe_state(std::uint32_t state) const = 0;
};

} // namespace troupe
