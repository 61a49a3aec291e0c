#include "runtime/environment/real_parts.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <future>
#include <thread>

namespace troupe {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

tcp::endpoint to_asio(const endpoint& from) {
  const auto& b = from.address.bytes();
  if (from.address.is_v4()) return {asio::ip::address_v4{{b[12], b[13], b[14], b[15]}}, from.port};
  return {asio::ip::address_v6{b}, from.port};
}

endpoint from_asio(const tcp::endpoint& from) {
  if (from.address().is_v4()) {
    const auto b = from.address().to_v4().to_bytes();
    return {ip_address::v4(b[0], b[1], b[2], b[3]), from.port()};
  }
  return {ip_address{from.address().to_v6().to_bytes()}, from.port()};
}

struct connection : std::enable_shared_from_this<connection> {
  explicit connection(tcp::socket from) : socket(std::move(from)) {
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    peer = from_asio(socket.remote_endpoint(ignored));
  }
  void read() {
    if (reading || paused || handler == nullptr) return;
    reading = true;
    socket.async_read_some(asio::buffer(in),
                           [self = shared_from_this()](const auto& error, std::size_t size) {
                             self->reading = false;
                             if (self->handler == nullptr) return;
                             if (error) return self->fail(error);
                             self->handler->on_bytes(std::as_bytes(std::span{self->in}.first(size)));
                             self->read();
                           });
  }
  void write(byte_buffer bytes) {
    out = std::move(bytes);
    asio::async_write(socket, asio::buffer(out), [self = shared_from_this()](const auto& error, std::size_t) {
      if (self->handler == nullptr) return;
      if (error) return self->fail(error);
      self->out.clear();
      self->handler->on_drained(std::move(self->out));
    });
  }
  void fail(const boost::system::error_code& error) {
    auto* told = std::exchange(handler, nullptr);
    if (error == asio::error::eof) return told->on_closed({});
    told->on_closed(unavailable("the connection to {} broke: {}", peer.to_string(), error.message()));
  }

