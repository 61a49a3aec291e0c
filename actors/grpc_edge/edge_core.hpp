// What the calls of one edge share: its options, its dependencies, the methods it serves and its counters.
#pragma once

#include "actors/grpc_edge/grpc_edge.hpp"
#include "actors/grpc_edge/inline_units.hpp"

#include <grpcpp/server_context.h>

#include <atomic>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe::grpc_detail {

struct served_method {
  const method_info* method = nullptr;
  service_route* route = nullptr;
  bool authenticate = true;
};

// A call that was let in: what its troupe::call needs to know.
struct admission {
  troupe::deadline until;
  call_metadata_ptr metadata;
};

struct edge_core {
  edge_core(grpc_edge_options chosen, grpc_edge_dependencies given)
    : options(std::move(chosen)), dependencies(std::move(given)), units(dependencies.system) {}

  const grpc_edge_options options;
  const grpc_edge_dependencies dependencies;
  inline_units units;
  std::unordered_map<std::string_view, served_method> methods; // by path; complete before the server starts

  std::atomic<std::uint32_t> in_flight = 0;
  std::atomic<std::uint64_t> accepted = 0;
  std::atomic<std::uint64_t> refused = 0;

  // Counts the call as in flight (leave() ends that, and must be called whatever this returns), checks the
  // limit, authenticates, and reads deadline and headers.
  result<admission> admit(const served_method& what, const grpc::ServerContextBase& context,
                          monotonic_time now);
  void leave() noexcept { in_flight.fetch_sub(1, std::memory_order_relaxed); }

  // Puts the reply headers into the context, and asks for compression if the reply is worth it. Before the
  // first byte of the reply only.
  void prepare_reply(grpc::ServerContextBase& context, const header_list& headers,
                     std::size_t reply_size) const;

  // A reply's size against send_limit.
  status check_reply_size(const method_info& method, std::size_t size) const;

  // The same outcome, its message preceded by the method's name.
  static status about(const method_info& method, const status& what);

  // The status for a path that is not served.
  status unimplemented_path(std::string_view path) const;

  // Why a call that gRPC reports as cancelled has ended.
  status cancellation(const method_info& method, deadline until) const;

  void record(const method_info& method, status_code code, monotonic_time began, std::uint64_t received,
              std::uint64_t sent, const call_metadata_ptr& metadata) const;
  void warn(std::string_view what) const;

private:
  result<std::string> identify(const served_method& what, const grpc::ServerContextBase& context) const;
};

} // namespace troupe::grpc_detail
