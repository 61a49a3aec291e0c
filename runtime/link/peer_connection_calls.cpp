// The calls on a connection: frames to envelopes and back.
#include "runtime/environment/clock.hpp"
#include "runtime/link/peer_connection.hpp"
#include "runtime/link/remote_actors.hpp"
#include "runtime/probe/probe.hpp"

#include <google/protobuf/message.h>

namespace troupe {

namespace {

const call_ptr no_call;

// Lanes of the session: which frames must keep their order. An actor's requests to one service, a stream's
// items, the answers to one actor, one actor's messages to another. The kind is in the lowest bits, and a
// call that need not keep any order has a lane of its own.
enum class lane_kind : std::uint64_t { request, single_request, stream, reply, single_reply };

std::uint64_t make_lane(lane_kind kind, std::uint64_t what) noexcept {
  return what << 3 | static_cast<std::uint64_t>(kind);
}

std::uint64_t request_lane(const call& what, std::uint64_t id) noexcept {
  const auto caller = what.caller() ? what.caller()->lane() : 0;
  if (caller == 0) return make_lane(lane_kind::single_request, id);
  // The service's address would differ from run to run; its name does not.
  std::uint64_t service = 1469598103934665603ull; // FNV-1a
  for (char c : what.method().service->name)
    service = (service ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return make_lane(lane_kind::request, caller * 0x9E3779B97F4A7C15ull ^ service);
}

std::uint64_t reply_lane(const call& what, std::uint64_t id, std::uint64_t caller) noexcept {
  if (what.method().server_streams()) return make_lane(lane_kind::stream, id << 1 | 1);
  return caller == 0 ? make_lane(lane_kind::single_reply, id) : make_lane(lane_kind::reply, caller);
}

std::uint64_t id_of(const void* state) noexcept { return reinterpret_cast<std::uintptr_t>(state); }
void* state_of(std::uint64_t id) noexcept { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(id)); }

void serialize(const google::protobuf::Message& from, std::byte* to) {
  from.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(to));
}

bool parse(google::protobuf::Message& into, byte_view from) {
  return into.ParseFromArray(from.data(), static_cast<int>(from.size()));
}

// Headers of a reply that no peer would take are left out, rather than the reply.
const header_list* sendable(const header_list& headers) {
  return check_headers(headers).ok() ? &headers : nullptr;
}

status why_not(link_session::refusal why, const call& what, const std::string& node, std::size_t size) {
  switch (why) {
  case link_session::refusal::too_large:
    return resource_exhausted("{}: a message of {} bytes is more than the node {} takes (link.max_message)",
                              what.method().full_name, size, node);
  case link_session::refusal::buffer_full:
    return resource_exhausted("{}: too much waits to be sent to the node {} (link.send_buffer); slow down",
                              what.method().full_name, node);
  case link_session::refusal::too_many_calls:
    return resource_exhausted("{}: too many calls to the node {} are open (link.open_calls); slow down",
                              what.method().full_name, node);
  case link_session::refusal::bad_metadata:
    return invalid_argument("{}: a header, the identity or the idempotency key is not fit to be sent",
                            what.method().full_name);
  default:
    return unavailable("{}: the node {} takes no more calls", what.method().full_name, node);
  }
}

} // namespace

const call_ptr& peer_connection::find_call(std::uint64_t id) const {
  auto found = calls_.find(id);
  return found == calls_.end() ? no_call : found->second;
}

const call_ptr& peer_connection::find_served(std::uint64_t id) const {
  auto found = served_.find(id);
  return found == served_.end() ? no_call : found->second.call;
}

call_ptr peer_connection::take_call(std::uint64_t id) {
  auto found = calls_.find(id);
  if (found == calls_.end()) return {};
  auto out = std::move(found->second);
  calls_.erase(found);
  callee_->call_ended();
  return out;
}

void peer_connection::forget_served(std::uint64_t id) {
  auto found = served_.find(id);
  if (!found->second.begun) session_.request_begun(id);
  served_.erase(found);
}

result<std::uint32_t> peer_connection::method_number(const method_info& method) {
  auto known = method_numbers_.find(&method);
  if (known != method_numbers_.end()) return known->second;
  std::uint32_t number = 0;
  for (const auto& service : theirs_.services) {
    for (const auto& name : service.methods) {
      if (name == method.name && service.name == method.service->name) {
        method_numbers_.emplace(&method, number);
        return number;
      }
      ++number;
    }
  }
  return with_retry_hint(
    unimplemented("{}: the node {} (version {}) does not offer it", method.full_name, theirs_.node,
                  theirs_.application_version.empty() ? "unknown" : theirs_.application_version),
    retry_hint::not_executed);
}

// -- from this node to the peer

