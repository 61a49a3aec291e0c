#include "runtime/simulation_disk/device.hpp"

#include <algorithm>
#include <cerrno>

namespace troupe {

simulated_disk::device::device(const random_source& source, simulated_disk_options given)
  : options(std::move(given)), random(source), dice(source.split("faults"), options.faults),
    rot(source.split("rot")), partial_writes(source.split("partial_writes"), 0, 1),
    names(options.max_unsynced_names), capacity(options.capacity) {
  std::string path;
  for (std::size_t begin = 0; begin < options.working_folder.size();) {
    const std::size_t end = std::min(options.working_folder.find('/', begin), options.working_folder.size());
    path += "/" + options.working_folder.substr(begin, end - begin);
    begin = end + 1;
    const disk_place place = find_place(names, "/", path);
    if (place.folder == nullptr || place.node != nullptr) continue;
    names.add(place.folder, place.name, std::make_shared<disk_node>(true));
    names.sync(place.folder);
    ++name_count;
  }
}

status simulated_disk::device::begin(std::unique_lock<std::mutex>& hold, std::string_view what,
                                     std::string_view path, generation opened_in) {
  hold = std::unique_lock{mutex};
  if (power && (opened_in == any || opened_in == now) && strikes(disk_fault::stall, path)) {
    const duration length = dice.stall_length();
    hold.unlock(); // the world may do anything meanwhile
    if (options.on_stall) options.on_stall(length);
    hold.lock();
  }
  if (opened_in != any && opened_in != now)
    return unavailable("cannot {} '{}': it was opened before a crash", what, path);
  if (power && operations_left.has_value() && (*operations_left)-- == 0) power = false;
  if (!power) return unavailable("cannot {} '{}': the disk has no power", what, path);
  ++counters.operations;
  return {};
}

bool simulated_disk::device::strikes(disk_fault fault, std::string_view path) {
  if (!dice.strikes(fault)) return false;
  if (options.on_fault) options.on_fault(fault, path);
  return true;
}

int simulated_disk::device::make(const disk_place& place, bool folder, std::string_view path,
                                 disk_node_ptr& made) {
  if (strikes(disk_fault::full, path) || used >= capacity || name_count >= options.max_names) return ENOSPC;
  if (strikes(disk_fault::write_error, path)) return EIO;
  made = std::make_shared<disk_node>(folder);
  names.add(place.folder, place.name, made);
  ++name_count;
  return 0;
}

std::uint64_t simulated_disk::device::room(std::uint64_t wanted) const {
  return used >= capacity ? 0 : std::min(wanted, capacity - used);
}

void simulated_disk::device::unlinked(disk_node& node) {
  --name_count;
  release(node);
}

void simulated_disk::device::closed(disk_node& node) {
  --node.handles;
  release(node);
}

void simulated_disk::device::release(const disk_node& node) {
  if (!node.linked && node.handles == 0) used -= node.content.size();
}

void simulated_disk::device::crash(crash_choices* choices) {
  if (!power && settled) return;
  random_crash_choices by_chance{random.split("crash", counters.crashes), dice.faults().kept_write,
                                 dice.faults().torn_write};
  crash_choices& decide = choices == nullptr ? by_chance : *choices;
  power = false;
  settled = true;
  operations_left.reset();
  ++now;
  ++counters.crashes;

  const name_tally names_found = names.crash(decide);
  counters.names_kept += names_found.kept;
  counters.names_lost += names_found.lost;
  used = 0;
  names.for_each_stable_file([&](const std::string&, disk_node& file) {
    const write_tally found = file.content.crash(decide);
    counters.writes_kept += found.kept;
    counters.writes_lost += found.lost;
    counters.writes_torn += found.torn;
    file.handles = 0;
    file.failed_syncs = 0;
    file.locked = false;
    used += file.content.size();
  });
  name_count = names.count();
}

} // namespace troupe
