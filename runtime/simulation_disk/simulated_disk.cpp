#include "runtime/simulation_disk/simulated_disk.hpp"

#include "runtime/environment/disk_error.hpp"
#include "runtime/simulation_disk/device.hpp"
#include "runtime/simulation_disk/disk_digest.hpp"

#include <algorithm>
#include <cerrno>

namespace troupe {
namespace {

// Whether making a file there is refused for the slash behind its name, whatever is there.
bool makes_folder(const disk_place& place) {
  return place.slash_at_end && (place.error == 0 || place.node != nullptr);
}

} // namespace

class simulated_disk::held_lock final : public disk_lock {
public:
  // The caller holds the mutex.
  held_lock(std::shared_ptr<device> of, disk_node_ptr node)
    : device_(std::move(of)), node_(std::move(node)), taken_in_(device_->now) {
    node_->locked = true;
    ++node_->handles;
  }
  ~held_lock() override {
    std::lock_guard hold{device_->mutex};
    if (taken_in_ != device_->now) return; // a crash has given it back already
    node_->locked = false;
    device_->closed(*node_);
  }

private:
  const std::shared_ptr<device> device_;
  const disk_node_ptr node_;
  const device::generation taken_in_;
};

simulated_disk::simulated_disk(const random_source& random, simulated_disk_options options)
  : device_(std::make_shared<device>(random, std::move(options))) {}

simulated_disk::~simulated_disk() = default;

result<std::unique_ptr<file>> simulated_disk::open(std::string_view path, open_mode mode) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "open", path); !s.ok()) return s;
  const disk_place place = device_->find(path);
  const bool may_create = mode != open_mode::read && mode != open_mode::read_write;
  if (may_create && makes_folder(place)) return disk_failure("open", path, EISDIR);
  if (place.error != 0) return disk_failure("open", path, place.error);
  disk_node_ptr node = place.node;
  if (node != nullptr) {
    if (mode == open_mode::create_new) return disk_failure("open", path, EEXIST);
    if (node->is_folder) return disk_failure("open", path, EISDIR);
    if (device_->strikes(disk_fault::read_error, path)) return disk_failure("open", path, EIO);
    if (mode == open_mode::create_empty && node->content.size() > 0) {
      if (device_->strikes(disk_fault::write_error, path)) return disk_failure("open", path, EIO);
      device_->changing(*node, [&] { node->content.truncate(0); });
      ++device_->counters.writes;
    }
  } else {
    if (!may_create) return disk_failure("open", path, ENOENT);
    if (const int error = device_->make(place, false, path, node); error != 0)
      return disk_failure("open", path, error);
  }
  return std::unique_ptr<file>{
    std::make_unique<open_file>(device_, std::move(node), std::string{path}, mode != open_mode::read)};
}

status simulated_disk::rename(std::string_view from, std::string_view to) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "rename", from); !s.ok()) return s;
  const disk_place source = device_->find(from);
  const disk_place target = device_->find(to);
  const auto error = [&] {
    // A slash behind a file matters only once both are known to be there.
    if (source.error != 0 && source.node == nullptr) return source.error;
    if (target.error != 0 && target.node == nullptr) return target.error;
    if (source.folder == nullptr || target.folder == nullptr) return EBUSY;
    if (source.node == nullptr) return ENOENT;
    if (!source.node->is_folder && (source.slash_at_end || target.slash_at_end)) return ENOTDIR;
    if (source.node == target.node) return 0;
    if (std::find(target.way.begin(), target.way.end(), source.node) != target.way.end()) return EINVAL;
    if (target.node != nullptr) {
      if (std::find(source.way.begin(), source.way.end(), target.node) != source.way.end()) return ENOTEMPTY;
      if (source.node->is_folder && !target.node->is_folder) return ENOTDIR;
      if (!source.node->is_folder && target.node->is_folder) return EISDIR;
      if (!target.node->names.empty()) return ENOTEMPTY;
    }
    return device_->strikes(disk_fault::write_error, from) ? EIO : 0;
  }();
  if (error != 0) return rename_failure(from, to, error);
  if (source.node == target.node) return {};
  device_->names.rename(source.folder, source.name, target.folder, target.name);
  if (target.node != nullptr) device_->unlinked(*target.node);
  return {};
}

