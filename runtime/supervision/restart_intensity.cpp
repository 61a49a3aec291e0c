#include "runtime/supervision/restart_intensity.hpp"

#include "runtime/probe/probe.hpp"

namespace troupe {

void restart_intensity::forget_old(monotonic_time now) {
  while (!restarts_.empty() && now - restarts_.front() > period_)
    restarts_.pop_front();
}

bool restart_intensity::allow(monotonic_time now) {
  forget_old(now);
  if (TROUPE_PLANTED_BUG("supervision.intensity_ignored")) return true; // restarts for ever
  if (restarts_.size() > limit_) return false;
  restarts_.push_back(now);
  return restarts_.size() <= limit_;
}

unsigned restart_intensity::recent(monotonic_time now) {
  forget_old(now);
  return static_cast<unsigned>(restarts_.size());
}

} // namespace troupe
