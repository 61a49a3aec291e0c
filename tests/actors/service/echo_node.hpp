// One node with the Echo and Relay services, without a host: what the tests of actors/service run against.
#pragma once

#include "actors/service/module.hpp"
#include "actors/service/service_actor.hpp"
#include "actors/service/visitor.hpp"
#include "actors/testing/catch_result.hpp"
#include "discovery/directory/static_directory.hpp"
#include "echo.troupe.hpp"
#include "runtime/environment/manual_clock.hpp"

#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace echo_test {

using namespace troupe;
using namespace std::chrono_literals;

inline test::Text text(std::string what, int number = 0) {
  test::Text out;
  out.set_text(std::move(what));
  out.set_number(number);
  return out;
}

// Counts what happens inside handlers, and lets a test wait for it.
class probe {
public:
  void add(const std::string& what) {
    std::lock_guard lock{mutex_};
    ++counts_[what];
    changed_.notify_all();
  }
  bool wait_for(const std::string& what, int count, std::chrono::seconds limit = 20s) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return counts_[what] >= count; });
  }
  int count(const std::string& what) {
    std::lock_guard lock{mutex_};
    return counts_[what];
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> counts_;
};

struct on_destruction {
  probe& seen;
  std::string what;
  ~on_destruction() { seen.add(what); }
};

class echo final : public test::EchoHandler {
public:
  explicit echo(std::shared_ptr<probe> seen) : seen_(std::move(seen)) {}

  task<test::Text> say(const test::Text& request) override { co_return request; }
  task<test::Text> say_later(const test::Text& request) override {
    on_destruction guard{*seen_, "say_later frame gone"};
    seen_->add("say_later begun");
    co_await sleep_for(std::chrono::milliseconds{request.number()});
    co_return request;
  }
  task<test::Text> refuse(const test::Text& request) override {
    co_return failed_precondition("no: {}", request.text());
  }
  task<test::Text> throw_(const test::Text&) override {
    throw std::runtime_error{"a bug"};
    co_return test::Text{};
  }
  task<test::Text> throw_once(const test::Text& request) override { return once(request); }
  task<test::Text> throw_once_unsafe(const test::Text& request) override { return once(request); }
  task<> count(const test::Text& request, stream_writer<test::Text>& replies) override {
    on_destruction guard{*seen_, "count frame gone"};
    for (int i = 0; i < request.number(); ++i) {
      co_await replies.write(text(request.text(), i));
      seen_->add("counted");
    }
    if (request.text() == "then fail") co_await data_loss("lost count");
  }
  task<test::Text> join(stream_reader<test::Text>& requests) override {
    test::Text out;
    while (const auto* each = co_await requests.next()) {
      out.set_text(out.text() + each->text());
      out.set_number(out.number() + 1);
    }
    co_return out;
  }
  task<> shout(stream_reader<test::Text>& requests, stream_writer<test::Text>& replies) override {
    while (const auto* each = co_await requests.next())
      co_await replies.write(text(each->text() + "!", each->number()));
  }
  task<test::Text> hang(const test::Text&) override {
    on_destruction guard{*seen_, "hang frame gone"};
    seen_->add("hanging");
    co_await sleep_for(std::chrono::hours{1});
    co_return test::Text{};
  }
  task<> on_stop() override {
    seen_->add("stopped");
    return {};
  }

private:
  task<test::Text> once(test::Text request) {
    seen_->add("throw_once");
    if (seen_->count("throw_once") == 1) throw std::runtime_error{"only once"};
    co_return request;
  }

  std::shared_ptr<probe> seen_;
};

class relay : public test::RelayHandler {
public:
  task<test::Text> pass(const test::Text& request) override {
    if (request.text() == "refuse") co_return co_await client<test::Echo>().refuse(request);
    if (request.text() == "hang") co_return co_await client<test::Echo>().hang(request);
    co_return co_await client<test::Echo>().say(request);
  }
  task<test::Text> pass_and_look(const test::Text& request) override {
    auto outcome = co_await client<test::Echo>().refuse(request).as_result();
    co_return text(outcome ? "accepted" : outcome.error().message());
  }
  task<test::Text> pass_twice(const test::Text& request) override {
    auto first = client<test::Echo>().say_later(request);
    auto second = client<test::Echo>().say_later(request);
    first.start();
    second.start();
    auto a = co_await first;
    auto b = co_await second;
    co_return text(a.text() + b.text());
  }
  task<test::Text> pass_later(const test::Text& request) override {
    co_await sleep_for(1ms);
    co_return co_await helper(request);
  }

private:
  task<test::Text> helper(const test::Text& request) {
    if (request.text() == "refuse") co_await permission_denied("the helper says no");
    co_return co_await client<test::Echo>().say(request);
  }
};

struct echo_node {
  explicit echo_node(std::uint32_t max_concurrent = 1000, std::uint32_t mailbox_limit = 1000)
    : concurrent(max_concurrent), reference(new actor_reference("test.Echo/0", mailbox_limit)) {
    services.directory = &directory;
    services.logs = logs.get();
    services.random = &random;
    directory.add("test.Echo", reference);
    start_echo();
    auto relay_reference = actor_reference_ptr{new actor_reference("test.Relay/0", 1000)};
    directory.add("test.Relay", relay_reference);
    relay_actor = spawn_service(
      system, {.name = "test.Relay/0", .make = [] { return std::make_unique<relay>(); }, .node = &services});
    relay_reference->attach(caf::actor_cast<caf::strong_actor_ptr>(relay_actor));
  }
  ~echo_node() {
    // A crash's caller is answered before the next Echo stands: one that is being spawned must be ended too.
    std::lock_guard lock{supervising};
    restart = false;
    for (auto& each : {echo_actor, relay_actor})
      caf::anon_send_exit(each, caf::exit_reason::kill);
  }

  // Stands in for the supervisor: a crashed Echo is spawned again at once.
  void start_echo() {
    echo_actor = spawn_service(system, {.name = "test.Echo/0",
                                        .make = [seen = seen] { return std::make_unique<echo>(seen); },
                                        .node = &services,
                                        .max_concurrent = concurrent});
    echo_actor->attach_functor([this, seen = seen](const caf::error& why) {
      if (std::lock_guard lock{supervising}; why == caf::sec::runtime_error && restart) {
        reference->suspend(true, "it crashed");
        start_echo();
      }
      seen->add("echo ended");
    });
    reference->attach(caf::actor_cast<caf::strong_actor_ptr>(echo_actor));
  }

  template <class F>
  auto run(F work) {
    auto future = visit(system, services, std::move(work));
    if (future.wait_for(30s) != std::future_status::ready) throw std::runtime_error{"the visit hangs"};
    return future.get();
  }

  static_directory directory;
  node_services services;
  std::mutex log_mutex;
  std::vector<std::string> log_lines;
  manual_clock time;
  random_source random{7};
  std::unique_ptr<logging> logs = std::move(*logging::start({.target = log_target::function,
                                                             .function =
                                                               [this](std::string_view line) {
                                                                 std::lock_guard lock{log_mutex};
                                                                 log_lines.emplace_back(line);
                                                               },
                                                             .asynchronous = false},
                                                            time));
  std::shared_ptr<probe> seen = std::make_shared<probe>();
  std::uint32_t concurrent;
  std::atomic<bool> restart = true;
  std::mutex supervising;
  actor_reference_ptr reference;
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::actor echo_actor;
  caf::actor relay_actor;
};

} // namespace echo_test
