#include "runtime/environment/real_asio.hpp"
#include "runtime/environment/real_connection.hpp"
#include "runtime/environment/real_loop.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <cerrno>
#include <map>

namespace troupe {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

constexpr std::uint32_t most_connections = 1'000'000;
// How long accepting rests when the process has no descriptors left: the connection stays in the kernel's
// queue, and asking again at once would only burn the processor.
constexpr auto rest = std::chrono::milliseconds{100};

// Shared by the owner's handle and by what Asio has pending.
class acceptor : public std::enable_shared_from_this<acceptor> {
public:
  acceptor(real_loop& loop, listen_options options, accept_handler on_accepted, refusal_handler on_refused)
    : loop_(loop), acceptor_(loop.context()), options_(std::move(options)),
      on_accepted_(std::move(on_accepted)), on_refused_(std::move(on_refused)) {}

  status bind(const endpoint& local) {
    const auto where = to_asio<tcp>(local);
    boost::system::error_code error;
    acceptor_.open(where.protocol(), error);
    // A restarted node gets its port back although connections of its predecessor linger in TIME_WAIT.
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error && !local.address.is_v4()) acceptor_.set_option(asio::ip::v6_only{false}, error);
    if (!error) acceptor_.bind(where, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) local_ = from_asio(acceptor_.local_endpoint(error));
    if (!error) return {};
    auto text = fmt::format("cannot listen on {}: {}", local.to_string(), error.message());
    switch (error.value()) {
    case EADDRINUSE:
      return {status_code::already_exists, std::move(text)};
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return {status_code::unavailable, std::move(text)};
    case EACCES:
    case EPERM:
      return {status_code::permission_denied, std::move(text)};
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return {status_code::resource_exhausted, std::move(text)};
    default:
      return {status_code::internal, std::move(text)};
    }
  }

  void accept() {
    if (!acceptor_.is_open()) return;
    acceptor_.async_accept(
      from_, [self = shared_from_this()](const boost::system::error_code& error, tcp::socket socket) {
        if (!self->acceptor_.is_open()) return;
        real_loop::turn turn{self->loop_};
        if (!error)
          self->accepted(std::move(socket), from_asio(self->from_));
        else if (error != asio::error::connection_aborted)
          return self->pause(error);
        self->accept();
      });
  }

  void close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.reset();
    for (auto& [number, each] : std::exchange(handshakes_, {}))
      each.connection->close();
  }

  const endpoint& local() const noexcept { return local_; }

private:
  void accepted(tcp::socket socket, const endpoint& peer) {
    if (*open_ >= options_.max_connections) make_room();
    if (!acceptor_.is_open()) return; // whoever was told has destroyed the listener
    if (*open_ >= options_.max_connections) {
      socket = tcp::socket{loop_.context()}; // closed before anybody is told
      return refuse(peer, resource_exhausted("{} connections are open already", options_.max_connections));
    }
    auto connection =
      std::make_shared<real_connection>(loop_, std::move(socket), peer, connection_place{open_});
    if (!options_.credentials) return give(std::move(connection));

    const auto number = ++last_handshake_;
    auto too_late = [this, number, peer] {
      give_up(number, deadline_exceeded(
                        "{} did not finish its TLS handshake within {} ms", peer.to_string(),
                        std::chrono::ceil<std::chrono::milliseconds>(options_.handshake_timeout).count()));
    };
    handshakes_[number] = {connection, loop_.after(options_.handshake_timeout, std::move(too_late))};
    connection->start_handshake(options_.credentials, stream_tls::side::server,
                                [self = weak_from_this(), number](const status& how) {
                                  const auto here = self.lock();
                                  if (!here) return;
                                  auto done = here->take(number);
                                  if (!done) return;
                                  if (how.ok())
                                    here->give(std::move(done));
                                  else
                                    here->refuse(done->peer(), how);
                                });
  }

  // Whoever has not proven himself goes first, the one who has tried for longest.
  void make_room() {
    if (handshakes_.empty()) return;
    give_up(handshakes_.begin()->first,
            resource_exhausted("{} connections are open already, and this one goes first, which has not "
                               "finished its TLS handshake",
                               options_.max_connections));
  }

  void give_up(std::uint64_t number, const status& why) {
    const auto self = shared_from_this(); // whoever is told may destroy the listener
    const auto late = take(number);
    if (!late) return;
    late->close();
    refuse(late->peer(), why);
  }

  // Null: its handshake is over.
  std::shared_ptr<real_connection> take(std::uint64_t number) {
    const auto found = handshakes_.extract(number);
    return found ? std::move(found.mapped().connection) : nullptr;
  }

  void give(std::shared_ptr<real_connection> connection) { on_accepted_(make_stream(std::move(connection))); }

  void refuse(const endpoint& peer, const status& why) {
    if (on_refused_) on_refused_(peer, why);
  }

  void pause(const boost::system::error_code& error) {
    pause_ = loop_.after(rest, [this] {
      const auto self = shared_from_this();
      pause_.reset();
      accept();
    });
    refuse({}, resource_exhausted("cannot accept connections on {}, trying again in {} ms: {}",
                                  local_.to_string(), rest.count(), error.message()));
  }

  real_loop& loop_;
  tcp::acceptor acceptor_;
  const listen_options options_;
  const accept_handler on_accepted_;
  const refusal_handler on_refused_;
  endpoint local_;
  tcp::endpoint from_;
  std::shared_ptr<std::uint32_t> open_ = std::make_shared<std::uint32_t>(0);
  struct handshake {
    std::shared_ptr<real_connection> connection;
    std::unique_ptr<loop_timer> limit;
  };
  std::map<std::uint64_t, handshake> handshakes_; // the oldest first
  std::uint64_t last_handshake_ = 0;
  std::unique_ptr<loop_timer> pause_;
};

class real_listener final : public stream_listener {
public:
  explicit real_listener(std::shared_ptr<acceptor> impl) : impl_(std::move(impl)) {}
  ~real_listener() override { impl_->close(); }
  endpoint local() const noexcept override { return impl_->local(); }

private:
  const std::shared_ptr<acceptor> impl_;
};

} // namespace

result<std::unique_ptr<stream_listener>> listen_on(real_loop& loop, const endpoint& local,
                                                   listen_options options, accept_handler on_accepted,
                                                   refusal_handler on_refused) {
  if (!on_accepted) return invalid_argument("a listener needs a handler");
  if (options.max_connections < 1 || options.max_connections > most_connections)
    return invalid_argument("max_connections is {}; it must be 1 to {}", options.max_connections,
                            most_connections);
  if (options.handshake_timeout <= duration::zero())
    return invalid_argument("handshake_timeout must be more than zero");
  auto impl =
    std::make_shared<acceptor>(loop, std::move(options), std::move(on_accepted), std::move(on_refused));
  if (status s = impl->bind(local); !s.ok()) return s;
  impl->accept();
  return std::unique_ptr<stream_listener>{std::make_unique<real_listener>(std::move(impl))};
}

} // namespace troupe
