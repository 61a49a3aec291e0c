// How a node of a cluster is started: its flags and its variables. Pure.
#pragma once

#include "apps/launcher/cluster_file.hpp"
#include "apps/launcher/cluster_supervisor.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::launcher {

struct node_command {
  std::vector<std::string> flags;
  // The settings of the file: a secret among them must not be a flag, which every user of the machine sees.
  std::vector<std::pair<std::string, std::string>> variables;
};

struct node_start {
  std::string_view cluster;
  std::string ports_file;
  std::string members_file;       // what the node remembers of the others over a restart
  std::vector<std::string> seeds; // none: it is the first
  // The node chooses its ports itself (0), or has these again. What the file sets comes before either.
  // Without it, ports are as the file or the program has them.
  std::optional<node_ports> ports;
};

// Every node has a link and discovery, unless the file says discovery.enabled: false.
node_command command_of(const planned_node& node, const node_start& how);

} // namespace troupe::launcher
