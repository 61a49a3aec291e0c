#include "actors/testing/test_node.hpp"

#include "actors/testing/instance_crash.hpp"
#include "runtime/environment/real_environment.hpp"
#include "runtime/telemetry/log.hpp"

#include <deque>
#include <exception>
#include <iostream>
#include <mutex>
#include <stdexcept>

namespace troupe {

namespace {

constexpr std::size_t most_lines = 1000;

// Written by the node's threads, read by the test's.
class line_keeper {
public:
  void add(std::string_view line) {
    while (line.ends_with('\n'))
      line.remove_suffix(1);
    std::lock_guard lock{mutex_};
    if (lines_.size() == most_lines) lines_.pop_front();
    lines_.emplace_back(line);
  }
  std::vector<std::string> lines() const {
    std::lock_guard lock{mutex_};
    return {lines_.begin(), lines_.end()};
  }

private:
  mutable std::mutex mutex_;
  std::deque<std::string> lines_;
};

} // namespace

// In the order that its parts need each other.
struct test_node::state {
  explicit state(std::uint64_t seed) : world(real_environment_options{.seed = seed, .name_server = {}}) {}

  int exceptions = std::uncaught_exceptions();
  line_keeper kept;
  real_environment world;
  std::unique_ptr<logging> logs;
  std::unique_ptr<node> inner;
};

test_node::test_node(test_node_options options, std::vector<service_module> modules)
  : state_(std::make_unique<state>(options.seed)) {
  auto& kept = state_->kept;
  logging_options log;
  log.node = options.node.name;
  log.level = options.level;
  log.color = log_color::never;
  log.target = log_target::function;
  log.function = [&kept](std::string_view line) { kept.add(line); };
  log.asynchronous = false;
  auto world = state_->world.get();
  auto logs = logging::start(std::move(log), world.clock);
  if (!logs) throw std::runtime_error("the test node did not start: " + logs.error().to_string());
  state_->logs = std::move(*logs);
  auto started = node::start(std::move(options.node), world, state_->logs.get(), nullptr, std::move(modules));
  if (!started) throw std::runtime_error("the test node did not start: " + started.error().to_string());
  state_->inner = std::move(*started);
}

test_node::~test_node() {
  const bool failed = std::uncaught_exceptions() > state_->exceptions;
  state_->inner.reset();
  if (!failed) return;
  for (const auto& line : state_->kept.lines())
    std::cerr << line << "\n";
}

status test_node::crash(const service_info& service, unsigned instance) {
  return status_of(run([this, &service, instance](visitor& self) {
    return detail::crash_and_wait(inner(), self, service, instance);
  }));
}

node& test_node::inner() noexcept { return *state_->inner; }
std::vector<std::string> test_node::log_lines() const { return state_->kept.lines(); }

} // namespace troupe