status simulated_disk::remove(std::string_view path) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "remove", path); !s.ok()) return s;
  const disk_place place = device_->find(path);
  if (place.error != 0) return disk_failure("remove", path, place.error);
  if (place.node == nullptr) return disk_failure("remove", path, ENOENT);
  if (place.node == device_->names.root()) return disk_failure("remove", path, EBUSY);
  if (place.folder == nullptr) return disk_failure("remove", path, EINVAL);
  if (!place.node->names.empty()) return disk_failure("remove", path, ENOTEMPTY);
  if (device_->strikes(disk_fault::write_error, path)) return disk_failure("remove", path, EIO);
  device_->names.remove(place.folder, place.name);
  device_->unlinked(*place.node);
  return {};
}

result<bool> simulated_disk::exists(std::string_view path) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "look at", path); !s.ok()) return s;
  if (device_->strikes(disk_fault::read_error, path)) return disk_failure("look at", path, EIO);
  const disk_place place = device_->find(path);
  if (place.error == ENOENT || place.error == ENOTDIR) return false;
  if (place.error != 0) return disk_failure("look at", path, place.error);
  return place.node != nullptr;
}

result<std::vector<std::string>> simulated_disk::list(std::string_view folder) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "list", folder); !s.ok()) return s;
  const disk_place place = device_->find(folder);
  if (place.error != 0) return disk_failure("list", folder, place.error);
  if (place.node == nullptr) return disk_failure("list", folder, ENOENT);
  if (!place.node->is_folder) return disk_failure("list", folder, ENOTDIR);
  if (device_->strikes(disk_fault::read_error, folder)) return disk_failure("list", folder, EIO);
  std::vector<std::string> out;
  for (const auto& [name, node] : place.node->names)
    out.push_back(name);
  return out;
}

status simulated_disk::create_folders(std::string_view path) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "create the folder", path); !s.ok()) return s;
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string_view part = path.substr(0, end);
    if (!part.empty()) {
      const disk_place place = device_->find(part);
      if (place.error != 0) return disk_failure("create the folder", part, place.error);
      disk_node_ptr made;
      if (place.node == nullptr) {
        if (const int error = device_->make(place, true, part, made); error != 0)
          return disk_failure("create the folder", part, error);
      }
    }
    if (end == std::string_view::npos) break;
  }
  const disk_place place = device_->find(path);
  if (place.error != 0) return disk_failure("create the folder", path, place.error);
  if (!place.node->is_folder) return disk_failure("create the folder", path, ENOTDIR);
  return {};
}

status simulated_disk::sync_directory(std::string_view folder) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "sync the folder", folder); !s.ok()) return s;
  const disk_place place = device_->find(folder);
  if (place.error != 0) return disk_failure("sync the folder", folder, place.error);
  if (place.node == nullptr) return disk_failure("sync the folder", folder, ENOENT);
  if (!place.node->is_folder) return disk_failure("sync the folder", folder, ENOTDIR);
  if (device_->strikes(disk_fault::sync_failure, folder)) return disk_failure("sync the folder", folder, EIO);
  ++device_->counters.folder_syncs;
  if (!device_->strikes(disk_fault::lost_sync, folder)) device_->names.sync(place.node);
  return {};
}

result<std::unique_ptr<disk_lock>> simulated_disk::lock(std::string_view path) {
  std::unique_lock<std::mutex> hold;
  if (status s = device_->begin(hold, "lock", path); !s.ok()) return s;
  const disk_place place = device_->find(path);
  if (makes_folder(place)) return disk_failure("lock", path, EISDIR);
  if (place.error != 0) return disk_failure("lock", path, place.error);
  disk_node_ptr node = place.node;
  if (node == nullptr) {
    if (const int error = device_->make(place, false, path, node); error != 0)
      return disk_failure("lock", path, error);
  }
  if (node->is_folder) return disk_failure("lock", path, EISDIR);
  if (node->locked) return failed_precondition("cannot lock '{}': another node holds it", path);
  return std::unique_ptr<disk_lock>{std::make_unique<held_lock>(device_, std::move(node))};
}

