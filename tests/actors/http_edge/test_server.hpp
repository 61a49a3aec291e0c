// A server of the tests with handlers given as functions.
#pragma once

#include "actors/http_edge/http_server.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace troupe::test {

// Answers by path; 404 for others. Exchanges given to keep() can be answered later from the test's thread.
class function_handler final : public http_handler {
public:
  using function = std::function<void(http_exchange&)>;

  void on(std::string path, function what) { functions_[std::move(path)] = std::move(what); }

  void handle(http_exchange& exchange) override {
    auto found = functions_.find(exchange.request().path());
    if (found == functions_.end()) {
      fill_problem(exchange.response(), 404, "nothing is here");
      exchange.send();
      return;
    }
    found->second(exchange);
  }

private:
  std::map<std::string, function, std::less<>> functions_;
};

// A queue between the server's threads and the test's.
template <class T>
class mailbox {
public:
  void put(T value) {
    std::lock_guard lock{mutex_};
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  // Waits for the next value; throws when none comes, which only a failing test sees.
  T take() {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return !values_.empty(); }))
      throw std::runtime_error("nothing came");
    auto out = std::move(values_.front());
    values_.pop_front();
    return out;
  }
  bool empty() {
    std::lock_guard lock{mutex_};
    return values_.empty();
  }
  void clear() {
    std::deque<T> dropped;
    std::lock_guard lock{mutex_};
    dropped.swap(values_);
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
};

inline void answer(http_exchange& exchange, std::string_view text, int status = 200) {
  exchange.response().status = status;
  exchange.response().set_content_type("text/plain");
  exchange.response().body = text;
  exchange.send();
}

inline std::unique_ptr<http_server> start_server(http_handler& handler, http_server_options options = {},
                                                 http_server_hooks hooks = {}) {
  options.port = 0;
  if (options.threads == 0) options.threads = 2;
  auto server = http_server::start(std::move(options), handler, std::move(hooks));
  if (!server) throw std::runtime_error(server.error().to_string());
  return std::move(*server);
}

} // namespace troupe::test
