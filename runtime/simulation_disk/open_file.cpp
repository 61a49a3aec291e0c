#include "runtime/environment/disk_error.hpp"
#include "runtime/simulation_disk/device.hpp"

#include <algorithm>
#include <cerrno>

namespace troupe {
namespace {

// Offsets are signed in POSIX, also the one where a range ends.
constexpr std::uint64_t largest_offset = std::numeric_limits<std::int64_t>::max();

bool in_range(std::uint64_t offset, std::size_t size) {
  return offset <= largest_offset && size <= largest_offset - offset;
}

} // namespace

simulated_disk::open_file::open_file(std::shared_ptr<device> of, disk_node_ptr node, std::string path,
                                     bool writable)
  : device_(std::move(of)), node_(std::move(node)), path_(std::move(path)), writable_(writable),
    opened_in_(device_->now), failed_syncs_seen_(node_->failed_syncs) {
  ++node_->handles;
}

simulated_disk::open_file::~open_file() {
  std::lock_guard hold{device_->mutex};
  if (opened_in_ == device_->now) device_->closed(*node_); // a crash has closed all files already
}

result<std::size_t> simulated_disk::open_file::read_at(std::uint64_t offset, std::span<std::byte> into) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "read", path_, opened_in_); !s.ok()) return s;
  if (!in_range(offset, into.size())) return disk_failure("read", path_, EINVAL);
  if (device_->strikes(disk_fault::read_error, path_)) return disk_failure("read", path_, EIO);
  durable_content& content = node_->content;
  const std::uint64_t stable = content.stable().size();
  if (offset < stable && !into.empty() && device_->strikes(disk_fault::bit_rot, path_)) {
    const std::uint64_t range = std::min<std::uint64_t>(into.size(), stable - offset);
    content.flip(offset + device_->rot.below(range), static_cast<unsigned>(device_->rot.below(8)));
  }
  const std::size_t got = content.read(offset, into);
  ++device_->counters.reads;
  device_->counters.bytes_read += got;
  return got;
}

status simulated_disk::open_file::put(std::uint64_t offset, std::span<const std::byte> from) {
  if (!writable_) return disk_failure("write to", path_, EBADF);
  if (from.empty()) return {};
  if (!in_range(offset, from.size())) return disk_failure("write to", path_, EINVAL);
  const std::uint64_t size = node_->content.size();
  const std::uint64_t end = offset + from.size();
  std::uint64_t fits = end;
  if (end > size) {
    fits = size + (device_->strikes(disk_fault::full, path_) ? 0 : device_->room(end - size));
    if (fits < end) from = from.first(static_cast<std::size_t>(fits > offset ? fits - offset : 0));
  }
  if (device_->strikes(disk_fault::write_error, path_)) {
    // Any part may have been written: some of its sectors.
    device_->changing(*node_, [&] {
      for_each_sector(offset, from, [&](std::uint64_t at, std::span<const std::byte> piece) {
        if (device_->partial_writes.sector_survives()) node_->content.write(at, piece);
      });
    });
    return disk_failure("write to", path_, EIO);
  }
  device_->changing(*node_, [&] { node_->content.write(offset, from); });
  if (fits < end) return disk_failure("write to", path_, ENOSPC);
  ++device_->counters.writes;
  device_->counters.bytes_written += from.size();
  return {};
}

status simulated_disk::open_file::write_at(std::uint64_t offset, std::span<const std::byte> from) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "write to", path_, opened_in_); !s.ok()) return s;
  return put(offset, from);
}

result<std::uint64_t> simulated_disk::open_file::append(std::span<const std::byte> from) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "write to", path_, opened_in_); !s.ok()) return s;
  const std::uint64_t begin = std::max(node_->content.size(), append_at_least_);
  if (status s = put(begin, from); !s.ok()) {
    // The range stays taken: the next append must not be mixed into what lies there.
    append_at_least_ = begin + from.size();
    return s;
  }
  return begin;
}

status simulated_disk::open_file::sync() {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "sync", path_, opened_in_); !s.ok()) return s;
  // Everyone who had the file open when a sync of it failed is told, as Linux does, and told again.
  if (node_->failed_syncs != failed_syncs_seen_) return disk_failure("sync", path_, EIO);
  if (device_->strikes(disk_fault::sync_failure, path_)) {
    random_crash_choices reached{
      device_->random.split("failed_sync", device_->dice.struck(disk_fault::sync_failure)),
      device_->dice.faults().kept_write, device_->dice.faults().torn_write};
    node_->content.fail_sync(reached);
    ++node_->failed_syncs;
    return disk_failure("sync", path_, EIO);
  }
  ++device_->counters.syncs;
  if (!device_->strikes(disk_fault::lost_sync, path_)) node_->content.sync();
  return {};
}

status simulated_disk::open_file::truncate(std::uint64_t size) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "truncate", path_, opened_in_); !s.ok()) return s;
  if (!writable_ || size > largest_offset) return disk_failure("truncate", path_, EINVAL);
  const std::uint64_t before = node_->content.size();
  if (size > before
      && (device_->strikes(disk_fault::full, path_) || device_->room(size - before) < size - before)) {
    return disk_failure("truncate", path_, ENOSPC);
  }
  if (device_->strikes(disk_fault::write_error, path_)) return disk_failure("truncate", path_, EIO);
  device_->changing(*node_, [&] { node_->content.truncate(size); });
  append_at_least_ = 0;
  ++device_->counters.writes;
  return {};
}

result<std::uint64_t> simulated_disk::open_file::size() const {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "read the size of", path_, opened_in_); !s.ok()) return s;
  return node_->content.size();
}

} // namespace troupe
