#include "actors/rest_edge/rest_call.hpp"

#include "actors/rest_edge/entity_tag.hpp"
#include "runtime/telemetry/trace.hpp"

#include <google/protobuf/message.h>

#include <algorithm>
#include <array>

namespace troupe {

namespace {

// Fields that only the server may set: they decide where a message ends.
constexpr std::array<std::string_view, 8> server_fields{"connection", "content-length", "content-type",
                                                        "date",       "keep-alive",     "transfer-encoding",
                                                        "trailer",    "upgrade"};

// Whether the outcome leaves it open, or says, that nothing was done: the same request may then be executed
// again.
bool may_execute_again(const status& outcome) {
  switch (outcome.code()) {
  case status_code::cancelled:
  case status_code::deadline_exceeded:
  case status_code::resource_exhausted:
  case status_code::aborted:
  case status_code::unavailable:
    return true;
  default:
    return false;
  }
}

} // namespace

rest_call::rest_call(std::shared_ptr<rest_edge::state> edge, const rest_plan& plan, const rest_match& match,
                     http_exchange& exchange)
  : edge_(std::move(edge)), plan_(plan), match_(match), exchange_(&exchange) {}

rest_call::~rest_call() {
  if (idempotency_key_.empty()) return;
  std::lock_guard lock{edge_->mutex};
  edge_->answers.forget(idempotency_key_);
}

void rest_call::deliver(frame what) noexcept {
  if (exchange_->on_own_thread()) {
    take(std::move(what));
    return;
  }
  exchange_->post(
    [self = boost::intrusive_ptr<rest_call>{this}, what = std::move(what)] { self->take(what); });
}

void rest_call::take(frame what) {
  const bool current = call_ && what.call == call_;
  if (!current && !(detached_ && what.kind == frame_kind::answer)) return;
  switch (what.kind) {
  case frame_kind::item:
    if (what.message && !probing_) on_item(*what.message);
    break;
  case frame_kind::answer:
    if (made_again(what)) break;
    call_ = nullptr;
    if (probing_)
      on_probe_answer(what);
    else
      on_answer(what);
    break;
  default:
    break;
  }
}

// Elsewhere, when the instance that had it is gone.
bool rest_call::made_again(const frame& what) {
  if (detached_ || probing_ || what.outcome.ok() || until_.passed(exchange_->now())
      || !repeats_.again(*what.call, what.outcome))
    return false;
  call_ = call_ptr{new call(method(), what.call->request(), until_, metadata_, call_end_ptr{this})};
  auto made = call_;
  submit_elsewhere(*plan_.service, made, repeats_.failed());
  return true;
}

void rest_call::over() {
  call_ = nullptr;
  exchange_->listen(nullptr);
}

void rest_call::on_answer(const frame& what) {
  if (streams()) {
    end_stream(what.outcome);
    return;
  }
  for (const auto& [name, value] : what.call->reply_headers) {
    if (std::find(server_fields.begin(), server_fields.end(), name) == server_fields.end()
        && !name.ends_with("-bin"))
      exchange_->response().add(name, value);
  }
  if (!what.outcome.ok()) {
    // The service has compared the version that If-Match gave it, and found another one.
    bool unmet = conditional_
                 && (what.outcome.code() == status_code::aborted
                     || what.outcome.code() == status_code::failed_precondition);
    fail(what.outcome, unmet ? 412 : 0);
  } else if (what.message) {
    reply(*what.message);
  } else {
    fail(internal("{} succeeded without a reply", method().full_name));
  }
}

void rest_call::reply(const google::protobuf::Message& message) {
  auto& response = exchange_->response();
  auto& request = exchange_->request();
  auto outcome = render_reply(*plan_.route, message, reply_format_, response.body, edge_->options.json);
  if (!outcome.ok()) {
    response.body.clear();
    fail(outcome);
    return;
  }
  response.status = 200;
  response.set_content_type(reply_type_);
  const bool reads = request.method() == "GET" || request.head();
  if (auto version = version_of(plan_, message); !version.empty())
    response.set_entity_tag(entity_tag_of_version(version));
  else if (reads)
    response.set_entity_tag(entity_tag_of(response.body));
  if (reads) {
    // Which form is sent depends on Accept; a cache must know.
    response.add("vary", "accept");
    if (auto condition = request.find("if-none-match");
        condition && if_none_match_hits(request.combined("if-none-match"), response.entity_tag())) {
      response.status = 304;
      response.body.clear();
    }
  }
  add_reply_headers();
  record({});
  exchange_->send();
  over();
}

void rest_call::add_reply_headers() {
  if (metadata_) exchange_->response().add("traceparent", format_traceparent(metadata_->trace));
}

void rest_call::fail(const status& why, int http_status) {
  add_reply_headers();
  fill_error(*exchange_, why, http_status);
  record(why);
  exchange_->send();
  over();
}

void rest_call::record(const status& outcome) {
  if (idempotency_key_.empty()) return;
  auto key = std::exchange(idempotency_key_, {});
  std::lock_guard lock{edge_->mutex};
  if (may_execute_again(outcome)) {
    edge_->answers.forget(key);
    return;
  }
  const auto& response = exchange_->response();
  edge_->answers.complete(key,
                          {.status = response.status,
                           .content_type = std::string{response.content_type()},
                           .entity_tag = std::string{response.entity_tag()},
                           .fields = std::string{response.field_text()},
                           .body = response.body},
                          exchange_->now());
}

void rest_call::on_disconnect() {
  if (!call_) return;
  if (!idempotency_key_.empty() && !probing_) {
    // The client will ask again with its key, and is to get this answer then. The call keeps this object
    // alive, and not the other way round, so that nothing is left if the answer never comes here.
    detached_ = true;
    call_ = nullptr;
    return;
  }
  auto made = std::exchange(call_, nullptr);
  made->cancel(cancelled("the client went away"));
}

void rest_call::on_wake() {
  if (!call_) return;
  auto now = exchange_->now();
  if (until_.passed(now)) {
    auto made = call_;
    auto why = deadline_exceeded("{} gave no answer within its time", method().full_name);
    made->cancel(why);
    call_ = nullptr;
    if (streams() && !probing_)
      end_stream(why);
    else
      fail(why);
    return;
  }
  if (stream_ && !probing_) {
    if (!head_sent_ && now >= last_sent_ + edge_->options.stream_head_delay) {
      begin_stream();
      send_part();
    } else if (head_sent_ && now >= last_sent_ + edge_->options.heartbeat) {
      stream_->heartbeat(part_);
      send_part();
    }
  }
  plan_wake();
}

void rest_call::plan_wake() {
  auto when = until_.when();
  if (stream_ && !probing_) {
    auto wait = head_sent_ ? edge_->options.heartbeat : edge_->options.stream_head_delay;
    when = std::min(when, last_sent_ + wait);
  }
  exchange_->wake_at(when);
}

} // namespace troupe
