// Runs a cluster on this machine: the supervisor's decisions as processes, signals, files and lines on the
// terminal.
#pragma once

#include "apps/launcher/cluster_file.hpp"
#include "apps/launcher/cluster_supervisor.hpp"
#include "apps/launcher/state_folder.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <ostream>

namespace troupe::launcher {

struct runner_options {
  cluster_plan plan;
  std::filesystem::path file;    // cluster.yaml
  std::filesystem::path program; // to run
  std::filesystem::path state;   // the folder, which has been taken
  supervisor_options supervision;
  std::optional<std::uint64_t> seed; // whom --kill-one-every kills; nothing: by chance
  bool colours = false;
  bool show_output = true;         // lines of the nodes too, not only what happens to them
  bool hang_up_reloads = false;    // SIGHUP goes to the nodes; otherwise it stops them
  std::string look_with;           // what `troupe ps` needs to find this cluster: " --state DIR"
  std::function<void()> all_serve; // called once; null: nobody asks
};

// Until all nodes have ended, or SIGINT or SIGTERM has stopped them; a second one kills them. The calling
// process must have one thread; it is the parent of the nodes. Returns the exit code: 0, or 1 when a node was
// given up, did not stop in time, or the state could not be written.
int run_cluster(const runner_options& options, state_folder& state, std::ostream& out);

} // namespace troupe::launcher
