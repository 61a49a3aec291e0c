#include "actors/http_edge/http_server.hpp"

#include "actors/http_edge/connection.hpp"
#include "actors/http_edge/io_thread.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <sys/socket.h>

namespace troupe {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Time for other connections to end when the process has no file descriptor left.
constexpr auto accept_pause = std::chrono::milliseconds{100};
// Connections taken in one go before the thread turns to its other work.
constexpr int accept_burst = 64;

constexpr std::string_view refusal = "HTTP/1.1 503 Service Unavailable\r\n"
                                     "Content-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";

} // namespace

http_metrics::~http_metrics() = default;

struct http_server::state {
  std::shared_ptr<http_server_shared> shared = std::make_shared<http_server_shared>();
  std::vector<std::shared_ptr<io_thread>> threads;
  std::unique_ptr<tcp::acceptor> acceptor;
  std::unique_ptr<boost::asio::steady_timer> pause;
  std::uint16_t port = 0;

  std::mutex mutex; // guards what follows
  std::condition_variable changed;
  tls_context_ptr tls;

  io_thread& least_loaded() {
    return **std::min_element(threads.begin(), threads.end(),
                              [](const auto& a, const auto& b) { return a->load() < b->load(); });
  }

  void wait_for_connections() {
    acceptor->async_wait(tcp::acceptor::wait_read, [this](error_code ec) {
      if (ec || !acceptor->is_open()) return;
      bool go_on = false;
      {
        io_thread::turn now{*threads.front()};
        go_on = accept_some(accept_burst);
      }
      if (go_on) {
        wait_for_connections();
        return;
      }
      pause->expires_after(accept_pause);
      pause->async_wait([this](error_code cancelled) {
        if (!cancelled && acceptor->is_open()) wait_for_connections();
      });
    });
  }

  // False when accepting fails for a reason that time may heal.
  bool accept_some(int most) {
    for (int taken = 0; taken < most; ++taken) {
      auto& thread = least_loaded();
      error_code ec;
      tcp::socket socket{thread.context()};
      acceptor->accept(socket, ec);
      if (ec == boost::asio::error::would_block) return true;
      if (ec == boost::asio::error::connection_aborted || ec == boost::asio::error::interrupted) continue;
      if (ec) {
        shared->warn(fmt::format("cannot accept a connection: {}", ec.message()));
        return false;
      }
      take(thread, std::move(socket));
    }
    return true;
  }

