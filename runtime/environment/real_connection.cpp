#include "runtime/environment/real_connection.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <system_error>

namespace troupe {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

// Full buffers read in a row before other connections of the loop get their turn.
constexpr int reads_in_a_row = 4;
// Plain text encrypted at a time: its ciphertext is sent while it is in the processor's cache.
constexpr std::size_t encrypted_at_a_time = 4 * stream_tls::record_size;
// Ciphertext buffers larger than this are not kept between writes.
constexpr std::size_t kept_output = 2 * encrypted_at_a_time;
// Bytes that nobody wants, thrown away on close(): a socket closed with unread bytes resets the connection,
// and what was handed over to the network might be lost with it.
constexpr std::size_t discarded_on_close = 1 << 20;

void discard_input(int socket) noexcept {
  std::array<char, 16384> buffer;
  for (std::size_t left = discarded_on_close; left >= buffer.size(); left -= buffer.size())
    if (::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT) < static_cast<ssize_t>(buffer.size()))
      return;
}

class real_stream final : public byte_stream {
public:
  explicit real_stream(std::shared_ptr<real_connection> connection) : connection_(std::move(connection)) {}
  ~real_stream() override { connection_->close(); }

  void begin(stream_handler& handler) override { connection_->begin(handler); }
  void write(byte_buffer bytes) override { connection_->write(std::move(bytes)); }
  void pause_reading() override { connection_->pause_reading(); }
  void resume_reading() override { connection_->resume_reading(); }
  endpoint peer() const noexcept override { return connection_->peer(); }
  const std::vector<std::string>& peer_names() const noexcept override { return connection_->peer_names(); }

private:
  const std::shared_ptr<real_connection> connection_;
};

} // namespace

std::unique_ptr<byte_stream> make_stream(std::shared_ptr<real_connection> connection) {
  return std::make_unique<real_stream>(std::move(connection));
}

real_connection::real_connection(real_loop& loop, tcp::socket socket, const endpoint& peer,
                                 connection_place place)
  : loop_(loop), socket_(std::move(socket)), peer_(peer), place_(std::move(place)) {
  boost::system::error_code ignored; // of a connection that is gone already, which reading will tell
  socket_.set_option(tcp::no_delay{true}, ignored);
}

void real_connection::start_handshake(stream_credentials_ptr credentials, stream_tls::side which,
                                      std::function<void(const status&)> then) {
  tls_.emplace(std::move(credentials), which, peer_.to_string());
  handshaken_ = std::move(then);
  proceed_later();
}

void real_connection::begin(stream_handler& handler) {
  handler_ = &handler;
  proceed_later(); // there may be bytes that came with the end of the handshake
}

void real_connection::resume_reading() {
  paused_ = false;
  if (is_open()) proceed_later();
}

void real_connection::write(byte_buffer bytes) {
  if (!is_open()) return;
  written_ = std::move(bytes);
  handed_over_ = 0;
  writing_ = true;
  flush();
}

void real_connection::close() {
  if (!is_open()) return;
  handler_ = nullptr;
  handshaken_ = nullptr;
  // After a part of a message no farewell: the peer is to see that the rest is missing.
  if (tls_ && !writing_) {
    tls_->say_goodbye();
    flush();
  }
  release();
}

void real_connection::release() {
  const int number = socket_.native_handle();
  ::shutdown(number, SHUT_WR);
  discard_input(number);
  boost::system::error_code ignored;
  socket_.close(ignored);
  place_.give_back();
}

void real_connection::end(const status& why) {
  writing_ = false;
  if (tls_) flush(); // there may be an alert that says why
  auto* told = std::exchange(handler_, nullptr);
  const auto handshaken = std::exchange(handshaken_, nullptr);
  if (is_open()) release();
  if (handshaken) handshaken(why);
  if (told != nullptr) told->on_closed(why);
}

void real_connection::proceed_later() {
  if (!std::exchange(will_proceed_, true)) loop_.proceed_later(shared_from_this());
}

void real_connection::proceed() {
  will_proceed_ = false;
  if (!is_open()) return;
  if (std::exchange(has_drained_, false) && handler_ != nullptr) {
    auto spent = std::move(written_);
    spent.clear();
    handler_->on_drained(std::move(spent));
    if (!is_open()) return;
  }
  if (handshaken_) go_on_with_handshake();
  take_kept();
  // One that nobody listens to yet has somebody to tell once it has begun.
  if (is_open() && !send_failure_.ok() && (handler_ != nullptr || handshaken_)) {
    receive(); // the peer may have said why before it closed its end
    if (is_open()) end(send_failure_);
    return;
  }
  wait_for_bytes();
}

