// cluster.yaml: which nodes a cluster has and what is special about each. Pure.
//
//   cluster: shop                            # its name
//   program: ../../build/release/apps/shop/shop   # relative to the file
//   settings: {log.format: json}             # of every node, group.setting: value
//   nodes:
//     - name: front
//       roles: [edge]
//       services: [shop.Orders]              # left out: all of the program's
//       settings: {http.port: 8080}          # win over those of every node
//     - {name: worker, count: 3}             # worker-1, worker-2, worker-3
//     - name: far
//       with: [ip, netns, exec, "{name}"]    # a command that runs the program, in place of itself
//   restart: {after: 1s, longest: 30s, steady: 10s, attempts: 5}
//
// The nodes are each other's seeds, at 127.0.0.1; discovery.seeds among the settings replaces that.
// For scripts/launch a node names its hosts, one node each: hosts: [ada@10.0.0.7, {ssh: node-2,
// address: 10.0.0.8}].
#pragma once

#include "runtime/core/deadline.hpp"
#include "runtime/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::launcher {

inline constexpr std::size_t most_nodes = 256;         // of one file
inline constexpr std::size_t most_cluster_errors = 50; // reported at once; the rest is counted

// A setting as a node takes it: one value, or the elements of a table (log.levels).
struct node_setting {
  std::string value; // of a list: its elements with commas between
  std::map<std::string, std::string> elements;

  bool operator==(const node_setting&) const = default;
};

using node_settings = std::map<std::string, node_setting>; // by "group.setting"

// Where scripts/launch starts a node.
struct launch_host {
  std::string ssh;            // what ssh is told: a name or user@name
  std::uint16_t ssh_port = 0; // 0: as ssh is configured
  std::string address;        // an IP address at which the other nodes reach this one
  std::string folder;         // on that host, for the program, the settings and the state

  bool operator==(const launch_host&) const = default;
};

struct planned_node {
  std::string name;
  std::vector<std::string> services; // empty: all
  std::vector<std::string> roles;
  node_settings settings; // those of every node among them
  std::optional<launch_host> host;
  std::vector<std::string> with{}; // a command and its arguments that run the program

  bool operator==(const planned_node&) const = default;
};

// When a node that has ended is started again.
struct restart_rule {
  duration after = std::chrono::seconds{1};    // the first time; doubled each further time
  duration longest = std::chrono::seconds{30}; // the longest pause
  duration steady = std::chrono::seconds{10};  // who has served for so long has no earlier failures any more
  std::uint32_t attempts = 5;                  // failures in a row, after which a node is given up; 0: never

  bool operator==(const restart_rule&) const = default;
};

struct cluster_plan {
  std::string name;
  std::string program; // as the file has it
  std::vector<planned_node> nodes;
  restart_rule restart;

  bool operator==(const cluster_plan&) const = default;
};

// INVALID_ARGUMENT with every mistake in the message, a line each: "FILE:LINE:COLUMN: what is wrong; the
// fix". `file` is for the messages. In a setting's value, and in `with`, {name} stands for the node's name.
result<cluster_plan> parse_cluster_file(std::string_view text, std::string_view file);

} // namespace troupe::launcher
