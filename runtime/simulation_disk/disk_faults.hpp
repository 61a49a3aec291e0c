// What may go wrong with a simulated disk, and how often.
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/status.hpp"
#include "runtime/environment/random_source.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe {

enum class disk_fault : std::uint8_t {
  read_error,   // a read, a look at names or an opening fails with DATA_LOSS
  write_error,  // a write, truncation or change of names fails with DATA_LOSS; of a write, some sectors are
                // written
  sync_failure, // a sync fails with DATA_LOSS, and what it did not write will never be
  lost_sync,    // a sync is acknowledged and does nothing: the device lies
  bit_rot,      // a bit that was synced has flipped, where a read looks
  stall,        // an operation takes long
  full,         // a write or a new name finds no space: RESOURCE_EXHAUSTED
};

inline constexpr std::size_t disk_fault_count = 7;

// "read_error", "write_error", ...
std::string_view to_string(disk_fault fault) noexcept;

// Probabilities are 0 to 1, each of one operation unless said otherwise.
struct disk_faults {
  double read_error = 0;
  double write_error = 0;
  double sync_failure = 0;
  double lost_sync = 0;
  double bit_rot = 0;
  double stall = 0;
  double full = 0;

  // How long a stall takes, evenly between the two.
  duration stall_min = std::chrono::milliseconds{10};
  duration stall_max = std::chrono::seconds{1};

  // Of a write that no sync covers, in a crash: to survive, or to be torn. Their sum is at most 1; what is
  // left is that of being lost.
  double kept_write = 1.0 / 3;
  double torn_write = 1.0 / 3;

  // INVALID_ARGUMENT naming the first field that is out of its range.
  status validate() const;

  bool operator==(const disk_faults&) const = default;
};

// Decides which operation is struck. Each fault draws from a stream of its own, so that one fault's
// probability does not change when another strikes. For one thread.
class disk_fault_dice {
public:
  disk_fault_dice(const random_source& random, const disk_faults& faults);

  // Precondition: faults are valid.
  void set(const disk_faults& faults) noexcept { faults_ = faults; }
  const disk_faults& faults() const noexcept { return faults_; }

  // The next `times` operations that this fault can strike are struck, whatever its probability.
  void force(disk_fault fault, std::uint64_t times) noexcept;

  // Whether it strikes now; counted.
  bool strikes(disk_fault fault) noexcept;

  // Counts a strike that was not drawn.
  void count(disk_fault fault, std::uint64_t times = 1) noexcept { slot(fault).struck += times; }

  std::uint64_t struck(disk_fault fault) const noexcept {
    return slots_[static_cast<std::size_t>(fault)].struck;
  }

  // How long the stall takes that has just struck.
  duration stall_length() noexcept;

private:
  struct state {
    random_source random;
    std::uint64_t forced = 0;
    std::uint64_t struck = 0;
  };
  state& slot(disk_fault fault) noexcept { return slots_[static_cast<std::size_t>(fault)]; }
  double probability(disk_fault fault) const noexcept;

  disk_faults faults_;
  std::array<state, disk_fault_count> slots_;
  random_source lengths_;
};

} // namespace troupe
