#include "actors/http_edge/connection.hpp"

#include "actors/http_edge/connection_exchange.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>

namespace troupe {

namespace {

// Entries of one gathering write.
constexpr std::size_t gathered = 16;
// Plain text is encrypted as the network takes it, so that little of it exists twice.
constexpr std::size_t ciphertext_ahead = 256 * 1024;
// Exchanges kept for the connection's next requests.
constexpr std::size_t spare_exchanges = 4;

} // namespace

connection::connection(io_thread& thread, boost::asio::ip::tcp::socket socket, tls_context_ptr tls)
  : thread_(thread), socket_(std::move(socket)), parser_(thread.shared().options.limits) {
  appointment.owner = this;
  if (tls) tls_ = std::make_unique<tls_session>(std::move(tls));
}

connection::~connection() = default;

void connection::start() {
  boost::system::error_code ec;
  auto remote = socket_.remote_endpoint(ec);
  if (!ec) peer_ = remote.address().to_string();
  socket_.non_blocking(true, ec);
  socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ec);
  // The first request, and the handshake before it, must come in time: who only connects is cut.
  head_since_ = idle_since_ = thread_.now();
  if (thread_.shared().draining) begin_drain();
  thread_.shared().metrics().connection_opened();
  thread_.add(connection_ptr{this});
  touch();
}

// -- the order of answers -------------------------------------------------------------------------

bool connection::is_front(const connection_exchange& which) const noexcept {
  return !order_.empty() && order_.front().get() == &which;
}

bool connection::must_close_after(const connection_exchange& which) const noexcept {
  // While draining, whatever has arrived is still answered: only the last of it carries "Connection: close".
  return thread_.shared().draining && !in_head_ && !in_body_ && !waiting_ && begin_ == end_ && !order_.empty()
         && order_.back().get() == &which;
}

void connection::close_after(const connection_exchange& which) noexcept {
  last_ = &which;
  input_over_ = true;
}

void connection::finished(connection_exchange&) {
  if (--unanswered_ == 0) unsafe_unanswered_ = false;
  touch();
}

void connection::recycle(connection_exchange_ptr exchange) {
  if (spare_.size() < spare_exchanges)
    spare_.push_back(std::move(exchange));
  else
    exchange->disconnect();
}

void connection::pop_finished() {
  while (!order_.empty() && order_.front()->finished()) {
    bool last = order_.front().get() == last_;
    recycle(std::move(order_.front()));
    order_.pop_front();
    if (last) {
      disconnect_from(0);
      close_when_written_ = true;
      return;
    }
    if (!order_.empty()) order_.front()->come_to_front();
  }
  if (order_.empty()) idle_since_ = thread_.now();
}

void connection::disconnect_from(std::size_t first) {
  std::vector<connection_exchange_ptr> over;
  for (std::size_t at = first; at < order_.size(); ++at)
    over.push_back(std::move(order_[at]));
  order_.resize(std::min(first, order_.size()));
  if (waiting_) over.push_back(std::move(waiting_));
  if (current_) over.push_back(std::move(current_));
  waiting_ = current_ = nullptr;
  in_head_ = in_body_ = continue_due_ = false;
  head_since_.reset();
  for (auto& each : over) {
    if (!each->finished() && unanswered_ > 0) --unanswered_;
    each->disconnect();
  }
}

// -- a turn's end ---------------------------------------------------------------------------------

void connection::settle() {
  touched = false;
  if (!open_) return;
  process();
  pop_finished();
  flush();
  if (!open_) return;
  if (!order_.empty()) {
    auto front = order_.front();
    front->drained();
  }
  if (!open_) return;
  if (!reading_ && wants_input()) read();
  make_appointment();
}

bool connection::encrypt() {
  std::array<iovec, gathered> pieces;
  while (!out_.empty() && ciphertext_.size() < ciphertext_ahead) {
    auto used = out_.gather(pieces.data(), pieces.size());
    for (std::size_t at = 0; at < used; ++at) {
      auto size = std::min<std::size_t>(pieces[at].iov_len, ciphertext_ahead);
      if (!tls_->send({static_cast<const char*>(pieces[at].iov_base), size}, ciphertext_)) return false;
      out_.consume(size);
      if (size < pieces[at].iov_len || ciphertext_.size() >= ciphertext_ahead) break;
    }
  }
  return true;
}

