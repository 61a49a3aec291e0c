// What the disk, its files and its locks share: the state behind simulated_disk. Internal to this component.
#pragma once

#include "runtime/simulation_disk/disk_path.hpp"
#include "runtime/simulation_disk/simulated_disk.hpp"

#include <limits>
#include <mutex>
#include <optional>

namespace troupe {

// Everything but begin() and the constructor needs the mutex.
class simulated_disk::device {
public:
  // Which power cycle something was opened in; `any` for what needs no open file.
  using generation = std::uint64_t;
  static constexpr generation any = std::numeric_limits<generation>::max();

  device(const random_source& random, simulated_disk_options options);

  // Starts an operation of a program: it may take a stall's time, and there must be power. With an OK status
  // `hold` locks the mutex; `what` and `path` are for the error.
  status begin(std::unique_lock<std::mutex>& hold, std::string_view what, std::string_view path,
               generation opened_in = any);

  // Whether a fault strikes now; tells who listens.
  bool strikes(disk_fault fault, std::string_view path);

  disk_place find(std::string_view path) const { return find_place(names, options.working_folder, path); }

  // Makes a file or a folder where `place` has none. 0, or an errno.
  int make(const disk_place& place, bool folder, std::string_view path, disk_node_ptr& made);

  // How many of `wanted` bytes a file may grow by now.
  std::uint64_t room(std::uint64_t wanted) const;

  // Changes a file by `change()` and notes what it takes.
  template <class Change>
  void changing(disk_node& file, Change change) {
    const std::uint64_t before = file.content.size();
    change();
    used += file.content.size() - before; // unsigned arithmetic: right for less, too
    file.content.write_back(options.max_unsynced_bytes);
  }

  // A name was taken from `node`, or an open file of it closed: what nobody reaches takes no space.
  void unlinked(disk_node& node);
  void closed(disk_node& node);
  void release(const disk_node& node);

  void crash(crash_choices* choices);

  mutable std::mutex mutex;
  const simulated_disk_options options;
  const random_source random;
  disk_fault_dice dice;
  random_source rot;
  random_crash_choices partial_writes;
  durable_names names;
  simulated_disk_counters counters;
  std::uint64_t capacity;
  std::uint64_t used = 0;
  std::uint64_t name_count = 1; // the root
  generation now = 0;
  bool power = true;
  bool settled = false; // without power: what survives is decided
  std::optional<std::uint64_t> operations_left;
};

class simulated_disk::open_file final : public file {
public:
  // Takes part in `node`'s handles; the caller holds the mutex.
  open_file(std::shared_ptr<device> of, disk_node_ptr node, std::string path, bool writable);
  ~open_file() override;

  result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override;
  status write_at(std::uint64_t offset, std::span<const std::byte> from) override;
  result<std::uint64_t> append(std::span<const std::byte> from) override;
  status sync() override;
  status truncate(std::uint64_t size) override;
  result<std::uint64_t> size() const override;
  const std::string& path() const noexcept override { return path_; }

private:
  // With the mutex.
  status put(std::uint64_t offset, std::span<const std::byte> from);

  const std::shared_ptr<device> device_;
  const disk_node_ptr node_;
  const std::string path_;
  const bool writable_;
  const device::generation opened_in_;
  const std::uint32_t failed_syncs_seen_;
  std::uint64_t append_at_least_ = 0; // the end of an append that failed; with the mutex
};

} // namespace troupe