  tcp::socket socket;
  endpoint peer;
  stream_handler* handler = nullptr;
  bool reading = false;
  bool paused = false;
  byte_buffer out;
  std::array<char, 65536> in;
};

class tcp_stream final : public byte_stream {
public:
  explicit tcp_stream(tcp::socket from) : impl_(std::make_shared<connection>(std::move(from))) {}
  ~tcp_stream() override {
    impl_->handler = nullptr;
    boost::system::error_code ignored;
    impl_->socket.close(ignored);
  }
  void begin(stream_handler& handler) override {
    impl_->handler = &handler;
    impl_->read();
  }
  void write(byte_buffer bytes) override { impl_->write(std::move(bytes)); }
  void pause_reading() override { impl_->paused = true; }
  void resume_reading() override {
    impl_->paused = false;
    impl_->read();
  }
  endpoint peer() const noexcept override { return impl_->peer; }
  const std::vector<std::string>& peer_names() const noexcept override { return names_; }

private:
  std::shared_ptr<connection> impl_;
  std::vector<std::string> names_;
};

class tcp_listener final : public stream_listener {
public:
  struct state : std::enable_shared_from_this<state> {
    explicit state(asio::io_context& context) : acceptor(context) {}
    void accept() {
      acceptor.async_accept([self = shared_from_this()](const auto& error, tcp::socket socket) {
        if (!self->acceptor.is_open()) return;
        if (!error) self->then(std::make_unique<tcp_stream>(std::move(socket)));
        if (self->acceptor.is_open()) self->accept();
      });
    }
    tcp::acceptor acceptor;
    accept_handler then;
  };
  explicit tcp_listener(std::shared_ptr<state> impl) : impl_(std::move(impl)) {}
  ~tcp_listener() override {
    boost::system::error_code ignored;
    impl_->acceptor.close(ignored);
  }
  endpoint local() const noexcept override {
    boost::system::error_code ignored;
    return from_asio(impl_->acceptor.local_endpoint(ignored));
  }

private:
  std::shared_ptr<state> impl_;
};

class asio_timer final : public loop_timer {
public:
  asio_timer(asio::io_context& context, duration delay, std::function<void()> then)
    : alive_(std::make_shared<bool>(true)), timer_(context, delay) {
    timer_.async_wait([alive = alive_, then = std::move(then)](const auto&) {
      if (*alive) then();
    });
  }
  ~asio_timer() override { *alive_ = false; }

private:
  std::shared_ptr<bool> alive_;
  asio::steady_timer timer_;
};

class pending_connect final : public loop_timer {
public:
  struct state {
    explicit state(asio::io_context& context) : socket(context), timer(context) {}
    void done(result<std::unique_ptr<byte_stream>> outcome) {
      timer.cancel();
      if (auto told = std::exchange(then, nullptr)) told(std::move(outcome));
    }
    tcp::socket socket;
    asio::steady_timer timer;
    connect_handler then;
  };
  explicit pending_connect(std::shared_ptr<state> impl) : impl_(std::move(impl)) {}
  ~pending_connect() override {
    impl_->then = nullptr;
    boost::system::error_code ignored;
    impl_->timer.cancel(ignored);
    impl_->socket.close(ignored);
  }

private:
  std::shared_ptr<state> impl_;
};

class asio_loop final : public event_loop {
public:
  explicit asio_loop(std::string_view name) {
    thread_ = std::thread{[this] { context_.run(); }};
    ::pthread_setname_np(thread_.native_handle(), std::string{name.substr(0, 15)}.c_str());
  }
  ~asio_loop() override {
    context_.stop();
    thread_.join();
  }
  void post(std::function<void()> work) override { asio::post(context_, std::move(work)); }
  void run(std::function<void()> work) override {
    std::promise<void> done;
    post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  bool is_current() const noexcept override { return std::this_thread::get_id() == thread_.get_id(); }
  std::unique_ptr<loop_timer> after(duration delay, std::function<void()> then) override {
    return std::make_unique<asio_timer>(context_, delay, std::move(then));
  }
  result<std::unique_ptr<stream_listener>> listen(const endpoint& local, listen_options,
                                                  accept_handler on_accepted, refusal_handler) override {
    auto impl = std::make_shared<tcp_listener::state>(context_);
    boost::system::error_code error;
    const auto where = to_asio(local);
    impl->acceptor.open(where.protocol(), error);
    if (!error) impl->acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error) impl->acceptor.bind(where, error);
    if (!error) impl->acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      const auto code = error == asio::error::address_in_use  ? status_code::already_exists
                        : error == asio::error::access_denied ? status_code::permission_denied
                                                              : status_code::unavailable;
      return status{code, fmt::format("cannot listen on {}: {}", local.to_string(), error.message())};
    }
    impl->then = std::move(on_accepted);
    impl->accept();
    return std::unique_ptr<stream_listener>{std::make_unique<tcp_listener>(std::move(impl))};
  }
  std::unique_ptr<loop_timer> connect(const endpoint& peer, stream_credentials_ptr, duration timeout,
                                      connect_handler then) override {
    auto impl = std::make_shared<pending_connect::state>(context_);
    impl->then = std::move(then);
    impl->timer.expires_after(timeout);
    impl->timer.async_wait([impl, peer](const auto& error) {
      if (!error) impl->done(unavailable("cannot connect to {}: timed out", peer.to_string()));
    });
    impl->socket.async_connect(to_asio(peer), [impl, peer](const auto& error) {
      if (error)
        impl->done(unavailable("cannot connect to {}: {}", peer.to_string(), error.message()));
      else if (impl->then)
        impl->done(std::unique_ptr<byte_stream>{std::make_unique<tcp_stream>(std::move(impl->socket))});
    });
    return std::make_unique<pending_connect>(std::move(impl));
  }

private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(context_);
  std::thread thread_;
};

} // namespace

std::unique_ptr<event_loop> make_real_loop(std::string_view name) {
  return std::make_unique<asio_loop>(name);
}

result<stream_credentials_ptr> load_real_credentials(const stream_security&) {
  return unimplemented("this build has no TLS between nodes");
}

} // namespace troupe