void simulated_disk::crash() {
  std::lock_guard hold{device_->mutex};
  device_->crash(nullptr);
}

void simulated_disk::crash(crash_choices& choices) {
  std::lock_guard hold{device_->mutex};
  device_->crash(&choices);
}

void simulated_disk::power_on() {
  std::lock_guard hold{device_->mutex};
  // Power that was cut and came back at once is a crash, too.
  if (!device_->power) device_->crash(nullptr);
  device_->power = true;
  device_->settled = false;
}

bool simulated_disk::has_power() const noexcept {
  std::lock_guard hold{device_->mutex};
  return device_->power;
}

void simulated_disk::cut_power_after(std::uint64_t operations) {
  std::lock_guard hold{device_->mutex};
  if (device_->power) device_->operations_left = operations;
}

status simulated_disk::set_faults(const disk_faults& faults) {
  if (status s = faults.validate(); !s.ok()) return s;
  std::lock_guard hold{device_->mutex};
  device_->dice.set(faults);
  return {};
}

disk_faults simulated_disk::faults() const {
  std::lock_guard hold{device_->mutex};
  return device_->dice.faults();
}

void simulated_disk::strike(disk_fault fault, std::uint64_t times) {
  std::lock_guard hold{device_->mutex};
  device_->dice.force(fault, times);
}

std::uint64_t simulated_disk::rot(std::uint64_t bits) {
  std::lock_guard hold{device_->mutex};
  std::uint64_t total = 0;
  device_->names.for_each_stable_file(
    [&](const std::string&, disk_node& file) { total += file.content.stable().size(); });
  if (total == 0) return 0;
  for (std::uint64_t done = 0; done < bits; ++done) {
    std::uint64_t byte = device_->rot.below(total);
    const auto bit = static_cast<unsigned>(device_->rot.below(8));
    bool flipped = false;
    device_->names.for_each_stable_file([&](const std::string& path, disk_node& file) {
      const std::uint64_t size = file.content.stable().size();
      if (!flipped && byte < size) {
        flipped = file.content.flip(byte, bit);
        if (device_->options.on_fault) device_->options.on_fault(disk_fault::bit_rot, path);
      }
      if (!flipped) byte -= size;
    });
  }
  device_->dice.count(disk_fault::bit_rot, bits);
  return bits;
}

status simulated_disk::flip(std::string_view path, std::uint64_t byte, unsigned bit) {
  std::lock_guard hold{device_->mutex};
  const disk_place place = device_->find(path);
  if (place.error != 0) return disk_failure("flip a bit of", path, place.error);
  if (place.node == nullptr || place.node->is_folder) return disk_failure("flip a bit of", path, ENOENT);
  if (!place.node->content.flip(byte, bit)) {
    return out_of_range("'{}' has {} synced bytes, so none at {}", path, place.node->content.stable().size(),
                        byte);
  }
  device_->dice.count(disk_fault::bit_rot);
  if (device_->options.on_fault) device_->options.on_fault(disk_fault::bit_rot, path);
  return {};
}

void simulated_disk::set_capacity(std::uint64_t bytes) {
  std::lock_guard hold{device_->mutex};
  device_->capacity = bytes;
}

std::uint64_t simulated_disk::capacity() const {
  std::lock_guard hold{device_->mutex};
  return device_->capacity;
}

std::uint64_t simulated_disk::used() const {
  std::lock_guard hold{device_->mutex};
  return device_->used;
}

std::uint64_t simulated_disk::digest() const {
  std::lock_guard hold{device_->mutex};
  return digest_of(device_->names);
}

simulated_disk_counters simulated_disk::counters() const {
  std::lock_guard hold{device_->mutex};
  simulated_disk_counters out = device_->counters;
  for (std::size_t i = 0; i < disk_fault_count; ++i)
    out.struck[i] = device_->dice.struck(static_cast<disk_fault>(i));
  return out;
}

} // namespace troupe