void peer_connection::send_frame(call_frame& entry) {
  auto& what = entry.what;
  if (entry.side == call_frame::from::mailbox) {
    const auto begun = id_of(what.call->caller_state);
    auto found = served_.find(begun);
    if (found != served_.end() && found->second.call == what.call
        && !std::exchange(found->second.begun, true))
      session_.request_begun(begun);
    return;
  }
  const bool ours = entry.side == call_frame::from::caller;
  if (ours && what.kind == frame_kind::request) return send_request(what.call);
  const auto id = id_of(ours ? what.call->callee_state : what.call->caller_state);
  const auto& known = ours ? find_call(id) : find_served(id);
  if (known != what.call) return; // it has ended meanwhile
  switch (what.kind) {
  case frame_kind::item:
    return send_item({id, ours}, what.call, what.message);
  case frame_kind::half_close:
    // The peer waits for further items.
    if (TROUPE_PLANTED_BUG("link.half_close_lost") && session_.figures().queued_bytes > 0) return;
    return session_.add_half_close(id);
  case frame_kind::credit:
    return session_.add_credit({id, ours}, what.credit);
  case frame_kind::cancel:
    // The peer works on for nobody.
    if (!TROUPE_PLANTED_BUG("link.cancellation_lost")) session_.add_cancel(id, what.outcome);
    take_call(id);
    return;
  case frame_kind::answer:
    return send_answer(what);
  case frame_kind::request:
    return;
  }
}

void peer_connection::send_request(const call_ptr& what) {
  auto refuse = [&](status why) {
    callee_->call_ended();
    metrics_.calls_refused.add();
    what->fail(with_retry_hint(std::move(why), retry_hint::not_executed));
  };
  if (what->answered()) return callee_->call_ended(); // cancelled on its way
  auto number = method_number(what->method());
  if (!number) return refuse(number.error());
  const auto id = next_id_++;
  request_fields fields;
  fields.id = id;
  fields.method = *number;
  fields.lane = what->caller() ? what->caller()->lane() : 0;
  fields.credit = what->initial_credit();
  if (!what->until().is_never() && !TROUPE_PLANTED_BUG("link.deadline_lost")) // the peer has all the time
    fields.time_left = what->until().left(around_.time.now());
  if (what->metadata() != no_call_metadata()) {
    fields.metadata = what->metadata().get();
    if (auto outcome = check_metadata(*fields.metadata); !outcome.ok()) return refuse(outcome);
  }
  const bool has_payload = what->request() != nullptr;
  const auto size = has_payload ? what->request()->ByteSizeLong() : 0;
  auto why = link_session::refusal::none;
  auto* room = session_.add_request(request_lane(*what, id), fields, has_payload, size, why);
  if (room == nullptr) return refuse(why_not(why, *what, theirs_.node, size));
  if (has_payload) serialize(*what->request(), room);
  what->callee_state = state_of(id);
  calls_.emplace(id, what);
  metrics_.calls_sent.add();
}

void peer_connection::send_item(call_key which, const call_ptr& what, const message_ptr& item) {
  const header_list* headers = nullptr;
  if (!which.ours) {
    auto& served = served_.find(which.id)->second;
    if (!std::exchange(served.headers_sent, true) && !what->reply_headers.empty())
      headers = sendable(what->reply_headers);
  }
  const auto size = item->ByteSizeLong();
  auto why = link_session::refusal::none;
  auto* room = session_.add_item(which, headers, size, why);
  if (room != nullptr) {
    serialize(*item, room);
    return;
  }
  auto failure = why_not(why, *what, theirs_.node, size);
  if (which.ours) {
    session_.add_cancel(which.id, failure);
    take_call(which.id);
    what->fail(failure);
  } else {
    // The handler learns it as a cancellation, the caller as the failure of its call.
    auto found = served_.find(which.id);
    const auto lane = reply_lane(*what, which.id, found->second.lane);
    forget_served(which.id);
    session_.add_failure(lane, which.id, failure, nullptr);
    what->cancel(failure);
  }
}

void peer_connection::send_answer(frame& what) {
  const auto id = id_of(what.call->caller_state);
  const auto& headers = what.call->reply_headers;
  const auto found = served_.find(id);
  const auto lane = reply_lane(*what.call, id, found->second.lane);
  const auto* sent_headers = headers.empty() || found->second.headers_sent ? nullptr : sendable(headers);
  forget_served(id);
  if (!what.outcome.ok()) return session_.add_failure(lane, id, what.outcome, sent_headers);
  const auto size = what.message ? what.message->ByteSizeLong() : 0;
  auto why = link_session::refusal::none;
  auto* room = session_.add_reply(lane, {id, sent_headers}, what.message != nullptr, size, why);
  if (room == nullptr)
    return session_.add_failure(lane, id, why_not(why, *what.call, theirs_.node, size), nullptr);
  if (what.message) serialize(*what.message, room);
}

