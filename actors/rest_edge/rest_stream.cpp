#include "actors/rest_edge/rest_call.hpp"
#include "runtime/contract/status_json.hpp"

#include <google/protobuf/message.h>

namespace troupe {

namespace {

// Credit is given back in lumps: a frame for each item would cost as much as the item.
constexpr std::uint32_t credit_lump = default_stream_credit / 2;
// Items of this size use up the bytes that the link allows a stream before half of their number is consumed.
constexpr std::size_t large_item = 32 * 1024;

} // namespace

void rest_call::begin_stream() {
  head_sent_ = true;
  auto& response = exchange_->response();
  response.status = 200;
  response.set_content_type(reply_type_);
  response.add("cache-control", "no-store");
  // Proxies that would hold back parts until they have many (nginx's convention).
  response.add("x-accel-buffering", "no");
  add_reply_headers();
  exchange_->begin_stream();
  last_sent_ = exchange_->now();
}

void rest_call::send_part() {
  if (part_.empty()) return;
  exchange_->write(part_);
  part_.clear();
  last_sent_ = exchange_->now();
}

void rest_call::on_item(const google::protobuf::Message& message) {
  json_.clear();
  auto outcome = render_reply(*plan_.route, message, body_format::json, json_, edge_->options.json);
  if (!outcome.ok()) {
    auto made = std::exchange(call_, nullptr);
    made->cancel(outcome);
    end_stream(outcome);
    return;
  }
  if (!head_sent_) {
    begin_stream();
    plan_wake();
  }
  stream_->item(json_, part_);
  send_part();
  ++owed_;
  owes_large_ = owes_large_ || json_.size() >= large_item;
  grant();
}

void rest_call::grant() {
  // While the client does not keep up, its credit waits, and so does the producer.
  if (!call_ || owed_ == 0 || exchange_->unsent() >= http_stream_high_water) return;
  if (owed_ < credit_lump && !owes_large_) return;
  auto made = call_;
  owes_large_ = false;
  made->grant(std::exchange(owed_, 0));
}

void rest_call::on_writable() { grant(); }

void rest_call::end_stream(const status& outcome) {
  if (!head_sent_) {
    if (!outcome.ok()) {
      fail(outcome);
      return;
    }
    begin_stream();
  }
  if (outcome.ok()) {
    stream_->end(part_);
    send_part();
    exchange_->end_stream();
  } else if (stream_->failure(status_json(outcome), part_)) {
    send_part();
    exchange_->end_stream();
  } else {
    exchange_->abort_stream();
  }
  over();
}

} // namespace troupe
