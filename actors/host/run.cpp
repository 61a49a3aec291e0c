#include "actors/host/run.hpp"

#include "actors/host/doors.hpp"
#include "actors/host/host_settings.hpp"
#include "actors/host/service_manager.hpp"
#include "actors/host/signals.hpp"
#include "runtime/configuration/configuration.hpp"
#include "runtime/environment/real_environment.hpp"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace troupe {

namespace {

// Every connection takes a descriptor, and the usual soft limit is 1024: strangers at one door would lock the
// others. The soft limit is that low for programs that use select(), which this one does not.
void use_all_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// One run of a node, from the configuration to the exit code.
class program {
public:
  program(std::string name, std::vector<std::string> arguments)
    : name_(std::move(name)), arguments_(std::move(arguments)) {
    declare_host_settings(schema_, name_);
    schema_.add_flag(
      {"ports-file", "FILE", "Write the ports that were bound to FILE, as JSON, once the node serves."});
  }

  int run(std::vector<service_module> modules);

private:
  result<settings> load();
  exit_code serve();
  std::optional<exit_code> told_by_cluster();
  exit_code drain(bool told_to_stop);
  [[noreturn]] void stop_at_once();
  void reload();
  status write_ports() const;

  std::string name_;
  std::vector<std::string> arguments_;
  settings_schema schema_;
  command_line flags_;
  std::optional<settings> settings_;
  const service_manager manager_ = service_manager::of_process();
  signal_mailbox mailbox_;
  real_environment world_;
  std::unique_ptr<logging> logs_;
  logger log_;
  metrics numbers_;
  health_registry health_;
  std::unique_ptr<node> node_;
  std::unique_ptr<doors> doors_;
  std::atomic<bool> ended_ = false;
  std::atomic<bool> leaving_ = false; // asked to by an operator
  std::mutex ending_mutex_;
  std::optional<cluster_ending> ending_;
};

int number(exit_code code) { return static_cast<int>(code); }

int complain(std::string_view program, const std::string& what, exit_code code) {
  std::fprintf(stderr, "%s\n", what.c_str());
  if (code == exit_code::wrong_usage)
    std::fprintf(stderr, "%.*s --help lists every setting.\n", static_cast<int>(program.size()),
                 program.data());
  return number(code);
}

result<settings> program::load() {
  return load_settings(schema_, flags_, process_variables(), world_.get().disk);
}

int program::run(std::vector<service_module> modules) {
  flags_ = parse_command_line(schema_, arguments_);
  if (flags_.help) {
    std::string usage =
      "Usage: " + name_ + " [--config FILE] [--GROUP.SETTING=VALUE ...]\n\nRuns a node that plays:\n";
    for (const auto& each : modules)
      usage.append("  ").append(each.service().name).append("\n");
    usage += "\nSIGTERM and SIGINT drain and stop it (a second one stops it at once); SIGHUP reads the "
             "configuration again."
             "\nExit codes: 0 stopped, 1 a module kept failing, 2 wrong usage, 3 could not start, 4 stopped "
             "at once, 5 to be started anew (split brain), 6 another node of this name is running.\n";
    std::fputs(schema_.help(usage).c_str(), stdout);
    return number(exit_code::stopped);
  }
  auto loaded = load();
  if (!loaded) return complain(name_, loaded.error().message(), exit_code::wrong_usage);
  settings_ = std::move(*loaded);
  if (flags_.print) {
    std::fputs(settings_->print().c_str(), stdout);
    return number(exit_code::stopped);
  }

  auto world = world_.get();
  auto logs = logging::start(logging_options_of(*settings_), world.clock);
  if (!logs) return complain(name_, logs.error().message(), exit_code::wrong_usage);
  logs_ = std::move(*logs);
  log_ = logs_->get("node");

  auto offered = offered_contracts(*settings_, modules);
  if (!offered) return complain(name_, offered.error().message(), exit_code::wrong_usage);
  auto chosen = chosen_modules(*settings_, std::move(modules));
  if (!chosen) return complain(name_, chosen.error().message(), exit_code::wrong_usage);
  auto options = node_options_of(*settings_);
  if (!options) return complain(name_, options.error().message(), exit_code::wrong_usage);

  auto started_check = health_.add(health_question::started, "modules");
  auto ready_check = health_.add(health_question::ready, "doors");
  auto started = node::start(std::move(*options), world, logs_.get(), &numbers_, std::move(*chosen));
  if (!started) {
    log_.critical("the node did not start", {{"reason", started.error().to_string()}});
    return number(exit_code::not_started);
  }
  node_ = std::move(*started);
  started_check.pass();
  auto opened =
    doors::open(*settings_, {*node_, std::move(*offered), world, health_, numbers_, *logs_, [this] {
                               leaving_ = true;
                               mailbox_.notify();
                             }});
  if (!opened) {
    log_.critical("the node did not start", {{"reason", opened.error().to_string()}});
    return number(opened.error().code() == status_code::invalid_argument ? exit_code::wrong_usage
                                                                         : exit_code::not_started);
  }
  doors_ = std::move(*opened);
  if (auto written = write_ports(); !written.ok()) {
    log_.critical("the ports file cannot be written", {{"reason", written.to_string()}});
    return number(exit_code::wrong_usage);
  }
  ready_check.pass();
  const auto& ports = doors_->ports();
  log_.info("the node serves", {{"http", ports.http}, {"grpc", ports.grpc}, {"admin", ports.admin}});
  manager_.tell_serving();
  auto code = serve();
  log_.info("the node has stopped", {{"exit_code", number(code)}});
  return number(code);
}

status program::write_ports() const {
  auto found = flags_.program_flags.find("ports-file");
  if (found == flags_.program_flags.end()) return {};
  // Renamed into place, so that who waits for the file never reads half of it.
  const auto part = found->second + ".part";
  {
    std::ofstream out{part};
    out << doors_->ports().to_json() << "\n";
    if (!out.flush()) return invalid_argument("--ports-file: cannot write {}", part);
  }
  std::error_code error;
  std::filesystem::rename(part, found->second, error);
  return error ? invalid_argument("--ports-file: cannot write {}: {}", found->second, error.message())
               : status{};
}

exit_code program::serve() {
  node_->on_end([this](const supervisor_exit& why) {
    ended_ = true;
    if (why.kind != supervisor_exit_kind::shutdown)
      log_.critical("the node gives up", {{"kind", to_string(why.kind)}, {"cause", why.cause.to_string()}});
    mailbox_.notify();
  });
  node_->on_cluster_ending([this](const cluster_ending& what) {
    {
      std::lock_guard lock{ending_mutex_};
      ending_ = what;
    }
    mailbox_.notify();
  });
  signal_mailbox::event happened;
  while (mailbox_.wait(happened)) {
    if (auto code = told_by_cluster()) {
      const auto drained = drain(happened == signal_mailbox::event::stop);
      return drained == exit_code::stopped ? *code : drained;
    }
    if (happened == signal_mailbox::event::reload) {
      reload();
    } else if (happened == signal_mailbox::event::stop || leaving_) {
      return drain(happened == signal_mailbox::event::stop);
    } else if (ended_) {
      manager_.tell_stopping();
      health_.drain("the node gave up");
      doors_->drain(settings_->get<duration>("node.drain_timeout"));
      return exit_code::gave_up;
    }
  }
  return exit_code::stopped;
}

std::optional<exit_code> program::told_by_cluster() {
  std::lock_guard lock{ending_mutex_};
  if (!ending_) return std::nullopt;
  switch (ending_->what) {
  case cluster_ending::sort::refused:
    log_.critical("another node of this name is running; give each node a name of its own (node.name)",
                  {{"why", ending_->reason}});
    return exit_code::refused;
  case cluster_ending::sort::restart:
    log_.critical("the split-brain policy wants this node started anew", {{"why", ending_->reason}});
    return exit_code::start_anew;
  case cluster_ending::sort::leave:
    break;
  }
  log_.critical("the split-brain policy has this node leave", {{"why", ending_->reason}});
  return exit_code::stopped;
}

void program::stop_at_once() {
  log_.warning("told to stop again: stopping at once, requests in flight are lost");
  logs_->flush();
  // Destructors would wait for what is in flight.
  std::_Exit(number(exit_code::cut_short));
}

// Who was not told to stop by a signal before stops at once only at the second: a node that was asked to
// leave is told to stop by its host soon after.
exit_code program::drain(bool told_to_stop) {
  const auto on_stop = [this, &told_to_stop] {
    if (std::exchange(told_to_stop, true)) stop_at_once();
  };
  const auto delay = settings_->get<duration>("node.drain_delay");
  const auto limit = settings_->get<duration>("node.drain_timeout");
  log_.info("draining", {{"limit_ms", std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()}});
  manager_.tell_stopping();
  health_.drain();
  node_->drain(true);
  signal_mailbox::event happened;
  const auto& clock = world_.get().clock;
  const auto over = deadline::after(clock.now(), delay).when();
  for (auto left = delay; left > duration::zero() && !ended_; left = over - clock.now()) {
    // Rounded up, and in steps that fit into an int.
    const auto wait = std::min<std::int64_t>(left / std::chrono::milliseconds{1} + 1, 60'000);
    if (mailbox_.wait(happened, static_cast<int>(wait)) && happened == signal_mailbox::event::stop) on_stop();
  }
  std::atomic<bool> drained = false;
  std::thread work{[this, limit, &drained] {
    doors_->drain(limit);
    node_->stop();
    drained = true;
    mailbox_.notify();
  }};
  while (!drained && mailbox_.wait(happened)) {
    if (happened == signal_mailbox::event::stop) on_stop();
  }
  work.join();
  return exit_code::stopped;
}

void program::reload() {
  auto loaded = load();
  if (!loaded) {
    log_.error("the configuration was not reloaded, the old one stays in force",
               {{"reason", loaded.error().message()}});
    return;
  }
  const auto changed = difference(*settings_, *loaded);
  const auto levels = logging_options_of(*loaded);
  for (const auto& [component, level] : logging_options_of(*settings_).levels)
    if (!levels.levels.contains(component)) logs_->reset_level(component);
  logs_->set_level(levels.level);
  for (const auto& [component, level] : levels.levels)
    logs_->set_level(component, level);
  if (auto outcome = doors_->reload_certificates(); !outcome.ok())
    log_.error("the certificates were not reloaded, the old ones stay in force",
               {{"reason", outcome.message()}});
  if (auto* cluster = node_->cluster()) {
    auto keys = gossip_keys_of(*loaded);
    auto outcome = !keys ? status_of(keys) : *keys ? cluster->change_keys(std::move(**keys)) : status{};
    if (!outcome.ok())
      log_.error("the keys of the gossip were not reloaded, the old ones stay in force",
                 {{"reason", outcome.message()}});
  }
  for (const auto& path : changed.fixed)
    log_.warning("a change needs a restart of the node", {{"setting", path}});
  settings_ = std::move(*loaded);
  log_.info("reloaded the configuration", {{"changed", changed.reloadable.size()}});
}

} // namespace

int run_modules(int argc, char** argv, std::vector<service_module> modules) {
  // Whoever sends a message with broken text is told so. The library would tell the standard error output
  // too, and so let strangers write there as much as they like.
  google::protobuf::SetLogHandler(nullptr);
  use_all_descriptors();
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  auto name = argc > 0 ? std::filesystem::path{argv[0]}.filename().string() : std::string{"node"};
  return program{std::move(name), std::move(arguments)}.run(std::move(modules));
}

} // namespace troupe
