// One thread of the HTTP server with everything that its connections share. Internal to this component.
#pragma once

#include "actors/http_edge/content_coding.hpp"
#include "actors/http_edge/deadline_heap.hpp"
#include "actors/http_edge/http_server.hpp"
#include "actors/http_edge/tls_session.hpp"
#include "runtime/call/inline_execution.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace troupe {

class connection;
using connection_ptr = boost::intrusive_ptr<connection>;

// What all threads share; constant after the start but for the atomics.
struct http_server_shared {
  http_server_options options;
  http_handler* handler = nullptr;
  http_server_hooks hooks;
  http_metrics no_metrics;
  std::atomic<std::uint32_t> connections = 0;
  std::atomic<bool> draining = false;
  // Called when a connection has ended.
  std::function<void()> on_closed;

  http_metrics& metrics() noexcept { return hooks.metrics ? *hooks.metrics : no_metrics; }
  void warn(std::string_view text) const {
    if (hooks.warn) hooks.warn(text);
  }
};

// Held by its server, and by exchanges that somebody still holds after the server stopped: post() then drops.
class io_thread : public std::enable_shared_from_this<io_thread> {
public:
  explicit io_thread(std::shared_ptr<http_server_shared> shared);
  ~io_thread();

  void start();
  // Cuts all connections, stops the thread and waits for it. Not by the thread itself.
  void stop();

  // -- from any thread ----------------------------------------------------------------------------
  void post(std::function<void()> what);
  bool is_current() const noexcept;
  std::uint32_t load() const noexcept { return load_.load(std::memory_order_relaxed); }
  void add_load() noexcept { load_.fetch_add(1, std::memory_order_relaxed); }

  // -- on the thread ------------------------------------------------------------------------------

  // Whatever happens on the thread happens in a turn: actors that it wakes run at its end, and then all
  // connections that were touched write what they have.
  class turn {
  public:
    explicit turn(io_thread& thread) : thread_(thread) { thread_.begin_turn(); }
    ~turn() { thread_.end_turn(); }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

  private:
    io_thread& thread_;
  };

  // The connection wants settle() at the end of the turn.
  void touch(connection& which);
  void add(connection_ptr which);
  void remove(connection& which);
  // `due`: when the connection wants on_due(). Moves the appointment forward only; on_due() makes a new one.
  void remind(connection& which, monotonic_time due);

  monotonic_time now() const noexcept { return now_; }
  // "Date: ...\r\n".
  std::string_view date_line();
  gzip_encoder& gzip() noexcept { return gzip_; }
  boost::asio::io_context& context() noexcept { return context_; }
  http_server_shared& shared() noexcept { return *shared_; }
  const std::vector<connection_ptr>& connections() const noexcept { return connections_; }

private:
  void begin_turn();
  void end_turn();
  void run_posted();
  void arm_timer();
  void on_timer();

  std::shared_ptr<http_server_shared> shared_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  boost::asio::steady_timer timer_{context_};
  monotonic_time armed_ = monotonic_time::max();
  deadline_heap heap_;
  std::vector<connection_ptr> connections_;
  std::vector<connection_ptr> touched_, settling_;
  std::optional<inline_execution> unit_;
  std::optional<inline_execution::scope> scope_;
  gzip_encoder gzip_;
  monotonic_time now_{};
  monotonic_time date_until_{};
  std::string date_line_;
  std::atomic<std::uint32_t> load_ = 0;

  std::mutex mutex_; // guards what follows
  std::vector<std::function<void()>> posted_;
  bool closed_ = false;

  std::thread thread_;
};

} // namespace troupe
