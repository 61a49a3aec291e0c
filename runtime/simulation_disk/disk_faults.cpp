#include "runtime/simulation_disk/disk_faults.hpp"

#include <utility>

namespace troupe {

std::string_view to_string(disk_fault fault) noexcept {
  switch (fault) {
  case disk_fault::read_error:
    return "read_error";
  case disk_fault::write_error:
    return "write_error";
  case disk_fault::sync_failure:
    return "sync_failure";
  case disk_fault::lost_sync:
    return "lost_sync";
  case disk_fault::bit_rot:
    return "bit_rot";
  case disk_fault::stall:
    return "stall";
  case disk_fault::full:
    return "full";
  }
  return "unknown";
}

status disk_faults::validate() const {
  const std::pair<std::string_view, double> probabilities[] = {
    {"read_error", read_error},
    {"write_error", write_error},
    {"sync_failure", sync_failure},
    {"lost_sync", lost_sync},
    {"bit_rot", bit_rot},
    {"stall", stall},
    {"full", full},
    {"kept_write", kept_write},
    {"torn_write", torn_write},
  };
  for (const auto& [name, value] : probabilities) {
    if (!(value >= 0 && value <= 1))
      return invalid_argument("{} is {}; give a probability from 0 to 1", name, value);
  }
  // A little more than 1, because thirds do not add up exactly.
  if (kept_write + torn_write > 1 + 1e-9) {
    return invalid_argument("kept_write and torn_write together are {}; give at most 1",
                            kept_write + torn_write);
  }
  if (stall_min < duration::zero() || stall_max < stall_min) {
    return invalid_argument("stall_min is {} ns and stall_max {} ns; give 0 or more, the smaller one first",
                            stall_min.count(), stall_max.count());
  }
  return {};
}

disk_fault_dice::disk_fault_dice(const random_source& random, const disk_faults& faults)
  : faults_(faults), slots_{state{random.split("read_error")},   state{random.split("write_error")},
                            state{random.split("sync_failure")}, state{random.split("lost_sync")},
                            state{random.split("bit_rot")},      state{random.split("stall")},
                            state{random.split("full")}},
    lengths_(random.split("stall_length")) {}

double disk_fault_dice::probability(disk_fault fault) const noexcept {
  switch (fault) {
  case disk_fault::read_error:
    return faults_.read_error;
  case disk_fault::write_error:
    return faults_.write_error;
  case disk_fault::sync_failure:
    return faults_.sync_failure;
  case disk_fault::lost_sync:
    return faults_.lost_sync;
  case disk_fault::bit_rot:
    return faults_.bit_rot;
  case disk_fault::stall:
    return faults_.stall;
  case disk_fault::full:
    return faults_.full;
  }
  return 0;
}

void disk_fault_dice::force(disk_fault fault, std::uint64_t times) noexcept { slot(fault).forced += times; }

bool disk_fault_dice::strikes(disk_fault fault) noexcept {
  state& here = slot(fault);
  // Drawn every time, so that switching a fault on later, or forcing one, does not shift what comes after.
  bool struck = here.random.chance(probability(fault));
  if (here.forced > 0) {
    --here.forced;
    struck = true;
  }
  here.struck += struck ? 1 : 0;
  return struck;
}

duration disk_fault_dice::stall_length() noexcept {
  return duration{lengths_.between(faults_.stall_min.count(), faults_.stall_max.count())};
}

} // namespace troupe