  void take(io_thread& thread, tcp::socket socket) {
    if (++shared->connections > shared->options.limits.connections) {
      --shared->connections;
      shared->metrics().connection_refused();
      if (!shared->options.tls)
        ::send(socket.native_handle(), refusal.data(), refusal.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      // Closing with unread bytes would reset the connection and take the answer away; what has arrived is
      // dropped.
      error_code ignored;
      socket.shutdown(tcp::socket::shutdown_send, ignored);
      std::array<char, 4096> block;
      while (::recv(socket.native_handle(), block.data(), block.size(), MSG_DONTWAIT)
             == ssize_t{sizeof block}) {
      }
      return;
    }
    thread.add_load();
    tls_context_ptr context;
    {
      std::lock_guard lock{mutex};
      context = tls;
    }
    connection_ptr taken{new connection(thread, std::move(socket), std::move(context))};
    if (thread.is_current())
      taken->start();
    else
      thread.post([taken] { taken->start(); });
  }

  // Runs `what` in a turn of a thread and waits for it.
  static void on(io_thread& thread, std::function<void()> what) {
    std::promise<void> done;
    thread.post([&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }

  void stop_accepting() {
    if (!acceptor) return;
    on(*threads.front(), [this] {
      if (!acceptor->is_open()) return;
      // The kernel has completed these connections, so their clients count on an answer.
      accept_some(static_cast<int>(shared->options.limits.connections));
      error_code ec;
      acceptor->close(ec);
      pause->cancel();
    });
  }

  void drain(duration limit) {
    shared->draining = true;
    stop_accepting();
    for (auto& thread : threads)
      on(*thread, [&] {
        auto all = thread->connections();
        for (auto& each : all)
          each->begin_drain();
      });
    std::unique_lock lock{mutex};
    changed.wait_for(lock, limit, [&] { return shared->connections == 0; });
  }

  void stop() {
    if (threads.empty()) return;
    shared->draining = true;
    stop_accepting();
    for (auto& thread : threads)
      thread->stop();
    acceptor.reset();
    pause.reset();
    threads.clear();
  }

  status listen() {
    const auto& options = shared->options;
    error_code ec;
    auto address = boost::asio::ip::make_address(options.address, ec);
    if (ec)
      return invalid_argument("http: '{}' is not an IP address; write one such as 127.0.0.1 or ::1",
                              options.address);
    if (!options.tls && !address.is_loopback() && !options.allow_plain_beyond_loopback)
      return invalid_argument(
        "http: without TLS only loopback addresses are served, and {} is none; configure TLS, or "
        "allow plain text explicitly",
        options.address);
    tcp::endpoint endpoint{address, options.port};
    acceptor = std::make_unique<tcp::acceptor>(threads.front()->context());
    pause = std::make_unique<boost::asio::steady_timer>(threads.front()->context());
    auto failed = [&](std::string_view what) {
      return failed_precondition("http: cannot {} {} port {}: {}", what, options.address, options.port,
                                 ec.message());
    };
    if (acceptor->open(endpoint.protocol(), ec)) return failed("open");
    acceptor->set_option(tcp::acceptor::reuse_address{true}, ec);
    if (acceptor->bind(endpoint, ec)) return failed("bind to");
    if (acceptor->listen(tcp::acceptor::max_listen_connections, ec)) return failed("listen on");
    acceptor->non_blocking(true, ec);
    port = acceptor->local_endpoint(ec).port();
    wait_for_connections();
    return {};
  }
};

result<std::unique_ptr<http_server>> http_server::start(http_server_options options, http_handler& handler,
                                                        http_server_hooks hooks) {
  auto inner = std::make_unique<state>();
  auto& shared = *inner->shared;
  shared.options = std::move(options);
  shared.handler = &handler;
  shared.hooks = std::move(hooks);
  if (shared.options.limits.header_bytes < 256 || shared.options.limits.pipelined < 1
      || shared.options.limits.connections < 1)
    return invalid_argument("http: header_bytes must be at least 256, pipelined and connections at least 1");
  if (shared.options.tls) {
    auto context = make_tls_context(*shared.options.tls);
    if (!context) return context.error();
    inner->tls = std::move(*context);
  }
  shared.on_closed = [raw = inner.get()] {
    // Under the lock, so that the one who drains cannot miss it.
    std::lock_guard lock{raw->mutex};
    raw->changed.notify_all();
  };
  auto count =
    shared.options.threads > 0 ? shared.options.threads : std::max(1u, std::thread::hardware_concurrency());
  for (unsigned at = 0; at < count; ++at)
    inner->threads.push_back(std::make_shared<io_thread>(inner->shared));
  if (auto outcome = inner->listen(); !outcome.ok()) return outcome;
  for (auto& thread : inner->threads)
    thread->start();
  return std::unique_ptr<http_server>(new http_server(std::move(inner)));
}

http_server::http_server(std::unique_ptr<state> inner) : state_(std::move(inner)) {}

http_server::~http_server() { state_->stop(); }

std::uint16_t http_server::port() const noexcept { return state_->port; }

std::uint32_t http_server::connections() const noexcept { return state_->shared->connections; }

void http_server::drain(duration limit) {
  state_->drain(limit);
  state_->stop();
}

status http_server::reload_certificates() {
  if (!state_->shared->options.tls) return failed_precondition("http: TLS is not configured");
  auto context = make_tls_context(*state_->shared->options.tls);
  if (!context) return context.error();
  std::lock_guard lock{state_->mutex};
  state_->tls = std::move(*context);
  return {};
}

} // namespace troupe
