// The search for an order that explains the answers of one part of a history. Private to this component.
#pragma once

#include "runtime/linearizability/linearizability.hpp"

#include <cstdint>
#include <vector>

namespace troupe {

// By positions in the partition.
struct search_prefix {
  std::vector<std::uint32_t> order;
  std::uint32_t state = 0;
  std::vector<std::uint32_t> refused;
};

struct search_result {
  linearizability_verdict verdict = linearizability_verdict::unknown;
  std::uint64_t steps = 0;
  std::vector<std::uint32_t> witness; // linearizable: the order
  // Otherwise the first answer that cannot be explained, or that was not yet when the limits were reached,
  // and the longest orders of those before it.
  std::uint32_t blocked = 0;
  std::vector<search_prefix> prefixes;
};

search_result search_order(checked_partition& part, const linearizability_limits& limits);

} // namespace troupe
