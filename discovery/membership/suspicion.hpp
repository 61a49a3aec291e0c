// One suspicion with Lifeguard's dynamic time-out (arXiv 1707.00788, section IV-B: LHA-Suspicion). Pure.
//
// It starts with the longest time-out; each independent accuser shortens it, by a logarithm, until K of them
// have brought it to the shortest. A member that is slow itself, and so hears no one agree, waits long.
#pragma once

#include "discovery/membership/membership_settings.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe {

// The shortest time-out in a cluster of so many members.
duration shortest_suspicion(const membership_settings& settings, std::size_t members);

class suspicion {
public:
  // `members` are those alive, this one included.
  suspicion(monotonic_time now, const membership_settings& settings, std::size_t members,
            std::string accuser);

  // True for an accuser who is new, while fewer than K others have agreed: such a rumor is worth passing on.
  bool confirm(const std::string& accuser);

  monotonic_time since() const noexcept { return since_; }
  // When the member is to be declared dead.
  monotonic_time until() const noexcept;
  duration timeout() const noexcept;
  std::size_t confirmations() const noexcept { return accusers_.size() - 1; }
  // This process stood still: the accused could not be heard for so long.
  void postpone(duration by) noexcept { since_ += by; }

private:
  monotonic_time since_;
  duration shortest_;
  duration longest_;
  std::size_t wanted_;
  std::vector<std::string> accusers_; // the first who raised it, and who agreed
};

} // namespace troupe
