// Finds what a path means in the folders of a simulated disk, with the errors that POSIX has for it. Pure.
#pragma once

#include "runtime/simulation_disk/durable_names.hpp"

#include <string>
#include <string_view>

namespace troupe {

// Where a path leads. Links do not exist, so each file and folder has one path.
struct disk_place {
  int error = 0;      // an errno when it leads nowhere: ENOENT, ENOTDIR, ENAMETOOLONG
  disk_node_ptr node; // what is there; null when only the last name is missing. With an error: a file that a
                      // slash follows, otherwise null
  disk_node_ptr folder; // the one that the last name is in; null for "/" and what ends with "." or ".."
  std::string name;     // the last name
  bool slash_at_end = false;
  // The folders above `node`, itself included when it is one, from the root on.
  std::vector<disk_node_ptr> way;
};

// `path` from the folder `working`, an absolute path. Names have at most 255 bytes, paths 4,095.
disk_place find_place(const durable_names& names, std::string_view working, std::string_view path);

} // namespace troupe
