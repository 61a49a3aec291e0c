// Nodes in one process that talk over the loopback interface, as processes on many machines would.
#pragma once

#include "actors/host/node.hpp"
#include "actors/service/all.hpp"
#include "actors/testing/catch_result.hpp"
#include "runtime/environment/real_environment.hpp"
#include "runtime/telemetry/log.hpp"
#include "tests/actors/service/echo_node.hpp"

#include <future>

namespace cluster_test {

using namespace echo_test;

// The real world, and what the nodes logged.
class surroundings {
public:
  surroundings() {
    logging_options log;
    log.level = log_level::debug;
    log.color = log_color::never;
    log.target = log_target::function;
    log.function = [this](std::string_view line) {
      std::lock_guard lock{mutex_};
      lines_ += line;
      lines_ += '\n';
    };
    log.asynchronous = false;
    logs_ = std::move(*logging::start(std::move(log), world.get().clock));
  }

  static node_options options(std::string name) {
    node_options out;
    out.name = std::move(name);
    out.scheduler_threads = 2;
    out.link.emplace();
    out.link->incarnation = 0;
    out.link->first_redial = 10ms;
    out.link->limits.heartbeat_interval = 200ms;
    return out;
  }

  std::unique_ptr<node> start(node_options how, std::vector<service_module> modules) {
    auto made = node::start(std::move(how), world.get(), logs_.get(), nullptr, std::move(modules));
    REQUIRE(made);
    return std::move(*made);
  }
  std::unique_ptr<node> echo_node(std::string name = "echo") {
    std::vector<service_module> modules;
    modules.push_back(module<echo>(seen));
    return start(options(std::move(name)), std::move(modules));
  }
  // A node without services that dials `peers`.
  std::unique_ptr<node> caller_node(const std::vector<node*>& peers, std::string name = "caller") {
    auto how = options(std::move(name));
    for (auto* each : peers)
      how.peers.push_back(each->link()->local_address()->to_string());
    return start(std::move(how), {});
  }

  std::string log() {
    std::lock_guard lock{mutex_};
    return lines_;
  }
  bool wait_for_log(const std::string& text, std::chrono::seconds limit = 20s) {
    return eventually([&] { return log().find(text) != std::string::npos; }, limit);
  }
  // Asks again and again; only for what has no event to wait for.
  bool eventually(const std::function<bool()>& condition, std::chrono::seconds limit = 20s) {
    const auto end = world.get().clock.now() + limit;
    std::promise<void> never;
    auto nothing = never.get_future();
    while (!condition()) {
      if (world.get().clock.now() > end) return false;
      nothing.wait_for(2ms);
    }
    return true;
  }
  bool connected(node& which, std::size_t peers = 1) {
    return eventually([&] {
      std::size_t count = 0;
      for (const auto& each : which.link()->peers())
        count += each.connected ? 1 : 0;
      return count == peers;
    });
  }

  real_environment world{{.seed = 5}};
  std::shared_ptr<probe> seen = std::make_shared<probe>();

private:
  std::mutex mutex_;
  std::string lines_;
  std::unique_ptr<logging> logs_;
};

template <class F>
auto run_on(node& where, F work) {
  return where.run(std::move(work)).get();
}

inline result<test::Text> say(node& where, std::string what) {
  return run_on(where, [what](visitor& self) -> task<test::Text> {
    auto request = text(what);
    co_return co_await self.client<test::Echo>().say(request);
  });
}

} // namespace cluster_test
