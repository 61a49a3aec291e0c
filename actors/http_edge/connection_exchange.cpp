#include "actors/http_edge/connection_exchange.hpp"

#include "actors/http_edge/negotiation.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace troupe {

namespace {

// A producer that stopped is woken when this much is left, so that the network never runs dry.
constexpr std::size_t low_water = http_stream_high_water / 4;

std::string_view status_line(int status) {
  switch (status) {
  case 200:
    return "HTTP/1.1 200 OK\r\n";
  case 204:
    return "HTTP/1.1 204 No Content\r\n";
  case 304:
    return "HTTP/1.1 304 Not Modified\r\n";
  case 404:
    return "HTTP/1.1 404 Not Found\r\n";
  default:
    return {};
  }
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

} // namespace

connection_exchange::connection_exchange(connection& owner)
  : owner_(&owner), thread_(owner.thread().shared_from_this()) {}

void connection_exchange::reset(std::string_view peer, bool secure) {
  request_.clear();
  request_.set_peer(peer, secure);
  response_.clear();
  listener_ = nullptr;
  wake_ = monotonic_time::max();
  step_ = step::open;
  keep_alive_ = true;
  chunked_ = throttled_ = false;
  body_bytes_ = 0;
  held_.clear();
}

bool connection_exchange::body_allowed() const noexcept {
  return !request_.head() && response_.status >= 200 && response_.status != 204 && response_.status != 304;
}

void connection_exchange::put(std::string_view bytes) {
  if (owner_->is_front(*this))
    owner_->output().append(bytes);
  else
    held_ += bytes;
}

void connection_exchange::compress() {
  auto& shared = thread_->shared();
  if (response_.coded() || response_.body.size() < shared.options.compress_from_bytes
      || !worth_compressing(response_.content_type()))
    return;
  response_.add("vary", "accept-encoding");
  auto accepted = request_.find("accept-encoding");
  if (!accepted || !prefers_coding(request_.combined("accept-encoding"), "gzip")) return;
  std::string coded;
  if (!thread_->gzip().encode(response_.body, coded)) return;
  response_.body = std::move(coded);
  response_.set_content_coding("gzip");
  auto tag = std::string{response_.entity_tag()};
  if (tag.size() > 2 && tag.ends_with('"')) response_.set_entity_tag(tag.insert(tag.size() - 1, "-gzip"));
}

void connection_exchange::write_head(bool streaming) {
  // HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
  chunked_ = streaming && request_.version() >= 11;
  bool close = !keep_alive_ || response_.closes_connection() || (streaming && !chunked_ && !request_.head())
               || owner_->must_close_after(*this);
  if (close) owner_->close_after(*this);
  // Reused by all of a thread's responses; assembled first because most go out in one piece with their body.
  thread_local std::string head;
  head.clear();
  if (auto known = status_line(response_.status); !known.empty()) {
    head += known;
  } else {
    head += "HTTP/1.1 ";
    append_number(head, static_cast<std::uint64_t>(response_.status));
    head += ' ';
    head += http_reason(response_.status);
    head += "\r\n";
  }
  head += thread_->date_line();
  if (!response_.content_type().empty()) {
    head += "Content-Type: ";
    head += response_.content_type();
    head += "\r\n";
  }
  if (!response_.entity_tag().empty()) {
    head += "ETag: ";
    head += response_.entity_tag();
    head += "\r\n";
  }
  head += response_.field_text();
  head += "X-Content-Type-Options: nosniff\r\n";
  if (chunked_) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!streaming && response_.status != 204 && response_.status != 304) {
    head += "Content-Length: ";
    append_number(head, response_.body.size());
    head += "\r\n";
  }
  if (close)
    head += "Connection: close\r\n";
  else if (request_.version() < 11)
    head += "Connection: keep-alive\r\n";
  head += "\r\n";
  put(head);
}

void connection_exchange::send() {
  if (owner_ == nullptr || step_ != step::open) return;
  compress();
  write_head(false);
  if (body_allowed()) {
    body_bytes_ = response_.body.size();
    if (owner_->is_front(*this))
      owner_->output().append(std::move(response_.body));
    else
      held_ += response_.body;
  }
  finish();
}

void connection_exchange::begin_stream() {
  if (owner_ == nullptr || step_ != step::open) return;
  step_ = step::streaming;
  write_head(true);
  if (!body_allowed())
    finish();
  else
    owner_->touch();
}

void connection_exchange::write(std::string_view part) {
  // An empty chunk would end the body.
  if (owner_ == nullptr || step_ != step::streaming || part.empty()) return;
  if (chunked_) {
    std::array<char, 18> size;
    auto end = std::to_chars(size.data(), size.data() + size.size() - 2, part.size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    put({size.data(), static_cast<std::size_t>(end - size.data())});
  }
  put(part);
  if (chunked_) put("\r\n");
  body_bytes_ += part.size();
  if (unsent() >= http_stream_high_water) throttled_ = true;
  owner_->touch();
}

void connection_exchange::end_stream() {
  if (owner_ == nullptr || step_ != step::streaming) return;
  if (chunked_) put("0\r\n\r\n");
  finish();
}

void connection_exchange::abort_stream() {
  if (owner_ == nullptr || step_ != step::streaming) return;
  owner_->close_after(*this);
  finish();
}

std::size_t connection_exchange::unsent() const {
  if (owner_ == nullptr || finished()) return 0;
  return owner_->is_front(*this) ? owner_->unsent() : held_.size();
}

void connection_exchange::wake_at(monotonic_time when) {
  if (owner_ == nullptr || finished()) return;
  wake_ = when;
  if (when != monotonic_time::max()) thread_->remind(*owner_, when);
}

void connection_exchange::wake_if_due(monotonic_time now) {
  if (wake_ > now) return;
  wake_ = monotonic_time::max();
  if (listener_) listener_->on_wake();
}

void connection_exchange::come_to_front() {
  if (held_.empty()) return;
  owner_->output().append(std::move(held_));
  held_.clear();
}

void connection_exchange::drained() {
  if (!throttled_ || unsent() > low_water) return;
  throttled_ = false;
  if (listener_) listener_->on_writable();
}

void connection_exchange::finish() {
  step_ = step::finished;
  listener_ = nullptr;
  wake_ = monotonic_time::max();
  report(false);
  owner_->finished(*this);
}

void connection_exchange::disconnect() {
  owner_ = nullptr;
  if (step_ == step::finished) return;
  step_ = step::finished;
  report(true);
  if (auto* listener = std::exchange(listener_, nullptr)) listener->on_disconnect();
}

void connection_exchange::report(bool aborted) {
  auto& shared = thread_->shared();
  if (!shared.hooks.access_log && !shared.hooks.metrics) return;
  http_access_record record{.method = request_.method(),
                            .target = request_.target(),
                            .peer = request_.peer(),
                            .version = request_.version(),
                            .status = response_.status,
                            .request_bytes = request_.body().size(),
                            .response_bytes = body_bytes_,
                            // A turn's own time stands still, and an actor may have worked in it.
                            .took = std::chrono::steady_clock::now() - arrived_,
                            .aborted = aborted};
  if (shared.hooks.access_log) shared.hooks.access_log(record);
  shared.metrics().request_answered(record);
}

} // namespace troupe
