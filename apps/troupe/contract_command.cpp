#include "apps/troupe/command.hpp"

namespace troupe::cli {

void add_contract_command(CLI::App& parent, session& now) {
  auto* command =
    parent.add_subcommand("contract", "Check contracts: the .proto files that say what services do");
  command->require_subcommand(1);
  add_contract_check_command(*command, now);
  add_contract_lint_command(*command, now);
}

} // namespace troupe::cli
