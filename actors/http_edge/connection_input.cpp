#include "actors/http_edge/connection.hpp"
#include "actors/http_edge/connection_exchange.hpp"
#include "actors/http_edge/content_coding.hpp"
#include "actors/http_edge/negotiation.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>

namespace troupe {

namespace {

// What an idle connection holds to read into, and what one holds that is sending a body.
constexpr std::size_t small_buffer = 4 * 1024;
constexpr std::size_t large_buffer = 64 * 1024;
// Less room than this is not worth a read.
constexpr std::size_t least_room = 1024;
constexpr std::size_t cipher_buffer = 17 * 1024; // one TLS record

} // namespace

// -- reading --------------------------------------------------------------------------------------

bool connection::wants_input() const noexcept {
  if (end_seen_) return false;
  // What can not be parsed yet is read ahead up to a bound, so that a client that goes away is noticed.
  return input_over_ || end_ - begin_ < limits().header_bytes + small_buffer;
}

void connection::make_room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    auto wanted = in_body_ ? large_buffer : small_buffer;
    if (bytes_.size() < wanted) {
      bytes_.resize(wanted);
    } else if (!in_body_ && bytes_.size() > small_buffer) {
      bytes_ = std::string{};
      bytes_.resize(small_buffer);
    }
    return;
  }
  if (bytes_.size() - end_ >= least_room) return;
  std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (bytes_.size() - end_ < least_room) bytes_.resize(bytes_.size() * 2);
}

void connection::read() {
  reading_ = true;
  boost::asio::mutable_buffer into;
  if (tls_) {
    if (cipher_in_.size() < cipher_buffer) cipher_in_.resize(cipher_buffer);
    into = boost::asio::buffer(cipher_in_);
  } else {
    make_room();
    into = boost::asio::buffer(bytes_.data() + end_, bytes_.size() - end_);
  }
  socket_.async_read_some(into, [self = connection_ptr{this}](boost::system::error_code ec,
                                                              std::size_t size) { self->on_read(ec, size); });
}

void connection::on_read(boost::system::error_code ec, std::size_t size) {
  io_thread::turn now{thread_};
  reading_ = false;
  if (!open_) return;
  if (ec && ec != boost::asio::error::eof) {
    cut();
    return;
  }
  if (ec) {
    on_end_of_input();
    return;
  }
  if (lingering_) {
    touch();
    return;
  }
  if (tls_) {
    bytes_.erase(end_);
    bytes_.erase(0, begin_);
    begin_ = 0;
    auto outcome = tls_->receive({cipher_in_.data(), size}, bytes_, ciphertext_);
    end_ = bytes_.size();
    if (outcome == tls_session::outcome::failed) {
      flush(); // the alert that says why
      cut();
      return;
    }
    process();
    if (outcome == tls_session::outcome::closed) on_end_of_input();
  } else {
    end_ += size;
    process();
  }
  if (open_) touch();
}

void connection::on_end_of_input() {
  if (end_seen_) return;
  end_seen_ = true;
  input_over_ = true;
  if (lingering_) {
    cut();
    return;
  }
  // What is answered already is still sent; the client that waits for more than that is taken to be gone.
  std::size_t answered = 0;
  while (answered < order_.size() && order_[answered]->finished())
    ++answered;
  disconnect_from(answered);
  close_when_written_ = true;
  touch();
}

// -- parsing --------------------------------------------------------------------------------------

connection_exchange_ptr connection::acquire() {
  for (auto& each : spare_) {
    if (each->use_count() != 1) continue;
    auto out = std::move(each);
    std::swap(each, spare_.back());
    spare_.pop_back();
    out->reset(peer_, tls_ != nullptr);
    return out;
  }
  connection_exchange_ptr out{new connection_exchange(*this)};
  out->reset(peer_, tls_ != nullptr);
  return out;
}

bool connection::may_dispatch(const connection_exchange& exchange) const noexcept {
  // Only safe requests may be worked on in parallel (RFC 9112, 9.3.2).
  return unanswered_ == 0 || (exchange.safe() && !unsafe_unanswered_);
}

