#include "apps/troupe/command_line.hpp"

#include "apps/troupe/command.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace troupe::cli {

namespace {

std::string names_of_commands(const CLI::App& below) {
  std::string out;
  for (const auto* each : below.get_subcommands([](const CLI::App*) { return true; }))
    out += (out.empty() ? "" : ", ") + each->get_name();
  return out;
}

// What is wrong with the arguments, and the command whose help says more.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  const auto* at = &app;
  auto path = app.get_name();
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    path += " " + at->get_name();
  }
  std::string what = error.what();
  // CLI11 says of a command that it does not know only that one is missing.
  if (const auto commands = names_of_commands(*at); !commands.empty()) {
    const auto unknown = app.remaining(true);
    what = unknown.empty() ? "a command is missing" : "there is no command \"" + unknown.front() + "\"";
    what += "; choose one of: " + commands;
  }
  return "error: " + what + "\nfix: see `" + path + " --help`\n";
}

} // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  session now{out, err};
  CLI::App app{
    "Troupe: services as actors, from one contract.\n"
    "This program runs clusters and looks at them, checks contracts, and looks into failed simulations; "
    "`protoc-gen-troupe` generates code.",
    "troupe"};
  app.require_subcommand(1);
  app.footer(
    "Exit codes: 0 all is well; 1 a check found something, or a cluster did not do as told; 2 wrong usage or "
    "unreadable input.");
  add_up_command(app, now);
  add_down_command(app, now);
  add_restart_command(app, now);
  add_ps_command(app, now);
  add_members_command(app, now);
  add_services_command(app, now);
  add_drain_command(app, now);
  add_join_command(app, now);
  add_leave_command(app, now);
  add_contract_command(app, now);
  add_sim_command(app, now);
  add_version_command(app, now);
  if (arguments.empty()) {
    out << app.help();
    return success;
  }
  try {
    // CLI11 takes the arguments from the back.
    app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error, out, err);
    err << complaint(app, error);
    return bad_usage;
  }
  return now.outcome;
}

} // namespace troupe::cli
