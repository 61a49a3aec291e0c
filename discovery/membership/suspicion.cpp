#include "discovery/membership/suspicion.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

namespace {

// In whole microseconds, so that the last bit of a logarithm decides nothing.
duration scaled(duration base, double by) {
  return std::chrono::microseconds{
    std::llround(std::chrono::duration<double, std::micro>(base).count() * by)};
}

} // namespace

duration shortest_suspicion(const membership_settings& settings, std::size_t members) {
  const double nodes = std::max(1.0, std::log10(static_cast<double>(std::max<std::size_t>(members, 1))));
  return scaled(settings.protocol_period, settings.suspicion_alpha * nodes);
}

suspicion::suspicion(monotonic_time now, const membership_settings& settings, std::size_t members,
                     std::string accuser)
  : since_(now), shortest_(shortest_suspicion(settings, members)),
    longest_(scaled(shortest_, settings.suspicion_beta)),
    // Neither the accused nor the first accuser can confirm; nobody is waited for who does not exist.
    wanted_(std::min(settings.suspicion_confirmations, members > 2 ? members - 2 : 0)) {
  accusers_.push_back(std::move(accuser));
}

bool suspicion::confirm(const std::string& accuser) {
  if (confirmations() >= wanted_
      || std::find(accusers_.begin(), accusers_.end(), accuser) != accusers_.end()) {
    return false;
  }
  accusers_.push_back(accuser);
  return true;
}

duration suspicion::timeout() const noexcept {
  if (wanted_ == 0) return shortest_;
  const double share =
    std::log(static_cast<double>(confirmations() + 1)) / std::log(static_cast<double>(wanted_ + 1));
  return std::max(shortest_, longest_ - scaled(longest_ - shortest_, share));
}

monotonic_time suspicion::until() const noexcept { return since_ + timeout(); }

} // namespace troupe
