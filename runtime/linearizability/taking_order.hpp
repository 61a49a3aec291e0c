// In which order things went into a queue, guessed from when they went in and came out.
#pragma once

#include <cstdint>
#include <vector>

namespace troupe::detail {

// One thing, by the numbers of events. What was not taken, or not put for sure, has the largest number there.
struct taken_thing {
  std::uint32_t put_called = 0;
  std::uint32_t put_ended = 0;
  std::uint32_t take_called = 0;
  std::uint32_t take_ended = 0;
};

// For each thing when it is needed: the smaller, the earlier it should go in. The upper half is the end of
// the first take of it or of what must be behind it; the lower half its place in an order in which no thing
// comes before another one that was put, or taken, before it was. That order exists when things of their own
// names went through a queue that is right; otherwise the order is some order.
std::vector<std::uint64_t> order_of_need(const std::vector<taken_thing>& things);

} // namespace troupe::detail
