// The members of the cluster as this node saw them last, on its disk: where it looks for others after a
// restart, also when the settings name nodes that are no more.
//
//   last_known_members known{{.path = "data/members"}, world, loop, &logs};
//   auto seeds_of_before = known.read();
//   known.remember(members);      whenever the membership changed
//   known.flush();                before a graceful stop
#pragma once

#include "discovery/seeds/complaint_quota.hpp"
#include "discovery/seeds/member_file.hpp"
#include "runtime/environment/environment.hpp"
#include "runtime/telemetry/log.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe {

struct last_known_options {
  // The file; its folder is made when it is missing. `path`.new beside it is used too. One node a file.
  std::string path;
  // Members that are remembered, 1 to max_member_file_entries.
  std::size_t limit = 64;
  // At most one look at the members, and write, in this time, 100 ms to 1 day.
  duration interval = std::chrono::seconds{30};
  // Where this node is reached: never remembered.
  std::vector<endpoint> own;
};

// Everything on the loop, its destructor too. Writes on the loop (two syncs), so it should not be one that
// carries calls. After a crash at any moment the file is that of before or that of after a write.
class last_known_members {
public:
  // Everything given must outlive it; `logs` may be null. INVALID_ARGUMENT: no path, or a field out of its
  // range.
  static result<std::unique_ptr<last_known_members>>
  open(last_known_options options, const environment& world, event_loop& loop, logging* logs);
  // Does not write: flush() does.
  ~last_known_members();
  last_known_members(const last_known_members&) = delete;
  last_known_members& operator=(const last_known_members&) = delete;

  // What was remembered, without the node itself. None when there is no file, or when it cannot be read or is
  // not whole, which the log tells: a node starts without it.
  std::vector<endpoint> read();

  // The members now. They are written when those chosen of them are others than those written last, at once
  // or `interval` after the last write. No members besides this node: keeps those of before, because a node
  // that is cut off needs them most. A write that fails is tried again, and said once a minute.
  void remember(std::vector<known_member> members);

  // Writes what waits, now. Why it cannot, as the disk says it (runtime/environment/disk.hpp).
  status flush();

private:
  last_known_members(last_known_options options, const environment& world, event_loop& loop, logging* logs);
  void write_or_wait();
  status write();

  const last_known_options options_;
  const environment world_;
  event_loop& loop_;
  const logger log_;
  const random_source salt_;
  complaint_quota quota_;
  std::vector<known_member> members_;
  bool waiting_ = false; // members_ are not looked at yet
  std::string written_;  // what is in the file, as far as is known
  bool folder_made_ = false;
  bool ever_looked_ = false; // at the members, whether or not there was something to write
  monotonic_time looked_at_{};
  std::unique_ptr<loop_timer> timer_;
};

} // namespace troupe
