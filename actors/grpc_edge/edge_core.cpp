#include "actors/grpc_edge/edge_core.hpp"

#include "actors/grpc_edge/wire_metadata.hpp"

#include <fmt/format.h>
#include <grpcpp/security/auth_context.h>

#include <grpc/grpc_security_constants.h>
#include <grpc/support/time.h>

namespace troupe::grpc_detail {

namespace {

// gRPC counts a deadline on its own clock; calls count it on the environment's.
troupe::deadline read_deadline(gpr_timespec wire, monotonic_time now) {
  if (gpr_time_cmp(wire, gpr_inf_future(wire.clock_type)) == 0) return deadline::never();
  auto left = gpr_time_sub(wire, gpr_now(wire.clock_type));
  constexpr std::int64_t century = 100LL * 365 * 24 * 3600;
  if (left.tv_sec >= century) return deadline::never();
  return deadline::after(now, std::chrono::seconds{left.tv_sec} + std::chrono::nanoseconds{left.tv_nsec});
}

std::string_view first_property(const grpc::AuthContext& context, const char* name) {
  auto values = context.FindPropertyValues(name);
  if (values.empty()) return {};
  return {values.front().data(), values.front().size()};
}

std::string certificate_identity(const grpc::AuthContext& context) {
  if (!context.IsPeerAuthenticated()) return {};
  for (const auto* property :
       {GRPC_PEER_SPIFFE_ID_PROPERTY_NAME, GRPC_X509_SAN_PROPERTY_NAME, GRPC_X509_CN_PROPERTY_NAME}) {
    auto value = first_property(context, property);
    if (!value.empty()) return std::string{value};
  }
  return {};
}

grpc_compression_level level_of(grpc_compression wanted) {
  switch (wanted) {
  case grpc_compression::none:
    return GRPC_COMPRESS_LEVEL_NONE;
  case grpc_compression::low:
    return GRPC_COMPRESS_LEVEL_LOW;
  case grpc_compression::medium:
    return GRPC_COMPRESS_LEVEL_MED;
  case grpc_compression::high:
    return GRPC_COMPRESS_LEVEL_HIGH;
  }
  return GRPC_COMPRESS_LEVEL_NONE;
}

} // namespace

result<std::string> edge_core::identify(const served_method& what,
                                        const grpc::ServerContextBase& context) const {
  std::string certificate;
  if (options.tls && !options.tls->client_roots.empty())
    certificate = certificate_identity(*context.auth_context());
  if (!dependencies.authenticate || !what.authenticate) return certificate;
  auto address = context.peer();
  return dependencies.authenticate({.method = what.method->path,
                                    .bearer_token = bearer_token(context.client_metadata()),
                                    .certificate_identity = certificate,
                                    .address = address});
}

result<admission> edge_core::admit(const served_method& what, const grpc::ServerContextBase& context,
                                   monotonic_time now) {
  accepted.fetch_add(1, std::memory_order_relaxed);
  if (in_flight.fetch_add(1, std::memory_order_relaxed) >= options.calls_limit) {
    refused.fetch_add(1, std::memory_order_relaxed);
    return resource_exhausted("this node already serves {} gRPC calls, its limit; try again later",
                              options.calls_limit);
  }
  if (auto size = headers_size(context.client_metadata()); size > options.metadata_limit) {
    refused.fetch_add(1, std::memory_order_relaxed);
    return resource_exhausted("{}: the request's headers have {} bytes, more than the limit of {}",
                              what.method->full_name, size, options.metadata_limit);
  }
  auto identity = identify(what, context);
  if (!identity) {
    refused.fetch_add(1, std::memory_order_relaxed);
    return identity.error();
  }
  auto metadata = std::make_shared<call_metadata>(
    read_metadata(context.client_metadata(), dependencies.authenticate == nullptr));
  metadata->identity = std::move(*identity);
  return admission{.until = read_deadline(context.raw_deadline(), now), .metadata = std::move(metadata)};
}

void edge_core::prepare_reply(grpc::ServerContextBase& context, const header_list& headers,
                              std::size_t reply_size) const {
  for (const auto& [name, value] : headers) {
    if (sendable_header(name, value))
      context.AddInitialMetadata(name, value);
    else
      warn(fmt::format("the reply header '{}' was left out: gRPC does not allow its name or value", name));
  }
  if (options.compression != grpc_compression::none && reply_size >= options.compress_from)
    context.set_compression_level(level_of(options.compression));
}

status edge_core::check_reply_size(const method_info& method, std::size_t size) const {
  if (size <= options.send_limit) return {};
  return resource_exhausted("{}: the reply has {} bytes, more than the limit of {}", method.full_name, size,
                            options.send_limit);
}

status edge_core::about(const method_info& method, const status& what) {
  return {what.code(), fmt::format("{}: {}", method.full_name, what.message())};
}

status edge_core::unimplemented_path(std::string_view path) const {
  auto slash = path.rfind('/');
  if (path.size() < 2 || path.front() != '/' || slash == 0 || slash == path.npos)
    return unimplemented("'{}' is not of the form /SERVICE/METHOD", path);
  auto service = path.substr(1, slash - 1);
  for (const auto& [known, what] : methods)
    if (what.method->service->name == service)
      return unimplemented("service {} has no method {}", service, path.substr(slash + 1));
  return unimplemented("there is no service {} here", service);
}

status edge_core::cancellation(const method_info& method, deadline until) const {
  if (until.passed(dependencies.clock.now()))
    return deadline_exceeded("{}: the caller's deadline has passed", method.full_name);
  return cancelled("{}: the caller has gone away", method.full_name);
}

void edge_core::record(const method_info& method, status_code code, monotonic_time began,
                       std::uint64_t received, std::uint64_t sent, const call_metadata_ptr& metadata) const {
  if (!dependencies.on_call_end) return;
  static const call_metadata nothing;
  dependencies.on_call_end({.method = method,
                            .code = code,
                            .elapsed = dependencies.clock.now() - began,
                            .messages_received = received,
                            .messages_sent = sent,
                            .metadata = metadata ? *metadata : nothing});
}

void edge_core::warn(std::string_view what) const {
  if (dependencies.warn) dependencies.warn(what);
}

} // namespace troupe::grpc_detail
