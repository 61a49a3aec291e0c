#include "runtime/environment/real_asio.hpp"
#include "runtime/environment/real_parts.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>
#include <cstring>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>

namespace troupe {
namespace {

namespace asio = boost::asio;
using udp = asio::ip::udp;

// The thread that all sockets of a network share; started by the first one.
class socket_thread {
public:
  ~socket_thread() {
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }

  void start() {
    std::call_once(once_, [this] { thread_ = std::thread{[this] { context_.run(); }}; });
  }
  asio::io_context& context() noexcept { return context_; }
  bool is_current() noexcept { return context_.get_executor().running_in_this_thread(); }

private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(context_);
  std::once_flag once_;
  std::thread thread_;
};

// What the thread works on. Shared by the owner's handle and by the pending receive, so that a handler may
// destroy its own handle.
class receiver : public std::enable_shared_from_this<receiver> {
public:
  receiver(socket_thread& thread, datagram_handler handler)
    : thread_(thread), socket_(thread.context()), handler_(std::move(handler)) {}

  status bind(const endpoint& local) {
    const auto where = to_asio<udp>(local);
    boost::system::error_code error;
    socket_.open(where.protocol(), error);
    if (!error && !local.address.is_v4()) socket_.set_option(asio::ip::v6_only{false}, error);
    if (!error) socket_.non_blocking(true, error);
    if (!error) socket_.bind(where, error);
    if (!error) local_ = from_asio(socket_.local_endpoint(error));
    if (!error) return {};
    const auto text =
      fmt::format("cannot open a datagram socket on {}: {}", local.to_string(), error.message());
    switch (error.value()) {
    case EADDRINUSE:
      return {status_code::already_exists, text};
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return {status_code::unavailable, text};
    case EACCES:
      return {status_code::permission_denied, text};
    case EMFILE:
    case ENFILE:
      return {status_code::resource_exhausted, text};
    default:
      return {status_code::internal, text};
    }
  }

  const endpoint& local() const noexcept { return local_; }
  int native() noexcept { return socket_.native_handle(); }

  void receive() {
    socket_.async_receive_from(
      asio::buffer(buffer_), from_,
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
        self->received(error, size);
      });
  }

  void close() {
    if (thread_.is_current()) {
      close_here();
      return;
    }
    std::promise<void> closed;
    asio::post(thread_.context(), [&] {
      close_here();
      closed.set_value();
    });
    closed.get_future().wait();
  }

private:
  void received(const boost::system::error_code& error, std::size_t size) {
    if (closed_) return;
    // Other errors report an earlier send to a peer that is gone (ICMP); the socket goes on.
    if (!error) handler_(from_asio(from_), std::as_bytes(std::span{buffer_}.first(size)));
    if (!closed_) receive();
  }

  void close_here() {
    closed_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  socket_thread& thread_;
  udp::socket socket_;
  datagram_handler handler_;
  endpoint local_;
  udp::endpoint from_;
  bool closed_ = false; // read and written on the thread only
  std::array<char, 65536> buffer_;
};

class real_datagram_socket final : public datagram_socket {
public:
  explicit real_datagram_socket(std::shared_ptr<receiver> impl) : impl_(std::move(impl)) {}
  ~real_datagram_socket() override { impl_->close(); }

  endpoint local() const noexcept override { return impl_->local(); }

  status send(const endpoint& to, std::span<const std::byte> payload) noexcept override {
    if (payload.size() > max_datagram_size) {
      return invalid_argument("a datagram of {} bytes is larger than {}", payload.size(), max_datagram_size);
    }
    // A socket of asio belongs to one thread, but the system call may run beside its pending receive.
    auto where = to_asio<udp>(to);
    if (!impl_->local().address.is_v4() && to.address.is_v4()) {
      where.address(asio::ip::address_v6{to.address.bytes()}); // an IPv6 socket wants the mapped form
    }
    const auto sent = ::sendto(impl_->native(), payload.data(), payload.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                               where.data(), static_cast<socklen_t>(where.size()));
    if (sent >= 0) return {};
    const int error = errno;
    const auto text = std::generic_category().message(error);
    switch (error) {
    case ECONNREFUSED:
      return {}; // news of an earlier datagram, not of this one
    case EAGAIN:
    case ENOBUFS:
      return resource_exhausted("the send buffer of {} is full", local().to_string());
    case EMSGSIZE:
      return invalid_argument("cannot send {} bytes to {}: {}", payload.size(), to.to_string(), text);
    default:
      return unavailable("cannot send to {}: {}", to.to_string(), text);
    }
  }

private:
  std::shared_ptr<receiver> impl_;
};

class real_network final : public network {
public:
  explicit real_network(std::optional<endpoint> name_server) : resolver_(name_server) {}

  result<std::unique_ptr<datagram_socket>> open_datagram(const endpoint& local,
                                                         datagram_handler on_datagram) override {
    if (!on_datagram) return invalid_argument("a datagram socket needs a handler");
    auto impl = std::make_shared<receiver>(thread_, std::move(on_datagram));
    if (status s = impl->bind(local); !s.ok()) return s;
    asio::post(thread_.context(), [impl] { impl->receive(); });
    thread_.start();
    return std::unique_ptr<datagram_socket>{std::make_unique<real_datagram_socket>(std::move(impl))};
  }

  std::unique_ptr<event_loop> open_loop(std::string_view name) override { return make_real_loop(name); }
  result<stream_credentials_ptr> load_credentials(const stream_security& files) override {
    return load_real_credentials(files);
  }

  status resolve(std::string_view host, addresses_handler then) override {
    return resolver_.resolve(host, std::move(then));
  }
  status resolve_service(std::string_view name, service_records_handler then) override {
    return resolver_.resolve_service(name, std::move(then));
  }

private:
  socket_thread thread_;
  real_resolver resolver_;
};

} // namespace

std::unique_ptr<network> make_real_network(std::optional<endpoint> name_server) {
  return std::make_unique<real_network>(name_server);
}

} // namespace troupe
