// What a command's file gives to the command line: a function that adds it. Internal to apps/troupe.
#pragma once

#include "apps/troupe/command_line.hpp"

#include <CLI/App.hpp>

#include <ostream>

namespace troupe::cli {

// One invocation, as its command sees it.
struct session {
  std::ostream& out;
  std::ostream& err;
  int outcome = success;
};

// Each adds one command below `parent`; its callback sets session.outcome.
void add_version_command(CLI::App& parent, session& now);
void add_up_command(CLI::App& parent, session& now);
void add_down_command(CLI::App& parent, session& now);
void add_restart_command(CLI::App& parent, session& now);
void add_ps_command(CLI::App& parent, session& now);
void add_members_command(CLI::App& parent, session& now);
void add_services_command(CLI::App& parent, session& now);
void add_drain_command(CLI::App& parent, session& now);
void add_join_command(CLI::App& parent, session& now);
void add_leave_command(CLI::App& parent, session& now);
void add_contract_command(CLI::App& parent, session& now);
void add_contract_check_command(CLI::App& contract, session& now);
void add_contract_lint_command(CLI::App& contract, session& now);
void add_sim_command(CLI::App& parent, session& now);
void add_sim_shrink_command(CLI::App& sim, session& now);
void add_sim_trace_command(CLI::App& sim, session& now);

} // namespace troupe::cli