void real_connection::wait_for_bytes() {
  if (!wants_bytes() || std::exchange(waits_for_bytes_, true)) return;
  socket_.async_wait(tcp::socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->waits_for_bytes_ = false;
                       if (error) return; // closed
                       real_loop::turn turn{self->loop_};
                       self->receive();
                       self->wait_for_bytes();
                     });
}

void real_connection::receive() {
  take_kept();
  const auto buffer = loop_.bytes_read();
  for (int i = 0; i < reads_in_a_row && wants_bytes(); ++i) {
    const auto got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) {
      take(buffer.first(static_cast<std::size_t>(got)));
      // A buffer that was not filled is all there was: to ask again would be a system call for nothing.
      if (static_cast<std::size_t>(got) < buffer.size()) return;
      continue;
    }
    if (got == 0) return end_of_input();
    if (errno == EINTR) continue;
    if (errno != EAGAIN) end(broken(errno));
    return;
  }
}

void real_connection::take(std::span<const std::byte> bytes) {
  if (!tls_) return handler_->on_bytes(bytes);
  tls_->offer(bytes);
  if (handshaken_)
    go_on_with_handshake();
  else
    take_plain_text();
  tls_->keep_rest();
}

void real_connection::go_on_with_handshake() {
  const auto where = tls_->handshake();
  if (where == stream_tls::state::failed) return end(tls_->failure());
  flush();
  if (where != stream_tls::state::open) return;
  peer_names_ = tls_->peer_names();
  const auto told = std::exchange(handshaken_, nullptr);
  tls_->keep_rest();
  told({});
}

// What came before the owner had begun, or before it paused, comes first.
void real_connection::take_kept() {
  if (is_open() && handler_ != nullptr && !paused_ && tls_ && tls_->has_input()) take_plain_text();
}

void real_connection::take_plain_text() {
  const auto buffer = loop_.plain_text();
  while (handler_ != nullptr && !paused_) {
    const auto size = tls_->read(buffer);
    if (size > 0) handler_->on_bytes(buffer.first(size));
    if (!is_open()) return;
    if (tls_->current() == stream_tls::state::failed) return end(tls_->failure());
    if (tls_->current() == stream_tls::state::closed) return end({});
    if (size == 0) break;
  }
  flush();
}

void real_connection::end_of_input() {
  // The kernel tells of a reset once: to the send that failed. After it the input looks as if it had just
  // ended.
  if (!send_failure_.ok()) return;
  if (handshaken_)
    return end(
      unavailable("{} closed the connection during the TLS handshake: it has too many, or expects no TLS",
                  peer_.to_string()));
  if (tls_) return end(unavailable("{} ended the connection without TLS's farewell", peer_.to_string()));
  end({});
}

// Hands over what there is until the kernel takes no more. Tells nobody: proceed() does.
void real_connection::flush() {
  if (waits_for_room_ || !send_failure_.ok()) return;
  while (true) {
    std::span<const std::byte> next;
    if (tls_) {
      auto& output = tls_->output();
      if (sent_ == output.size()) {
        output.clear();
        sent_ = 0;
        if (writing_ && handed_over_ < written_.size()) {
          const auto piece = std::span{written_}
                               .subspan(handed_over_)
                               .first(std::min(encrypted_at_a_time, written_.size() - handed_over_));
          handed_over_ += piece.size();
          if (!tls_->write(piece)) {
            send_failure_ = tls_->failure();
            return proceed_later();
          }
        }
      }
      next = std::span{output}.subspan(sent_);
    } else if (writing_) {
      next = std::span{written_}.subspan(handed_over_);
    }
    if (next.empty()) break;
    const auto put = ::send(socket_.native_handle(), next.data(), next.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put >= 0) {
      (tls_ ? sent_ : handed_over_) += static_cast<std::size_t>(put);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      send_failure_ = broken(errno);
      return proceed_later();
    }
    waits_for_room_ = true;
    socket_.async_wait(tcp::socket::wait_write,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         self->waits_for_room_ = false;
                         if (error) return; // closed
                         real_loop::turn turn{self->loop_};
                         self->flush();
                       });
    return;
  }
  if (tls_ && tls_->output().capacity() > kept_output) tls_->output() = {};
  if (!std::exchange(writing_, false)) return;
  has_drained_ = true;
  proceed_later();
}

status real_connection::broken(int error) const {
  if (error == ECONNRESET || error == EPIPE) return unavailable("{} reset the connection", peer_.to_string());
  return unavailable("the connection to {} broke: {}", peer_.to_string(),
                     std::generic_category().message(error));
}

} // namespace troupe
