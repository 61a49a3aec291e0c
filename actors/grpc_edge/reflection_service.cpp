#include "actors/grpc_edge/reflection_service.hpp"

#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

#include <algorithm>
#include <array>

namespace troupe::grpc_detail {

namespace {

namespace wire = ::grpc::reflection::v1;
namespace wire_alpha = ::grpc::reflection::v1alpha;

// The two versions differ in their package's name only, so both are served with the messages of v1.
std::shared_ptr<google::protobuf::Message> new_request() {
  return std::make_shared<wire::ServerReflectionRequest>();
}
std::shared_ptr<google::protobuf::Message> new_reply() {
  return std::make_shared<wire::ServerReflectionResponse>();
}

const google::protobuf::ServiceDescriptor* find_descriptor() {
  return wire::ServerReflectionRequest::descriptor()->file()->FindServiceByName("ServerReflection");
}
const google::protobuf::ServiceDescriptor* find_alpha_descriptor() {
  return wire_alpha::ServerReflectionRequest::descriptor()->file()->FindServiceByName("ServerReflection");
}

const std::array<method_info, 1> methods{{
  {.service = &reflection_service_info,
   .name = "ServerReflectionInfo",
   .full_name = "grpc.reflection.v1.ServerReflection.ServerReflectionInfo",
   .path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
   .kind = method_kind::bidirectional,
   .repeat = idempotency::no_side_effects,
   .new_request = new_request,
   .new_reply = new_reply},
}};
const std::array<method_info, 1> alpha_methods{{
  {.service = &reflection_alpha_service_info,
   .name = "ServerReflectionInfo",
   .full_name = "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo",
   .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
   .kind = method_kind::bidirectional,
   .repeat = idempotency::no_side_effects,
   .new_request = new_request,
   .new_reply = new_reply},
}};

} // namespace

const service_info reflection_service_info{
  .name = "grpc.reflection.v1.ServerReflection", .methods = methods, .find_descriptor = find_descriptor};
const service_info reflection_alpha_service_info{.name = "grpc.reflection.v1alpha.ServerReflection",
                                                 .methods = alpha_methods,
                                                 .find_descriptor = find_alpha_descriptor};

void reflection_service::deliver(frame what) noexcept {
  switch (what.kind) {
  case frame_kind::request:
    return open(what.call);
  case frame_kind::item:
    return answer(what.call, what.message);
  case frame_kind::credit:
    return send_waiting(what.call, what.credit);
  case frame_kind::half_close:
    // It comes after the last answer was sent, since no read is granted before.
    end(what.call);
    what.call->finish();
    return;
  case frame_kind::cancel:
    return end(what.call);
  case frame_kind::answer:
    return;
  }
}

void reflection_service::open(const call_ptr& what) {
  auto refused = false;
  {
    std::lock_guard guard{mutex_};
    refused = closed_;
    if (!refused)
      streams_.emplace(what.get(), stream{.call = what, .credit = what->initial_credit(), .waiting = {}});
  }
  if (refused)
    what->fail(unavailable("the node is shutting down"));
  else
    what->grant_caller(1);
}

void reflection_service::answer(const call_ptr& what, const message_ptr& request) {
  auto response = std::make_shared<wire::ServerReflectionResponse>();
  index_.answer(static_cast<const wire::ServerReflectionRequest&>(*request), *response);
  {
    std::lock_guard guard{mutex_};
    auto found = streams_.find(what.get());
    if (found == streams_.end()) return;
    found->second.waiting = std::move(response);
  }
  send_waiting(what, 0);
}

void reflection_service::send_waiting(const call_ptr& what, std::uint32_t more_credit) {
  message_ptr response;
  {
    std::lock_guard guard{mutex_};
    auto found = streams_.find(what.get());
    if (found == streams_.end()) return;
    auto& state = found->second;
    state.credit += std::min(more_credit, UINT32_MAX - state.credit);
    if (!state.waiting || state.credit == 0) return;
    --state.credit;
    response = std::move(state.waiting);
    state.waiting = nullptr;
  }
  what->reply_item(std::move(response));
  what->grant_caller(1);
}

void reflection_service::end(const call_ptr& what) {
  std::lock_guard guard{mutex_};
  streams_.erase(what.get());
}

void reflection_service::close() {
  std::unordered_map<const call*, stream> ending;
  {
    std::lock_guard guard{mutex_};
    closed_ = true;
    ending.swap(streams_);
  }
  for (const auto& [key, state] : ending)
    state.call->fail(unavailable("the node is shutting down"));
}

} // namespace troupe::grpc_detail
