// What a crash leaves open: which of the writes and names that were not synced are found afterwards. Drawn at
// random by a simulation, or one after the other by a test that wants them all.
#pragma once

#include "runtime/environment/random_source.hpp"

#include <cstddef>
#include <cstdint>

namespace troupe {

// What a disk writes wholly or not at all.
inline constexpr std::uint64_t sector_size = 512; // bytes

// What becomes of a write that no sync() covers.
enum class write_fate : std::uint8_t {
  lost,
  kept,
  torn, // each of its sectors is found or not, in no order
};

// Asked in an order that depends on what was done to the disk alone. For one thread.
class crash_choices {
public:
  virtual ~crash_choices() = default;

  virtual write_fate fate_of_write() = 0;

  // Whether one sector of a torn write is found.
  virtual bool sector_survives() = 0;

  // Whether a file keeps the size that a write gave it although its last bytes are lost: they read as zeros.
  virtual bool size_survives() = 0;

  // Whether a change that has no parts survives: a truncation; a name made, renamed within its folder, or
  // removed.
  virtual bool change_survives() = 0;

  // How many of `count` changes of names survive that a journal keeps in order: 0 to `count`, the first ones.
  virtual std::size_t changes_in_order(std::size_t count) = 0;
};

// Each write for itself: kept, torn or lost with the given probabilities; everything else is evenly open.
class random_crash_choices final : public crash_choices {
public:
  // Probabilities from 0 to 1, together at most 1; what is left is that of a lost write.
  random_crash_choices(const random_source& random, double kept_write, double torn_write) noexcept
    : random_(random), kept_(kept_write), torn_(torn_write) {}

  write_fate fate_of_write() override;
  bool sector_survives() override { return random_.chance(0.5); }
  bool size_survives() override { return random_.chance(0.5); }
  bool change_survives() override { return random_.chance(0.5); }
  std::size_t changes_in_order(std::size_t count) override;

private:
  random_source random_;
  double kept_;
  double torn_;
};

} // namespace troupe
