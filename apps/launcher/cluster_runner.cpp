#include "apps/launcher/cluster_runner.hpp"

#include "apps/launcher/node_command.hpp"
#include "apps/launcher/node_output.hpp"
#include "apps/launcher/node_process.hpp"
#include "runtime/environment/real_environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

namespace troupe::launcher {

namespace {

// Signals come through a descriptor while this lives.
class signal_queue {
public:
  signal_queue() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGCHLD})
      ::sigaddset(&wanted, each);
    ::sigprocmask(SIG_BLOCK, &wanted, &before_);
    queue_.open(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    // A terminal that is gone, or a pipe into `head`, must not end the parent of the nodes.
    ::signal(SIGPIPE, SIG_IGN);
  }
  ~signal_queue() {
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
  }
  signal_queue(const signal_queue&) = delete;
  signal_queue& operator=(const signal_queue&) = delete;

  int get() const noexcept { return queue_.get(); }
  // 0: no more.
  int next() const noexcept {
    signalfd_siginfo info{};
    return ::read(queue_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

private:
  sigset_t before_{};
  descriptor queue_;
};

class runner {
public:
  runner(const runner_options& options, state_folder& state, std::ostream& out)
    : options_(options), state_(state), out_(out), world_({options.seed, {}}),
      supervisor_(names_of(options.plan), options.supervision, world_.get().random.split("victims")),
      own_log_(state.file("up.log")) {
    for (const auto& each : options_.plan.nodes) {
      width_ = std::max(width_, each.name.size());
      processes_.push_back(std::make_unique<process>(state_.file(each.name + ".log")));
    }
    record_.cluster = options_.plan.name;
    record_.file = options_.file.string();
    record_.process = identify(::getpid());
    record_.nodes.resize(options_.plan.nodes.size());
  }

  int run();

private:
  struct process {
    explicit process(std::string log_file) : log(std::move(log_file)) {}
    descriptor output;
    line_splitter lines;
    rotated_log log;
    std::deque<std::string> last; // lines
  };

  static std::vector<std::string> names_of(const cluster_plan& plan) {
    std::vector<std::string> out;
    for (const auto& each : plan.nodes)
      out.push_back(each.name);
    return out;
  }

  monotonic_time now() { return world_.get().clock.now(); }
  std::string ports_file(std::size_t node) const {
    return state_.file(options_.plan.nodes[node].name + ".ports.json");
  }

  void perform(supervisor_actions actions);
  void perform(const start_node& what);
  void perform(const signal_node& what);
  void perform(const tell& what);
  void perform(const all_serve&);
  void perform(const finish& what) { outcome_ = what.exit_code; }

  void say(std::string_view text, bool warning = false);
  void show(std::size_t node, std::string_view line);
  bool read_output(std::size_t node);
  void take_signals();
  void reap();
  void look_for_ports();
  void look_for_requests();
  void save();

  const runner_options& options_;
  state_folder& state_;
  std::ostream& out_;
  real_environment world_;
  cluster_supervisor supervisor_;
  std::vector<std::unique_ptr<process>> processes_;
  rotated_log own_log_;
  std::size_t width_ = 2;
  cluster_record record_;
  signal_queue signals_;
  descriptor watch_;
  std::optional<int> outcome_;
  bool state_is_written_ = true;
};

void runner::say(std::string_view text, bool warning) {
  own_log_.add(text);
  own_log_.flush();
  const auto prefix = fmt::format("{:<{}} | ", "up", width_);
  if (options_.colours)
    out_ << (warning ? "\x1b[31m" : "\x1b[1m") << prefix << text << "\x1b[0m\n";
  else
    out_ << prefix << text << "\n";
  out_.flush();
}

void runner::perform(const tell& what) {
  say(what.text, what.warning);
  if (!what.failed || options_.show_output) return;
  for (const auto& each : processes_[*what.failed]->last)
    say(fmt::format("  {}", each));
  if (processes_[*what.failed]->last.empty()) return;
  say(fmt::format("  all that it said: {}", state_.file(options_.plan.nodes[*what.failed].name + ".log")));
}

void runner::show(std::size_t node, std::string_view line) {
  auto& from = *processes_[node];
  from.log.add(line);
  from.last.emplace_back(line);
  if (from.last.size() > 3) from.last.pop_front();
  if (options_.show_output)
    out_ << line_prefix(options_.plan.nodes[node].name, width_, node, options_.colours) << line << "\n";
}

void runner::perform(supervisor_actions actions) {
  // Before it is told: who reads that a node serves again, finds it in the record.
  save();
  for (const auto& each : actions)
    std::visit([this](const auto& action) { perform(action); }, each);
  save();
}

void runner::perform(const start_node& what) {
  const auto& node = options_.plan.nodes[what.node];
  std::error_code ignored;
  std::filesystem::remove(ports_file(what.node), ignored);
  auto command = command_of(node, {options_.plan.name, ports_file(what.node),
                                   state_.file(node.name + ".members"), what.seeds, what.keep});
  auto started =
    start_process({options_.program.string(), std::move(command.flags), std::move(command.variables),
                   options_.file.parent_path().string(), node.with});
  if (!started) {
    perform(supervisor_.failed_to_start(what.node, started.error().message(), now()));
    return;
  }
  processes_[what.node]->output = std::move(started->output);
  perform(supervisor_.started(what.node, started->pid, now()));
}

void runner::perform(const signal_node& what) {
  // It is this process's child and not reaped: its number belongs to nobody else.
  if (const int pid = supervisor_.nodes()[what.node].pid; pid > 0) ::kill(pid, what.signal);
}

void runner::perform(const all_serve&) {
  const auto nodes = supervisor_.nodes();
  const auto serving =
    std::count_if(nodes.begin(), nodes.end(), [](auto& each) { return each.phase == node_phase::serving; });
  say(static_cast<std::size_t>(serving) == nodes.size()
        ? fmt::format("{}: all {} nodes serve", options_.plan.name, nodes.size())
        : fmt::format("{}: {} of {} nodes serve", options_.plan.name, serving, nodes.size()));
  for (const auto& each : nodes) {
    if (each.phase != node_phase::serving) continue;
    const auto door = [](std::string_view what, std::uint16_t port) {
      return port == 0 ? std::string{} : fmt::format("  {} 127.0.0.1:{}", what, port);
    };
    say(fmt::format("  {:<{}}  {}{}{}", each.name, width_,
                    each.ports.http == 0 ? "no http" : fmt::format("http://127.0.0.1:{}", each.ports.http),
                    door("grpc", each.ports.grpc), door("admin", each.ports.admin)));
  }
  say(fmt::format("look: troupe ps{0}, troupe members{0}, troupe services{0}; stop: {1}troupe down{0}",
                  options_.look_with, options_.show_output ? "Ctrl-C or " : ""));
  save();
  if (options_.all_serve) options_.all_serve();
}

// False when there is no more, now and ever.
bool runner::read_output(std::size_t node) {
  auto& from = *processes_[node];
  std::array<char, 65536> piece{};
  // Bounded, so that a node that prints without end does not keep the others waiting.
  for (int round = 0; round < 16; ++round) {
    const auto count = ::read(from.output.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    from.lines.add({piece.data(), static_cast<std::size_t>(count)},
                   [&](std::string_view line) { show(node, line); });
  }
  return true;
}

void runner::look_for_ports() {
  for (std::size_t node = 0; node < supervisor_.nodes().size(); ++node) {
    if (supervisor_.nodes()[node].phase != node_phase::starting) continue;
    std::ifstream in{ports_file(node), std::ios::binary};
    if (!in) continue;
    const auto ports = parse_ports(std::string{std::istreambuf_iterator<char>{in}, {}});
    if (ports) {
      // What it said before it served is shown before the line that says so.
      if (processes_[node]->output.get() >= 0) read_output(node);
      perform(supervisor_.serves(node, *ports, now()));
    } else {
      say(fmt::format("{}: {}", options_.plan.nodes[node].name, ports.error().message()), true);
    }
  }
}

void runner::look_for_requests() {
  for (std::size_t node = 0; node < supervisor_.nodes().size(); ++node) {
    std::error_code error;
    if (std::filesystem::remove(state_.restart_request(options_.plan.nodes[node].name), error) && !error)
      perform(supervisor_.restart(node, now()));
  }
}

void runner::reap() {
  for (std::size_t node = 0; node < supervisor_.nodes().size(); ++node) {
    const int pid = supervisor_.nodes()[node].pid;
    int how = 0;
    if (pid <= 0 || ::waitpid(pid, &how, WNOHANG) != pid) continue;
    // What it said last comes before the line that says that it has ended.
    read_output(node);
    processes_[node]->output.close();
    processes_[node]->lines.finish([&](std::string_view line) { show(node, line); });
    // It may have served and ended before its file was looked at.
    look_for_ports();
    perform(supervisor_.ended(
      node, {WIFEXITED(how) ? WEXITSTATUS(how) : 0, WIFSIGNALED(how) ? WTERMSIG(how) : 0}, now()));
  }
}

void runner::take_signals() {
  while (const int signal = signals_.next()) {
    if (signal == SIGCHLD) {
      reap();
    } else if (signal == SIGHUP && options_.hang_up_reloads) {
      say("all nodes read their configuration again");
      for (const auto& each : supervisor_.nodes())
        if (each.phase == node_phase::serving && each.pid > 0) ::kill(each.pid, SIGHUP);
    } else {
      perform(supervisor_.stop(now()));
    }
  }
}

void runner::save() {
  const auto since =
    std::chrono::duration_cast<std::chrono::milliseconds>(world_.get().clock.wall_now().time_since_epoch())
      .count();
  auto next = record_;
  for (std::size_t node = 0; node < next.nodes.size(); ++node) {
    const auto& view = supervisor_.nodes()[node];
    auto& into = next.nodes[node];
    const bool entered = into.state != to_string(view.phase) || into.starts != view.starts;
    into.name = view.name;
    into.state = to_string(view.phase);
    if (into.process.pid != view.pid) into.process = identify(view.pid);
    if (entered) into.since = since;
    into.starts = view.starts;
    into.failures = view.failures;
    into.last_exit = view.last_end ? view.last_end->to_string() : "";
    into.ports = view.ports;
  }
  if (next == record_) return;
  record_ = std::move(next);
  const auto written = state_.write(record_);
  if (!written.ok() && state_is_written_) say(written.message(), true);
  state_is_written_ = written.ok();
}

int runner::run() {
  watch_.open(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (watch_.get() < 0
      || ::inotify_add_watch(watch_.get(), state_.path().c_str(), IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
    say(fmt::format("cannot watch the folder {}: {}", state_.path().string(), std::strerror(errno)), true);
    return 1;
  }
  if (options_.supervision.kill_every > duration::zero())
    say(fmt::format("kills one of the nodes again and again; --seed {} repeats the choice",
                    world_.get().random.seed()));
  // What was asked of an earlier process.
  for (const auto& each : options_.plan.nodes) {
    std::error_code ignored;
    std::filesystem::remove(state_.restart_request(each.name), ignored);
  }
  perform(supervisor_.begin(now()));
  while (!outcome_) {
    std::vector<pollfd> events{{signals_.get(), POLLIN, 0}, {watch_.get(), POLLIN, 0}};
    for (const auto& each : processes_)
      events.push_back({each->output.get(), POLLIN, 0});
    int wait = -1;
    if (const auto next = supervisor_.next_time())
      // Rounded up: not before it is due. Bounded: it must fit into an int.
      wait = static_cast<int>(
        std::clamp<std::int64_t>((*next - now()) / std::chrono::milliseconds{1} + 1, 0, 60'000));
    out_.flush();
    if (::poll(events.data(), events.size(), wait) < 0) continue;
    for (std::size_t node = 0; node < processes_.size(); ++node) {
      if (events[node + 2].revents == 0) continue;
      if (!read_output(node)) processes_[node]->output.close();
      processes_[node]->log.flush();
    }
    if (events[1].revents != 0) {
      std::array<char, 16384> told{};
      while (::read(watch_.get(), told.data(), told.size()) > 0) {
      }
      look_for_ports();
      look_for_requests();
    }
    if (events[0].revents != 0) take_signals();
    if (!outcome_) perform(supervisor_.tick(now()));
  }
  return state_is_written_ ? *outcome_ : 1;
}

} // namespace

int run_cluster(const runner_options& options, state_folder& state, std::ostream& out) {
  return runner{options, state, out}.run();
}

} // namespace troupe::launcher
