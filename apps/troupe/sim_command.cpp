#include "apps/troupe/command.hpp"

namespace troupe::cli {

void add_sim_command(CLI::App& parent, session& now) {
  auto* command = parent.add_subcommand("sim", "Look into failures that a simulation of a cluster has found");
  command->require_subcommand(1);
  add_sim_shrink_command(*command, now);
  add_sim_trace_command(*command, now);
}

} // namespace troupe::cli