void peer_connection::send_actor_entry(outbox::actor_entry& what) {
  if (auto* message = std::get_if<actor_message>(&what)) {
    around_.actors.send(session_, *message);
    return;
  }
  auto& order = std::get<watch_order>(what);
  switch (order.order) {
  case watch_order::what::watch:
    return session_.add_watch(order.actor);
  case watch_order::what::unwatch:
    return session_.add_unwatch(order.actor);
  case watch_order::what::ended:
    return around_.actors.send_ended(*this, session_, order.actor, order.reason);
  }
}

// -- from the peer to this node

void peer_connection::on_request(decoded_request& what) {
  const auto id = what.id;
  const auto lane = what.lane;
  auto refuse = [&](const status& why) {
    session_.request_begun(id);
    session_.add_failure(make_lane(lane_kind::single_reply, id), id, why, nullptr);
  };
  if (what.method >= served_methods_.size())
    return break_protocol(fmt::format("request {} is for method {}, and there are only {}", id, what.method,
                                      served_methods_.size()));
  const auto& [method, route] = served_methods_[what.method];
  message_ptr request;
  if (what.has_payload) {
    auto made = method->new_request();
    if (!parse(*made, what.payload))
      return refuse(invalid_argument("{}: the request is not a {}", method->full_name, made->GetTypeName()));
    request = std::move(made);
  } else if (!method->client_streams()) {
    return refuse(invalid_argument("{}: the request has no message", method->full_name));
  }
  const auto until =
    what.time_left ? deadline::after(around_.time.now(), *what.time_left) : deadline::never();
  if (what.time_left && *what.time_left <= duration::zero())
    return refuse(with_retry_hint(
      deadline_exceeded("{}: the deadline had passed when the request arrived", method->full_name),
      retry_hint::not_executed));
  call_metadata_ptr metadata;
  if (what.metadata != nullptr)
    metadata = std::make_shared<const call_metadata>(std::move(what.owned_metadata));
  auto made =
    call_ptr{new call(*method, std::move(request), until, std::move(metadata), caller_, what.credit)};
  made->caller_state = state_of(id);
  served_.emplace(id, served_call{made, lane});
  metrics_.calls_served.add();
  submit(*route, made);
}

void peer_connection::on_item(decoded_item& what) {
  const auto found = what.call.ours ? find_call(what.call.id) : find_served(what.call.id);
  if (!found) return; // it ended while the item was on its way
  const auto& method = found->method();
  if (what.call.ours ? !method.server_streams() : !method.client_streams())
    return break_protocol(fmt::format("an item for {}, which streams none", method.full_name));
  auto item = what.call.ours ? method.new_reply() : method.new_request();
  if (!parse(*item, what.payload))
    return break_protocol(fmt::format("an item for {} is not a {}", method.full_name, item->GetTypeName()));
  if (!what.headers.empty()) found->reply_headers = std::move(what.headers);
  if (what.call.ours)
    found->reply_item(std::move(item));
  else
    found->send_item(std::move(item));
}

void peer_connection::on_half_close(std::uint64_t id) {
  if (auto found = find_served(id)) found->half_close();
}

void peer_connection::on_credit(call_key which, std::uint32_t items) {
  if (auto found = which.ours ? find_call(which.id) : find_served(which.id)) {
    if (which.ours)
      found->grant_caller(items);
    else
      found->grant(items);
  }
}

void peer_connection::on_cancel(std::uint64_t id, status reason) {
  auto found = served_.find(id);
  if (found == served_.end()) return;
  auto call = found->second.call;
  forget_served(id);
  call->cancel(std::move(reason));
}

void peer_connection::on_reply(decoded_reply& what) {
  auto found = take_call(what.id);
  if (!found) return; // cancelled meanwhile
  const auto& method = found->method();
  message_ptr reply;
  if (what.has_payload) {
    auto made = method.new_reply();
    if (!parse(*made, what.payload)) {
      found->fail(internal("{}: the reply of the node {} is not a {}", method.full_name, theirs_.node,
                           made->GetTypeName()));
      return;
    }
    reply = std::move(made);
  } else if (!method.server_streams()) {
    found->fail(internal("{}: the node {} sent no reply message", method.full_name, theirs_.node));
    return;
  }
  if (!what.headers.empty()) found->reply_headers = std::move(what.headers);
  found->answer(std::move(reply));
}

void peer_connection::on_failure(decoded_failure& what) {
  auto found = take_call(what.id);
  if (!found) return;
  if (!what.headers.empty()) found->reply_headers = std::move(what.headers);
  found->fail(std::move(what.outcome));
}

void peer_connection::on_message(const message_fields& what) {
  if (auto outcome = around_.actors.receive(*this, what, last_heard_); !outcome.ok())
    break_protocol(outcome.message());
}
void peer_connection::on_watch(std::uint64_t actor) { around_.actors.watch(*this, actor); }
void peer_connection::on_unwatch(std::uint64_t actor) { around_.actors.unwatch(*this, actor); }
void peer_connection::on_ended(std::uint64_t actor, byte_view reason) {
  around_.actors.ended(*this, actor, reason);
}

} // namespace troupe
