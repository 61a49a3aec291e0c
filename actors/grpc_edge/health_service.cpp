#include "actors/grpc_edge/health_service.hpp"

#include "grpc/health/v1/health.pb.h"

#include <array>
#include <utility>

namespace troupe::grpc_detail {

namespace {

namespace wire = ::grpc::health::v1;

std::shared_ptr<google::protobuf::Message> new_request() {
  return std::make_shared<wire::HealthCheckRequest>();
}
std::shared_ptr<google::protobuf::Message> new_reply() {
  return std::make_shared<wire::HealthCheckResponse>();
}

const google::protobuf::ServiceDescriptor* find_descriptor() {
  return wire::HealthCheckRequest::descriptor()->file()->FindServiceByName("Health");
}

constexpr std::uint16_t check_index = 0;

const std::array<method_info, 2> methods{{
  {.service = &health_service_info,
   .index = check_index,
   .name = "Check",
   .full_name = "grpc.health.v1.Health.Check",
   .path = "/grpc.health.v1.Health/Check",
   .kind = method_kind::unary,
   .repeat = idempotency::no_side_effects,
   .new_request = new_request,
   .new_reply = new_reply},
  {.service = &health_service_info,
   .index = 1,
   .name = "Watch",
   .full_name = "grpc.health.v1.Health.Watch",
   .path = "/grpc.health.v1.Health/Watch",
   .kind = method_kind::server_streaming,
   .repeat = idempotency::no_side_effects,
   .new_request = new_request,
   .new_reply = new_reply},
}};

std::shared_ptr<wire::HealthCheckResponse> response(serving_state state) {
  auto out = std::make_shared<wire::HealthCheckResponse>();
  out->set_status(static_cast<wire::HealthCheckResponse::ServingStatus>(state));
  return out;
}

const std::string& service_of(const call& what) {
  return static_cast<const wire::HealthCheckRequest&>(*what.request()).service();
}

} // namespace

const service_info health_service_info{
  .name = "grpc.health.v1.Health", .methods = methods, .find_descriptor = find_descriptor};

void health_service::deliver(frame what) noexcept {
  switch (what.kind) {
  case frame_kind::request:
    if (what.call->method().index == check_index) return check(what.call);
    return watch(what.call);
  case frame_kind::credit: {
    std::lock_guard guard{mutex_};
    book_.add_credit(what.call.get(), what.credit);
    break;
  }
  case frame_kind::cancel: {
    std::lock_guard guard{mutex_};
    book_.forget(what.call.get());
    watchers_.erase(what.call.get());
    return;
  }
  case frame_kind::item:
  case frame_kind::half_close:
  case frame_kind::answer:
    return; // none of these methods streams from the client
  }
  send_updates();
}

void health_service::check(const call_ptr& what) {
  std::optional<serving_state> state;
  {
    std::lock_guard guard{mutex_};
    state = book_.state(service_of(*what));
  }
  if (state)
    what->answer(response(*state));
  else
    what->fail(not_found("there is no service '{}' here", service_of(*what)));
}

void health_service::watch(const call_ptr& what) {
  auto closed = false;
  {
    std::lock_guard guard{mutex_};
    closed = book_.closed();
    if (!closed) {
      book_.watch(what.get(), service_of(*what), what->initial_credit());
      watchers_.emplace(what.get(), what);
    }
  }
  if (closed)
    what->fail(unavailable("the node is shutting down"));
  else
    send_updates();
}

void health_service::set_serving(std::string_view service, bool serving) {
  {
    std::lock_guard guard{mutex_};
    book_.set(service, serving);
  }
  send_updates();
}

void health_service::close() {
  {
    std::lock_guard guard{mutex_};
    book_.close();
  }
  send_updates();
}

void health_service::send_updates() {
  std::unique_lock lock{mutex_};
  // Whoever sends now also takes what was added meanwhile.
  if (std::exchange(sending_, true)) return;
  for (;;) {
    if (auto next = book_.take_update()) {
      auto watcher = watchers_.at(next->who);
      lock.unlock();
      watcher->reply_item(response(next->state));
      lock.lock();
    } else if (book_.closed() && !watchers_.empty()) {
      // The last word was said to everybody who had credit for it.
      auto ending = std::exchange(watchers_, {});
      for (const auto& [key, watcher] : ending)
        book_.forget(key);
      lock.unlock();
      for (const auto& [key, watcher] : ending)
        watcher->fail(unavailable("the node is shutting down"));
      lock.lock();
    } else {
      break;
    }
  }
  sending_ = false;
}

} // namespace troupe::grpc_detail
