// cluster.json: what `troupe up` says of its nodes to the other commands. Pure.
//
//   {"cluster": "shop", "file": "...", "pid": 41, "born": 1733, "nodes": [{"name": "front", "state":
//   "serving",
//    "pid": 42, "born": 1740, "since": 1764000000000, "starts": 1, "failures": 0, "last_exit": "",
//    "ports": {"http": 1, "grpc": 2, "admin": 3, "link": 4, "gossip": 5}}]}
#pragma once

#include "apps/launcher/cluster_supervisor.hpp"
#include "runtime/core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::launcher {

// A process, told apart from later ones of the same number.
struct process_id {
  int pid = 0;            // 0: none
  std::uint64_t born = 0; // when it was started, in clock ticks since the machine was (proc(5), starttime)

  bool operator==(const process_id&) const = default;
};

struct node_record {
  std::string name;
  std::string state; // as to_string(node_phase) has it
  process_id process;
  std::int64_t since = 0; // of the state: milliseconds since 1970
  std::uint32_t starts = 0;
  std::uint32_t failures = 0;
  std::string last_exit; // "": it has never ended
  node_ports ports;

  bool operator==(const node_record&) const = default;
};

struct cluster_record {
  std::string cluster;
  std::string file;   // its path when the cluster was started
  process_id process; // of `troupe up`
  std::vector<node_record> nodes;

  bool operator==(const cluster_record&) const = default;
};

std::string to_json(const cluster_record& record);

// INVALID_ARGUMENT: not such a text.
result<cluster_record> parse_cluster_record(std::string_view json);

// What a node's --ports-file says. Doors that it does not name are 0.
result<node_ports> parse_ports(std::string_view json);

} // namespace troupe::launcher
