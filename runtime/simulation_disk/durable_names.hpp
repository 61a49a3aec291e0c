// The folders of a simulated disk, twice: as programs see them, and as a crash would find them. Pure.
//
// A change of names is unsynced until the folder it is in is synced. In a crash any subset of the unsynced
// ones survives, except that those of one file keep their order. Only what moves a name to another folder, or
// moves a folder, goes through a journal: while such a change is unsynced, changes survive in the order they
// were made, the first so and so many. So no crash loses a file that was only moved, nor ties a folder into
// itself; real file systems promise as much.
#pragma once

#include "runtime/simulation_disk/durable_content.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct disk_node;
using disk_node_ptr = std::shared_ptr<disk_node>;
using name_table = std::map<std::string, disk_node_ptr, std::less<>>;

// A file or a folder; it lives as long as a name or an open file refers to it.
struct disk_node {
  explicit disk_node(bool folder) : is_folder(folder) {}

  const bool is_folder;

  // Of a folder: what is in it, for programs and after a crash.
  name_table names;
  name_table stable_names;

  // Of a file.
  durable_content content;
  std::uint32_t handles = 0;      // how often it is open
  std::uint32_t failed_syncs = 0; // how often a sync failed since the disk has power
  bool locked = false;

  bool linked = false; // programs see it under a name
};

// What became of unsynced changes of names in a crash.
struct name_tally {
  std::uint64_t kept = 0;
  std::uint64_t lost = 0;

  bool operator==(const name_tally&) const = default;
};

// For one thread at a time. The folders in arguments belong to this tree; names are not empty.
class durable_names {
public:
  // `max_unsynced`: with more changes than that the oldest survive a crash, as if the kernel had written
  // them.
  explicit durable_names(std::size_t max_unsynced = 10'000);
  ~durable_names();
  durable_names(const durable_names&) = delete;
  durable_names& operator=(const durable_names&) = delete;

  const disk_node_ptr& root() const noexcept { return root_; }

  // Precondition: there is no such name.
  void add(const disk_node_ptr& folder, std::string_view name, const disk_node_ptr& node);

  // Preconditions: there is such a name; a folder is empty.
  void remove(const disk_node_ptr& folder, std::string_view name);

  // Replaces what is at the target. Preconditions: the source exists; the target, if any, is another node of
  // the same kind and, as a folder, empty; no folder gets into itself.
  void rename(const disk_node_ptr& from_folder, std::string_view from, const disk_node_ptr& to_folder,
              std::string_view to);

  // The changes made in `folder` survive a crash; while a change that needs the journal is unsynced, those
  // made before them too.
  void sync(const disk_node_ptr& folder);

  // Decides which unsynced names survive. Afterwards programs see what is stable; contents are not touched.
  name_tally crash(crash_choices& choices);

  // Files and folders under a stable name, the root included.
  std::uint64_t count() const;

  std::size_t unsynced() const noexcept { return unsynced_.size(); }

  // Every file under a stable name, in the order of paths. After a crash these are all there are.
  void for_each_stable_file(const std::function<void(const std::string& path, disk_node& file)>& visit) const;

private:
  // A name gets a node, or none.
  struct assignment {
    disk_node_ptr folder;
    std::string name;
    disk_node_ptr node;
  };
  struct change {
    disk_node_ptr subject; // the file or folder whose name it is
    bool journaled = false;
    std::vector<assignment> assignments;
  };

  void apply(const change& one);
  void add(change one);
  void keep_first(std::size_t count);
  bool journaled() const;

  const std::size_t max_unsynced_;
  const disk_node_ptr root_;
  std::deque<change> unsynced_; // in the order they were made
};

} // namespace troupe