void connection::process() {
  for (;;) {
    pop_finished();
    if (!open_ || close_when_written_) return;
    if (waiting_) {
      if (!may_dispatch(*waiting_)) return;
      dispatch(std::move(waiting_));
      waiting_ = nullptr;
      continue;
    }
    if (input_over_) {
      begin_ = end_ = 0;
      return;
    }
    if (continue_due_ && order_.empty()) {
      continue_due_ = false;
      if (begin_ == end_) {
        out_.append(std::string_view{"HTTP/1.1 100 Continue\r\n\r\n"});
        touch();
      }
    }
    if (begin_ == end_) return;
    if (!current_) {
      if (order_.size() >= limits().pipelined || unsent() >= limits().unsent_bytes) return;
      current_ = acquire();
      parser_.begin(current_->mutable_request());
    }
    std::string_view left{bytes_.data() + begin_, end_ - begin_};
    auto step = parser_.advance(left);
    begin_ = end_ - left.size();
    switch (step) {
    case request_parser::step::more:
      if (!in_body_ && (begin_ != end_ || parser_.begun())) {
        in_head_ = true;
        if (!head_since_) head_since_ = thread_.now();
      }
      return;
    case request_parser::step::head:
      on_head();
      break;
    case request_parser::step::done:
      on_request();
      break;
    case request_parser::step::failed:
      reject(parser_.failure_status(), parser_.failure_text());
      return;
    }
  }
}

void connection::on_head() {
  head_since_.reset();
  in_head_ = false;
  in_body_ = true;
  body_since_ = thread_.now();
  continue_due_ = parser_.expects_continue();
  // A request without a body is complete already, and a body that has begun to arrive shows the same.
  std::string_view left{bytes_.data() + begin_, end_ - begin_};
  auto step = parser_.advance(left);
  begin_ = end_ - left.size();
  if (step == request_parser::step::done) on_request();
  if (step == request_parser::step::failed) reject(parser_.failure_status(), parser_.failure_text());
}

void connection::on_request() {
  in_body_ = continue_due_ = false;
  auto exchange = std::move(current_);
  current_ = nullptr;
  exchange->set_arrived(thread_.now());
  exchange->set_keep_alive(parser_.keep_alive());
  if (!parser_.keep_alive()) input_over_ = true;
  auto& request = exchange->mutable_request();
  if (auto coding = request.find("content-encoding"); coding && !equal_ignoring_case(*coding, "identity")) {
    current_ = exchange;
    if (!equal_ignoring_case(*coding, "gzip") && !equal_ignoring_case(*coding, "x-gzip")) {
      exchange->response().add("accept-encoding", "gzip");
      reject(415, "no content coding but gzip is accepted");
      return;
    }
    auto plain = gzip_decode(request.body(), limits().body_bytes);
    if (!plain) {
      reject(plain.error().code() == status_code::resource_exhausted ? 413 : 400, plain.error().message());
      return;
    }
    request.mutable_body() = std::move(*plain);
    current_ = nullptr;
  }
  if (may_dispatch(*exchange))
    dispatch(std::move(exchange));
  else
    waiting_ = std::move(exchange);
}

void connection::dispatch(connection_exchange_ptr exchange) {
  ++unanswered_;
  if (!exchange->safe()) unsafe_unanswered_ = true;
  order_.push_back(exchange);
  try {
    thread_.shared().handler->handle(*exchange);
  } catch (const std::exception& bug) {
    thread_.shared().warn(fmt::format("the handler of {} {} threw: {}", exchange->request().method(),
                                      exchange->request().path(), bug.what()));
    exchange->abort_stream();
    exchange->response().clear();
    exchange->response().close_connection();
    fill_problem(exchange->response(), 500, "the server failed to handle the request");
    exchange->send();
  }
}

void connection::reject(int status, std::string_view text) {
  thread_.shared().metrics().request_rejected(status);
  head_since_.reset();
  in_head_ = in_body_ = continue_due_ = false;
  input_over_ = true;
  begin_ = end_;
  auto exchange = current_ ? std::move(current_) : acquire();
  current_ = nullptr;
  exchange->set_arrived(thread_.now());
  exchange->set_keep_alive(false);
  ++unanswered_;
  order_.push_back(exchange);
  fill_problem(exchange->response(), status, text);
  exchange->send();
  touch();
}

} // namespace troupe
