// The modules of the tests of actors/host.
#pragma once

#include "actors/service/ask.hpp"
#include "actors/service/module.hpp"
#include "probe.troupe.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace probe_test {

using namespace troupe;

// What happened in which order, over all actors of a test.
class diary {
public:
  void write(std::string line) {
    std::lock_guard lock{mutex_};
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> read() const {
    std::lock_guard lock{mutex_};
    return lines_;
  }

private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};
using diary_ptr = std::shared_ptr<diary>;

class first final : public probe::FirstHandler {
public:
  explicit first(diary_ptr diary) : diary_(std::move(diary)) {}

  task<> on_start() override {
    diary_->write("first starts");
    return {};
  }
  task<> on_stop() override {
    diary_->write("first stops");
    return {};
  }
  task<probe::Word> say(const probe::Word& request) override { co_return request; }
  task<probe::Word> fail(const probe::Word&) override {
    throw std::runtime_error{"told to"};
    co_return probe::Word{};
  }
  task<probe::Word> wait(const probe::Word& request) override {
    co_await sleep_for(std::chrono::milliseconds{500});
    co_return request;
  }
  task<probe::Word> help(const probe::Word& request) override {
    child_spec spec;
    spec.name = "helper " + request.word();
    spec.start = [](child_context& context) -> result<caf::actor> {
      return context.system.spawn([](caf::event_based_actor*) -> caf::behavior {
        return {[](const std::string& word) { return word + " helped"; }};
      });
    };
    auto helper = co_await start_helper(spec);
    auto answer = co_await ask<std::string>(self(), helper, std::chrono::seconds{5}, request.word());
    probe::Word reply;
    reply.set_word(answer);
    co_return reply;
  }

private:
  diary_ptr diary_;
};

class second final : public probe::SecondHandler {
public:
  explicit second(diary_ptr diary) : diary_(std::move(diary)) {}

  task<> on_start() override {
    probe::Word hello;
    hello.set_word("are you there?");
    co_await client<probe::First>().say(hello); // the modules before this one serve already
    diary_->write("second starts");
  }
  task<> on_stop() override {
    diary_->write("second stops");
    return {};
  }
  task<probe::Word> say(const probe::Word& request) override {
    co_return co_await client<probe::First>().say(request);
  }

private:
  diary_ptr diary_;
};

// Never becomes ready.
class refuses_to_start final : public probe::SecondHandler {
  task<> on_start() override { co_await failed_precondition("the paper is out"); }
  task<probe::Word> say(const probe::Word& request) override { co_return request; }
};

} // namespace probe_test
