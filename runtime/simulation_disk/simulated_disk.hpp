// A disk in memory that keeps the promises of runtime/environment/disk.hpp and not one more: what was not
// synced may be gone, torn or there after a crash; and it can fail in every way a disk does. Everything that
// happens is decided by one random source.
//
//   simulated_disk disk{random.split("disk"), {.on_stall = [&](duration d) { node.stand_still(d); }}};
//   ... the node's environment has this disk ...
//   disk.crash();        // power off: unsynced data is lost, files of before fail for ever, locks are free
//   disk.power_on();     // the node boots
#pragma once

#include "runtime/environment/disk.hpp"
#include "runtime/environment/random_source.hpp"
#include "runtime/simulation_disk/crash_choices.hpp"
#include "runtime/simulation_disk/disk_faults.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

struct simulated_disk_options {
  // Bytes that all files together may have, gaps included. Further ones get RESOURCE_EXHAUSTED, as does a new
  // name on a full disk.
  std::uint64_t capacity = std::uint64_t{1} << 30;
  // Files and folders that there may be.
  std::uint32_t max_names = 100'000;
  // With more unsynced bytes in one file, or changes of names altogether, the oldest are written back, as a
  // kernel does on its own.
  std::uint64_t max_unsynced_bytes = std::uint64_t{64} << 20;
  std::uint32_t max_unsynced_names = 10'000;
  // Where relative paths start: absolute; it exists from the beginning.
  std::string working_folder = "/";

  // Precondition: valid.
  disk_faults faults;

  // An operation took that long. Called on its thread before it takes effect; the world makes it virtual
  // time.
  std::function<void(duration)> on_stall;
  // A fault struck; `path` is as the program gave it, empty when no path is involved. For traces; it must not
  // use the disk.
  std::function<void(disk_fault fault, std::string_view path)> on_fault;
};

// Since the disk was made.
struct simulated_disk_counters {
  std::uint64_t operations = 0; // of programs, whether or not they succeeded
  std::uint64_t reads = 0;      // of files
  std::uint64_t writes = 0;     // of files, truncations included
  std::uint64_t syncs = 0;      // of files
  std::uint64_t folder_syncs = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t crashes = 0;
  // What crashes did with unsynced writes and truncations, and with unsynced changes of names.
  std::uint64_t writes_kept = 0;
  std::uint64_t writes_lost = 0;
  std::uint64_t writes_torn = 0;
  std::uint64_t names_kept = 0;
  std::uint64_t names_lost = 0;
  // By disk_fault.
  std::array<std::uint64_t, disk_fault_count> struck{};

  std::uint64_t of(disk_fault fault) const noexcept { return struck[static_cast<std::size_t>(fault)]; }
  bool operator==(const simulated_disk_counters&) const = default;
};

// Thread-safe. Files and locks may outlive the disk and its power: they only fail then. Without power
// everything fails with UNAVAILABLE and changes nothing.
//
// Where the real disk leaves it to the file system: a new file's content and its name are synced apart; a new
// folder without its own name synced is lost with all that is in it; a name that moves to another folder is
// never lost, and synced by syncing either folder.
class simulated_disk final : public disk {
public:
  explicit simulated_disk(const random_source& random, simulated_disk_options options = {});
  ~simulated_disk() override;

  result<std::unique_ptr<file>> open(std::string_view path, open_mode mode) override;
  status rename(std::string_view from, std::string_view to) override;
  status remove(std::string_view path) override;
  result<bool> exists(std::string_view path) override;
  result<std::vector<std::string>> list(std::string_view folder) override;
  status create_folders(std::string_view path) override;
  status sync_directory(std::string_view folder) override;
  result<std::unique_ptr<disk_lock>> lock(std::string_view path) override;

  // Power off, now: of everything unsynced it is decided what is found later. Without power already (after
  // cut_power_after()) the same. A second crash without power_on() between them changes nothing.
  void crash();
  // The same, with `choices` in place of chance.
  void crash(crash_choices& choices);

  // Nothing when it has power.
  void power_on();
  bool has_power() const noexcept;

  // `operations` more operations of programs succeed or fail as usual; then there is no power, until crash()
  // and power_on(). To crash at every point of a piece of code.
  void cut_power_after(std::uint64_t operations);

  // INVALID_ARGUMENT, and nothing is changed, when they are not valid.
  status set_faults(const disk_faults& faults);
  disk_faults faults() const;

  // The next `times` operations that `fault` can strike are struck.
  void strike(disk_fault fault, std::uint64_t times = 1);

  // Flips that many bits anywhere in what is synced; how many there were to flip.
  std::uint64_t rot(std::uint64_t bits = 1);

  // Flips a bit (0 to 7) of a byte that is synced. NOT_FOUND: no such file; OUT_OF_RANGE: no such byte.
  status flip(std::string_view path, std::uint64_t byte, unsigned bit);

  // A smaller one than what is used lets nothing grow.
  void set_capacity(std::uint64_t bytes);
  std::uint64_t capacity() const;

  // Of all files that programs can reach, by name or because they have them open.
  std::uint64_t used() const;

  // Over all names and bytes, both those that programs see and those that are synced: equal for equal disks,
  // on every machine. Costs a pass over the content.
  std::uint64_t digest() const;

  simulated_disk_counters counters() const;

private:
  class device;
  class open_file;
  class held_lock;

  std::shared_ptr<device> device_;
};

} // namespace troupe
