#include "apps/launcher/cluster_runner.hpp"
#include "apps/launcher/descriptor.hpp"
#include "apps/launcher/node_command.hpp"
#include "apps/troupe/cluster_access.hpp"
#include "runtime/configuration/units.hpp"

#include <boost/json.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sys/wait.h>

namespace troupe::cli {

namespace {

namespace json = boost::json;
using launcher::descriptor;
using launcher::pipe_ends;

struct up_arguments {
  std::string file = "cluster.yaml";
  std::string state;
  std::string kill_every;
  std::string stop_limit = "60s";
  std::optional<std::uint64_t> seed;
  bool background = false;
  bool dry_run = false;
  bool json = false;
};

int refuse(session& now, std::string_view why) {
  now.err << "error: " << why << "\n";
  return bad_usage;
}

json::value told(const launcher::cluster_plan& plan, const std::filesystem::path& program) {
  json::array nodes;
  for (const auto& each : plan.nodes) {
    json::object settings;
    for (const auto& [path, setting] : each.settings) {
      if (setting.elements.empty()) {
        settings[path] = setting.value;
        continue;
      }
      json::object table;
      for (const auto& [element, value] : setting.elements)
        table[element] = value;
      settings[path] = std::move(table);
    }
    json::object node{{"name", each.name},
                      {"services", json::value_from(each.services)},
                      {"roles", json::value_from(each.roles)},
                      {"settings", std::move(settings)},
                      {"host", nullptr}};
    if (each.host)
      node["host"] = json::object{{"ssh", each.host->ssh},
                                  {"ssh_port", each.host->ssh_port},
                                  {"address", each.host->address},
                                  {"folder", each.host->folder}};
    nodes.push_back(std::move(node));
  }
  return json::object{{"cluster", plan.name}, {"program", program.string()}, {"nodes", std::move(nodes)}};
}

void tell(const launcher::cluster_plan& plan, const std::filesystem::path& program, std::ostream& out) {
  out << plan.name << ": " << plan.nodes.size() << " nodes of " << program.string() << "\n";
  for (const auto& each : plan.nodes) {
    const auto command =
      launcher::command_of(each, {plan.name, "PORTS_FILE", "MEMBERS_FILE", {}, launcher::node_ports{}});
    out << each.name << ":";
    for (const auto& flag : command.flags)
      out << " " << flag;
    // Their values may be secrets.
    for (const auto& [name, value] : command.variables)
      out << "\n  with " << name;
    out << "\n";
  }
}

// What the parent of such a `troupe up` does: shows what the child says until the nodes serve.
int wait_for_detached(int child, pipe_ends& said, pipe_ends& verdict, session& now) {
  said.in.close();
  verdict.in.close();
  std::array<char, 4096> piece{};
  for (;;) {
    const auto count = ::read(said.out.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    now.out.write(piece.data(), count);
  }
  now.out.flush();
  char serves = 0;
  if (::read(verdict.out.get(), &serves, 1) == 1) return success;
  int how = 0;
  ::waitpid(child, &how, 0);
  return WIFEXITED(how) && WEXITSTATUS(how) != 0 ? WEXITSTATUS(how) : found_something;
}

void replace_output(int with) {
  ::dup2(with, STDOUT_FILENO);
  ::dup2(with, STDERR_FILENO);
}

int run_detached(launcher::runner_options options, launcher::state_folder& state, session& now) {
  pipe_ends said;
  pipe_ends verdict;
  now.out.flush();
  if (!said.open() || !verdict.open()) return complain(now, internal("cannot make a pipe"));
  const auto child = ::fork();
  if (child < 0) return complain(now, internal("cannot make a process"));
  if (child > 0) return wait_for_detached(child, said, verdict, now);
  ::setsid();
  const descriptor nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  ::dup2(nothing.get(), STDIN_FILENO);
  replace_output(said.in.get());
  said = pipe_ends{};
  options.all_serve = [&] {
    const auto written = ::write(verdict.in.get(), "1", 1);
    verdict = pipe_ends{};
    // The lines from here on are in up.log. Whoever waits for the output's end need not wait for ours.
    if (written == 1) replace_output(nothing.get());
  };
  const auto outcome = launcher::run_cluster(options, state, now.out);
  now.out.flush();
  // What the parent has begun is the parent's to end.
  std::_Exit(outcome);
}

int up(const up_arguments& arguments, session& now) {
  std::error_code error;
  const auto file = std::filesystem::absolute(arguments.file, error).lexically_normal();
  std::ifstream in{file, std::ios::binary};
  if (!in || std::filesystem::is_directory(file))
    return refuse(
      now, fmt::format("cannot read {}\nfix: name a file, `troupe up FILE`; `troupe up --help` shows one",
                       arguments.file));
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto plan = launcher::parse_cluster_file(text, arguments.file);
  if (!plan) {
    now.err << plan.error().message() << "\n";
    return bad_usage;
  }
  launcher::runner_options options;
  options.plan = *plan;
  options.file = file;
  options.program = (file.parent_path() / plan->program).lexically_normal();
  if (arguments.dry_run) {
    if (arguments.json)
      now.out << json::serialize(told(*plan, options.program)) << "\n";
    else
      tell(*plan, options.program, now.out);
    return success;
  }
  if (::access(options.program.c_str(), X_OK) != 0 || std::filesystem::is_directory(options.program))
    return refuse(now, fmt::format("there is no program {}\nfix: build it, or correct 'program' in {}",
                                   options.program.string(), arguments.file));
  options.supervision.restart = plan->restart;
  if (!arguments.kill_every.empty()) options.supervision.kill_every = *parse_duration(arguments.kill_every);
  options.supervision.stop_limit = *parse_duration(arguments.stop_limit);
  options.seed = arguments.seed;
  options.state = arguments.state.empty() ? file.parent_path() / ".troupe" / plan->name
                                          : std::filesystem::absolute(arguments.state);
  launcher::state_folder state{options.state};
  if (auto taken = state.take(); !taken.ok())
    return refuse(
      now,
      fmt::format(
        "{0}\nfix: look at it with `troupe ps --state {1}`, stop it with `troupe down --state {1}`, or give "
        "another --state",
        taken.message(), options.state.string()));
  const auto found = options.state.parent_path() == std::filesystem::current_path() / ".troupe";
  if (!found) options.look_with = " --state " + std::filesystem::proximate(options.state).string();
  options.colours = is_terminal(now.out) && std::getenv("NO_COLOR") == nullptr;
  options.hang_up_reloads = arguments.background || !is_terminal(now.out);
  options.show_output = !arguments.background;
  if (arguments.background) return run_detached(std::move(options), state, now);
  return launcher::run_cluster(options, state, now.out);
}

std::string check_time(const std::string& text) {
  const auto value = parse_duration(text);
  return value && *value > duration::zero() ? std::string{} : text + " is no time; write it like 10s or 2m";
}

} // namespace

void add_up_command(CLI::App& parent, session& now) {
  auto* command =
    parent.add_subcommand("up", "Start the nodes of a cluster on this machine, and again when they fail");
  auto arguments = std::make_shared<up_arguments>();
  command->add_option("FILE", arguments->file, "Which nodes there are")->capture_default_str();
  command->add_option("--state", arguments->state,
                      "Folder for logs and what other commands need (default: .troupe/CLUSTER beside FILE)");
  command->add_flag("-d,--detach", arguments->background,
                    "Go on in the background once the nodes serve; `troupe down` stops them");
  command
    ->add_option("--kill-one-every", arguments->kill_every,
                 "Kill one of the nodes so often, such as 10s, to see what happens")
    ->check(check_time);
  command->add_option("--seed", arguments->seed, "Which nodes --kill-one-every kills (default: by chance)");
  command->add_option("--stop-timeout", arguments->stop_limit, "Kill nodes that take longer to stop")
    ->check(check_time)
    ->capture_default_str();
  auto* dry =
    command->add_flag("--dry-run", arguments->dry_run, "Check FILE and print what would be started");
  command->add_flag("--json", arguments->json, "Print it as JSON")->needs(dry);
  command->footer(
    "A file:\n"
    "  cluster: shop\n"
    "  program: build/release/apps/shop/shop    # relative to the file\n"
    "  settings: {log.format: text}             # of every node\n"
    "  nodes:\n"
    "    - {name: front, services: [shop.Orders], roles: [edge], settings: {http.port: 8080}}\n"
    "    - {name: worker, count: 3}\n"
    "  restart: {after: 1s, longest: 30s, steady: 10s, attempts: 5}\n"
    "Ctrl-C stops the nodes, a second one kills them. SIGHUP to a detached one reloads the nodes' settings.\n"
    "Examples: troupe up cluster.yaml\n"
    "          troupe up -d && troupe ps --watch\n"
    "          troupe up --kill-one-every 10s --seed 7");
  command->callback([arguments, &now] { now.outcome = up(*arguments, now); });
}

} // namespace troupe::cli
