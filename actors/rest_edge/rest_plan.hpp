// What the edge needs to know of a route for each request, found out once. Internal to this component.
#pragma once

#include "actors/rest_edge/rest_edge.hpp"

#include <google/protobuf/descriptor.h>

#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace troupe {

struct rest_plan {
  const rest_route* route = nullptr;
  service_route* service = nullptr;
  // The field of the reply that carries its version, or null.
  const google::protobuf::FieldDescriptor* reply_version = nullptr;
  // How to get to the field of the request that takes a version: itself, or a message first. Empty: none.
  std::vector<const google::protobuf::FieldDescriptor*> request_version;
  // From troupe.method; zero: not given.
  duration timeout{};
  std::uint64_t max_request_bytes = 0;
  bool require_idempotency_key = false;

  const method_info& method() const noexcept { return *route->method; }
};

rest_plan make_rest_plan(const rest_route& route, directory& services);

// The version that a reply carries in its field; empty for none.
std::string version_of(const rest_plan& plan, const google::protobuf::Message& reply);

// Writes the version of an If-Match field into the request. INVALID_ARGUMENT when it does not fit the field,
// or contradicts what the request says already.
status set_version(const rest_plan& plan, std::string_view version, google::protobuf::Message& request);

// What all requests of one edge share.
struct rest_edge::state {
  const rest_router& router;
  rest_edge_options options;
  rest_edge_hooks hooks;
  std::unordered_map<const rest_route*, rest_plan> plans;

  std::mutex mutex; // guards what follows; held for a look-up only
  idempotency_store answers;

  // Ids of new spans: a counter through a bijective mixer never repeats one in this process.
  std::atomic<std::uint64_t> next_id;
  std::uint64_t new_id() noexcept;
};

} // namespace troupe
