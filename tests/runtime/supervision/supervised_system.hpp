// A real actor system with one supervision tree of scripted workers, and a record of what the tree reports.
#pragma once

#include "runtime/supervision/messages.hpp"
#include "runtime/supervision/supervisor.hpp"

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::test {

// What a test tells a worker to do.
struct report_ready_now {};
struct report_failure_now {
  status why;
};
struct crash_now {
  std::string why;
};
struct ignore_exits {};
struct link_to_supervisor {};
struct wait_in_handler {
  std::shared_future<void> until;
};

} // namespace troupe::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::report_ready_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::report_failure_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::crash_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::ignore_exits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::link_to_supervisor)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::test::wait_in_handler)

namespace troupe::test {

// Long enough for a loaded machine under a sanitizer; reached only by a test that fails.
inline constexpr auto patience = std::chrono::seconds{60};

// The hook calls of one child. Filled by the supervisor, read by the test.
class recorded_hooks : public std::enable_shared_from_this<recorded_hooks> {
public:
  void record(child_spec& child) {
    child.on_attached = [self = shared_from_this()](const caf::actor&) { self->add("attached"); };
    child.on_down = [self = shared_from_this()](bool soon, const std::string& why) {
      self->add((soon ? "down soon: " : "down: ") + why);
    };
  }
  std::vector<std::string> take() {
    std::lock_guard lock{mutex_};
    return std::exchange(calls_, {});
  }

private:
  void add(std::string call) {
    std::lock_guard lock{mutex_};
    calls_.push_back(std::move(call));
  }
  std::mutex mutex_;
  std::vector<std::string> calls_;
};

class supervised_system {
public:
  supervised_system() : system_{config_}, self_{system_} {}

  ~supervised_system() {
    if (root_) stop_supervisor(root_);
    root_ = nullptr;
    std::lock_guard lock{mutex_};
    actors_.clear();
  }

  caf::actor_system& system() { return system_; }
  const caf::actor& root() const { return root_; }

  void spawn(supervisor_spec spec) {
    supervisor_environment environment;
    environment.log = [this](const supervision_event& event) { add(to_string(event)); };
    environment.on_exit = [this](const supervisor_exit& why) { exit_.set_value(why); };
    auto spawned = spawn_supervisor(system_, std::move(spec), environment);
    REQUIRE(spawned.has_value());
    root_ = *spawned;
  }

  // A worker that does what it is told.
  child_spec worker(const std::string& name) {
    child_spec out;
    out.name = name;
    out.start = [this, name](child_context& context) -> result<caf::actor> {
      auto actor =
        context.system.spawn([this, supervisor = context.supervisor](caf::event_based_actor* self) {
          return behavior_of(self, supervisor);
        });
      std::lock_guard lock{mutex_};
      actors_[name] = actor;
      changed_.notify_all();
      return actor;
    };
    return out;
  }

  // The worker of that name that was started last.
  caf::actor actor(const std::string& name) {
    std::lock_guard lock{mutex_};
    return actors_.at(name);
  }

  template <class Order>
  void tell(const std::string& name, Order order) {
    caf::anon_send(actor(name), std::move(order));
  }

  template <class Reply, class Request>
  Reply ask(Request request) {
    Reply out;
    self_->request(root_, patience, std::move(request))
      .receive([&](Reply& reply) { out = std::move(reply); },
               [&](caf::error& why) { FAIL("no reply: " << system_.render(why)); });
    return out;
  }

  void watch(const caf::actor& who) { self_->monitor(who); }
  caf::error wait_until_watched_ends() {
    caf::error out;
    self_->receive([&](const caf::down_msg& what) { out = what.reason; },
                   caf::after(patience) >> [] { FAIL("the watched actor did not end"); });
    return out;
  }

  supervisor_exit wait_for_exit() {
    auto future = exit_.get_future();
    REQUIRE(future.wait_for(patience) == std::future_status::ready);
    return future.get();
  }

  // Waits until this line was reported so many times.
  void wait_for(const std::string& line, std::ptrdiff_t times = 1) {
    std::unique_lock lock{mutex_};
    const bool happened = changed_.wait_for(
      lock, patience, [&] { return std::count(lines_.begin(), lines_.end(), line) >= times; });
    INFO("waited for " << line << " x" << times << " in " << joined());
    REQUIRE(happened);
  }
  void wait_until_spawned(const std::string& name) {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, patience, [&] { return actors_.contains(name); }));
  }
  void wait_until_waiting() {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, patience, [&] { return waiting_; }));
  }

  std::ptrdiff_t count(const std::string& line) {
    std::lock_guard lock{mutex_};
    return std::count(lines_.begin(), lines_.end(), line);
  }
  std::string history() {
    std::lock_guard lock{mutex_};
    return joined();
  }
  void clear_history() {
    std::lock_guard lock{mutex_};
    lines_.clear();
  }

private:
  caf::behavior behavior_of(caf::event_based_actor* self, const caf::actor& supervisor) {
    self->set_exception_handler([](std::exception_ptr& what) { return exception_exit(what); });
    return {
      [=](report_ready_now) { report_ready(self, supervisor); },
      [=](const report_failure_now& order) { report_failed(self, supervisor, order.why); },
      [](const crash_now& order) { throw std::runtime_error{order.why}; },
      [=](ignore_exits) { self->set_exit_handler([](caf::exit_msg&) {}); },
      [=](link_to_supervisor) { self->link_to(supervisor); },
      [this](const wait_in_handler& order) {
        {
          std::lock_guard lock{mutex_};
          waiting_ = true;
          changed_.notify_all();
        }
        order.until.wait();
      },
      // Never answered.
      [=](const tree_request&) { return self->make_response_promise<supervision_node>(); },
    };
  }

  void add(std::string line) {
    std::lock_guard lock{mutex_};
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  std::string joined() const {
    std::string out;
    for (const auto& line : lines_)
      out += (out.empty() ? "" : "; ") + line;
    return out;
  }

  std::mutex mutex_; // guards what the supervisors' threads write
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::map<std::string, caf::actor> actors_;
  bool waiting_ = false;
  std::promise<supervisor_exit> exit_;
  caf::actor root_;
  caf::actor_system_config config_;
  caf::actor_system system_; // ends before what its actors write to
  caf::scoped_actor self_;
};

} // namespace troupe::test
