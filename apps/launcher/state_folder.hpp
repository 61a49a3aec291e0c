// The folder in which a cluster of `troupe up` keeps its state: cluster.json, logs, files of the nodes.
//
//   .troupe/shop/cluster.json      beside cluster.yaml
//               /lock              held while `troupe up` runs
//               /up.log, front.log, front.ports.json, front.members
#pragma once

#include "apps/launcher/cluster_record.hpp"
#include "runtime/core/result.hpp"

#include <filesystem>
#include <string>

namespace troupe::launcher {

class state_folder {
public:
  explicit state_folder(std::filesystem::path path) : path_(std::move(path)) {}

  // Makes the folder, for this user only, and keeps a second `troupe up` out until the process ends.
  // ALREADY_EXISTS: one runs there, and which; UNAVAILABLE: the folder cannot be written.
  status take();

  // Replaces cluster.json by a rename: a reader sees all of the old one or all of the new one.
  status write(const cluster_record& record) const;
  // NOT_FOUND: there is none; INVALID_ARGUMENT: it is broken.
  result<cluster_record> read() const;

  // Whoever makes this file asks `troupe up`, which removes it, to start the node anew.
  std::string restart_request(std::string_view node) const { return file(std::string{node} + ".restart"); }

  const std::filesystem::path& path() const noexcept { return path_; }
  std::string file(std::string_view name) const { return (path_ / name).string(); }

private:
  std::filesystem::path path_;
};

// The folder below `.troupe` in `where` whose cluster.json is the newest. NOT_FOUND says how to start a
// cluster.
result<state_folder> find_state_folder(const std::filesystem::path& where);

// The process of that number now; born is 0 when there is none.
process_id identify(int pid);
// Whether it still runs.
bool is_running(const process_id& process);

} // namespace troupe::launcher
