#include "runtime/simulation_disk/crash_choices.hpp"

namespace troupe {

write_fate random_crash_choices::fate_of_write() {
  const double drawn = random_.uniform();
  if (drawn < kept_) return write_fate::kept;
  return drawn < kept_ + torn_ ? write_fate::torn : write_fate::lost;
}

std::size_t random_crash_choices::changes_in_order(std::size_t count) {
  return static_cast<std::size_t>(random_.below(static_cast<std::uint64_t>(count) + 1));
}

} // namespace troupe
