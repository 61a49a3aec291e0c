// Operations drawn as lines over each other, so that a person sees what overlaps. Private to this component.
#pragma once

#include "runtime/linearizability/history.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

struct timeline_row {
  std::string mark; // in front of the row: the place in an order, or "!!"
  std::uint32_t client = 0;
  std::string text;
  history_moment called;
  history_moment ended; // never() when it did not
};

// One line a row, in the given order, below a line of titles. The columns are the order of the events of
// these rows, up to event number `last`; what goes on after it ends in ">", what never ends in "?". Times are
// left out when all are zero.
std::string draw_timeline(const std::vector<timeline_row>& rows, std::uint32_t last);

} // namespace troupe