void connection::flush() {
  if (waiting_writable_) return;
  auto& queue = tls_ ? ciphertext_ : out_;
  for (;;) {
    if (tls_ && !encrypt()) {
      cut();
      return;
    }
    if (queue.empty()) break;
    std::array<iovec, gathered> pieces;
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = queue.gather(pieces.data(), pieces.size());
    auto sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        wait_writable();
        break;
      }
      cut();
      return;
    }
    queue.consume(static_cast<std::size_t>(sent));
    written_ += static_cast<std::uint64_t>(sent);
  }
  if (!queue.empty()) {
    if (!write_since_) {
      write_since_ = thread_.now();
      written_ = 0;
    }
    return;
  }
  write_since_.reset();
  if (close_when_written_ && !lingering_) begin_linger();
}

void connection::wait_writable() {
  waiting_writable_ = true;
  socket_.async_wait(boost::asio::socket_base::wait_write,
                     [self = connection_ptr{this}](boost::system::error_code ec) {
                       io_thread::turn now{self->thread_};
                       self->waiting_writable_ = false;
                       if (ec || !self->open_) return;
                       self->touch();
                     });
}

// A socket that is closed while unread bytes wait in it resets the connection, and the client may lose the
// answer (RFC 9112, 9.6): so the sending side is closed first, and what still arrives is read and dropped for
// a while.
void connection::begin_linger() {
  lingering_ = true;
  input_over_ = true;
  linger_until_ = thread_.now() + limits().linger_timeout;
  if (tls_) {
    tls_->close(ciphertext_);
    flush();
    if (!open_) return;
  }
  boost::system::error_code ec;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ec);
  if (end_seen_ || ec) cut();
}

void connection::cut() {
  if (!open_) return;
  connection_ptr self{this};
  open_ = false;
  boost::system::error_code ec;
  socket_.close(ec);
  disconnect_from(0);
  for (auto& each : spare_)
    each->disconnect();
  spare_.clear();
  out_.clear();
  ciphertext_.clear();
  thread_.remove(*this);
  auto& shared = thread_.shared();
  shared.metrics().connection_closed();
  --shared.connections;
  if (shared.on_closed) shared.on_closed();
}

void connection::begin_drain() {
  drain_until_ = thread_.now() + thread_.shared().options.drain_idle_grace;
  touch();
}

// -- time -----------------------------------------------------------------------------------------

bool connection::idle() const noexcept {
  return order_.empty() && !waiting_ && !in_body_ && !head_since_ && begin_ == end_ && out_.empty()
         && !lingering_;
}

bool connection::head_is_late() const noexcept {
  return head_since_ && !input_over_ && thread_.now() >= *head_since_ + limits().header_timeout;
}

monotonic_time connection::slowest(monotonic_time since, duration limit, std::uint64_t bytes) const {
  return since + limit + std::chrono::seconds{bytes / std::max<std::uint32_t>(limits().minimum_rate, 1)};
}

void connection::make_appointment() {
  auto due = monotonic_time::max();
  auto at = [&](monotonic_time when) { due = std::min(due, when); };
  if (lingering_) at(linger_until_);
  if (write_since_) at(slowest(*write_since_, limits().write_timeout, written_));
  if (head_since_ && !input_over_) at(*head_since_ + limits().header_timeout);
  if (in_body_ && current_)
    at(slowest(body_since_, limits().body_timeout, current_->request().body().size()));
  if (idle()) at(std::min(idle_since_ + limits().idle_timeout, drain_until_));
  // A connection that never sent anything has nothing to finish.
  if (head_since_ && !in_head_ && drain_until_ != monotonic_time::max()) at(drain_until_);
  for (const auto& each : order_)
    at(each->wake());
  if (due != monotonic_time::max()) thread_.remind(*this, due);
}

void connection::time_out() {
  thread_.shared().metrics().connection_timed_out();
  cut();
}

void connection::on_due() {
  if (!open_) return;
  const auto now = thread_.now();
  if (lingering_) {
    if (now >= linger_until_) cut();
  } else if (write_since_ && now >= slowest(*write_since_, limits().write_timeout, written_)) {
    time_out();
  } else if (head_is_late()) {
    // Who has not even begun a request has nobody waiting for an answer.
    if (!in_head_)
      time_out();
    else
      reject(408, "the request's header did not arrive in time");
  } else if (in_body_ && current_
             && now >= slowest(body_since_, limits().body_timeout, current_->request().body().size())) {
    reject(408, "the request's body did not arrive in time");
  } else if (idle() && now >= std::min(idle_since_ + limits().idle_timeout, drain_until_)) {
    close_when_written_ = true;
  } else if (head_since_ && !in_head_ && now >= drain_until_) {
    cut();
  }
  if (!open_) return;
  auto all = order_;
  for (auto& each : all)
    each->wake_if_due(now);
  touch();
}

} // namespace troupe
