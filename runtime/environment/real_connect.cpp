#include "runtime/environment/real_asio.hpp"
#include "runtime/environment/real_connection.hpp"
#include "runtime/environment/real_loop.hpp"

#include <boost/asio/post.hpp>

#include <cerrno>

namespace troupe {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

std::string milliseconds(duration time) {
  return fmt::format("{} ms", std::chrono::ceil<std::chrono::milliseconds>(time).count());
}

// A connection on its way to become a stream. Shared by the owner's handle and by what Asio has pending.
class attempt : public std::enable_shared_from_this<attempt> {
public:
  attempt(real_loop& loop, const endpoint& peer, stream_credentials_ptr credentials, duration timeout,
          connect_handler then)
    : loop_(loop), peer_(peer), credentials_(std::move(credentials)), timeout_(timeout),
      socket_(loop.context()), then_(std::move(then)) {}

  void start() {
    // Weak, as the timer belongs to the attempt.
    limit_ = loop_.after(timeout_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->fail(self->connection_ ? unavailable("{} did not finish the TLS handshake within {}",
                                                 self->peer_.to_string(), milliseconds(self->timeout_))
                                   : unavailable("{} did not answer within {}", self->peer_.to_string(),
                                                 milliseconds(self->timeout_)));
    });
    // Opens the socket as well, and tells of failures later in any case.
    socket_.async_connect(to_asio<tcp>(peer_),
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            real_loop::turn turn{self->loop_};
                            self->connected(error);
                          });
  }

  void give_up() {
    limit_.reset();
    const auto dropped = std::exchange(then_, nullptr);
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (connection_) std::exchange(connection_, nullptr)->close();
  }

private:
  void connected(const boost::system::error_code& error) {
    if (!then_) return;
    if (error == asio::error::connection_refused)
      return fail(unavailable("nobody listens on {}", peer_.to_string()));
    if (error) return fail(unavailable("cannot connect to {}: {}", peer_.to_string(), error.message()));
    // A port of this host that nobody listens on may be the one that the kernel gives this very socket: TCP
    // then connects it to itself.
    boost::system::error_code ignored;
    if (socket_.local_endpoint(ignored) == socket_.remote_endpoint(ignored))
      return fail(unavailable("nobody listens on {}", peer_.to_string()));
    connection_ = std::make_shared<real_connection>(loop_, std::move(socket_), peer_, connection_place{});
    if (!credentials_) return succeed();
    connection_->start_handshake(credentials_, stream_tls::side::client,
                                 [weak = weak_from_this()](const status& how) {
                                   const auto self = weak.lock();
                                   if (!self || !self->then_) return;
                                   if (how.ok())
                                     self->succeed();
                                   else
                                     self->fail(how);
                                 });
  }

  void succeed() { finish(make_stream(std::exchange(connection_, nullptr))); }
  void fail(const status& why) { finish(why); }

  void finish(result<std::unique_ptr<byte_stream>> outcome) {
    const auto told = std::exchange(then_, nullptr);
    give_up();
    if (told) told(std::move(outcome));
  }

  real_loop& loop_;
  const endpoint peer_;
  const stream_credentials_ptr credentials_;
  const duration timeout_;
  tcp::socket socket_;
  connect_handler then_;                        // until it was called
  std::shared_ptr<real_connection> connection_; // from TCP's connection to the end of the handshake
  std::unique_ptr<loop_timer> limit_;
};

class real_connect final : public loop_timer {
public:
  explicit real_connect(std::shared_ptr<attempt> impl) : impl_(std::move(impl)) {}
  ~real_connect() override { impl_->give_up(); }

private:
  const std::shared_ptr<attempt> impl_;
};

} // namespace

std::unique_ptr<loop_timer> connect_to(real_loop& loop, const endpoint& peer,
                                       stream_credentials_ptr credentials, duration timeout,
                                       connect_handler then) {
  auto impl = std::make_shared<attempt>(loop, peer, std::move(credentials), timeout, std::move(then));
  impl->start();
  return std::make_unique<real_connect>(std::move(impl));
}

} // namespace troupe
