// What runs on a node of a simulated cluster: a log and a node with its modules, as a process would have
// them. Internal to testing.
#pragma once

#include "actors/host/node.hpp"
#include "runtime/simulation/simulated_node.hpp"
#include "runtime/telemetry/log.hpp"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace troupe::detail {

struct service_process {
  node_options options;
  std::vector<service_module> modules;
  log_level level = log_level::info;
  // Gets each line of the log.
  std::function<void(std::string_view line)> on_log;
  // The node's tree has ended although nobody crashed it.
  std::function<void(const supervisor_exit& why)> on_end;
  // The cluster will not have the node.
  std::function<void(const cluster_ending& what)> on_cluster_ending;
};

class service_program final : public simulated_program {
public:
  // Begins to start the modules; their end is told while the world goes on. Throws simulation_failed for
  // modules and options that make no sense.
  service_program(simulated_node& on, service_process what);
  ~service_program() override;

  troupe::node& node() noexcept { return *node_; }

private:
  std::unique_ptr<logging> logs_;
  std::unique_ptr<troupe::node> node_;
};

} // namespace troupe::detail
