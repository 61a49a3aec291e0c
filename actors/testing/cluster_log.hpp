// The log lines of all nodes of a simulation, the last ones of them. Internal to testing.
#pragma once

#include "runtime/core/deadline.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

class cluster_log {
public:
  explicit cluster_log(std::size_t limit) : limit_(limit) {}

  // `at`: the time of the world.
  void add(duration at, std::string_view node, std::string_view line);
  // The last `count`, oldest first.
  std::vector<std::string> last(std::size_t count) const;
  std::vector<std::string> all() const { return last(lines_.size()); }

private:
  const std::size_t limit_;
  std::deque<std::string> lines_;
};

// "12.345678 s", "0.000100 s".
std::string seconds_text(duration at);

} // namespace troupe::detail
