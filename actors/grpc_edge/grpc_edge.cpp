#include "actors/grpc_edge/grpc_edge.hpp"

#include "actors/grpc_edge/health_service.hpp"
#include "actors/grpc_edge/reflection_service.hpp"
#include "actors/grpc_edge/served_methods.hpp"
#include "actors/grpc_edge/server_credentials.hpp"

#include <climits>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <grpc/support/time.h>
#include <mutex>
#include <vector>

namespace troupe {

using namespace grpc_detail;

struct grpc_edge::state {
  state(grpc_edge_options options, grpc_edge_dependencies dependencies)
    : core(std::move(options), std::move(dependencies)), unary(core), streams(core),
      health(new health_service) {}

  edge_core core;
  unary_methods unary;
  stream_methods streams;
  boost::intrusive_ptr<health_service> health;
  boost::intrusive_ptr<reflection_service> reflection; // null without reflection
  std::unique_ptr<grpc::Server> server;
  int port = 0;
  std::mutex drain_mutex;
  bool drained = false;

  status add_service(const service_info& service, service_route& route, bool authenticate);
  status add_services(std::span<const service_info* const> services);
  status listen();
};

namespace {

int milliseconds(duration what) {
  auto count = std::chrono::duration_cast<std::chrono::milliseconds>(what).count();
  return static_cast<int>(std::clamp<std::int64_t>(count, 1, INT_MAX));
}

status check(const grpc_edge_options& options) {
  if (options.receive_limit == 0 || options.receive_limit > INT_MAX)
    return invalid_argument("gRPC: receive_limit must be between 1 and {} bytes", INT_MAX);
  if (options.send_limit == 0 || options.send_limit > INT_MAX)
    return invalid_argument("gRPC: send_limit must be between 1 and {} bytes", INT_MAX);
  if (options.metadata_limit == 0 || options.metadata_limit > INT_MAX)
    return invalid_argument("gRPC: metadata_limit must be between 1 and {} bytes", INT_MAX);
  if (options.memory_limit < options.receive_limit)
    return invalid_argument("gRPC: memory_limit must be at least receive_limit, {} bytes",
                            options.receive_limit);
  if (options.calls_limit == 0) return invalid_argument("gRPC: calls_limit must be at least 1");
  if (options.streams_limit == 0 || options.streams_limit > INT_MAX)
    return invalid_argument("gRPC: streams_limit must be between 1 and {}", INT_MAX);
  if (options.stream_credit == 0) return invalid_argument("gRPC: stream_credit must be at least 1");
  return {};
}

void set_limits(grpc::ServerBuilder& builder, const grpc_edge_options& options) {
  builder.SetResourceQuota(grpc::ResourceQuota{"troupe"}.Resize(options.memory_limit));
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.receive_limit));
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(options.metadata_limit));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(options.streams_limit));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(options.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, milliseconds(options.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             milliseconds(options.client_ping_interval));
  if (options.connection_age > duration::zero()) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, milliseconds(options.connection_age));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                               milliseconds(options.connection_age_grace));
  }
  if (options.connection_idle > duration::zero())
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, milliseconds(options.connection_idle));
  // See decode_message().
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  // A connection that never completes its handshake holds a socket, so it is cut.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, milliseconds(options.keepalive_timeout));
  // Two nodes with the same port by mistake would otherwise share its calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

} // namespace

status grpc_edge::state::add_service(const service_info& service, service_route& route, bool authenticate) {
  for (const auto& method : service.methods) {
    auto [place, added] = core.methods.emplace(
      method.path, served_method{.method = &method, .route = &route, .authenticate = authenticate});
    if (!added) return invalid_argument("gRPC: the method {} is given twice", method.path);
    if (method.kind == method_kind::unary) unary.add(place->second);
  }
  health->set_serving(service.name, true);
  return {};
}

status grpc_edge::state::add_services(std::span<const service_info* const> services) {
  std::vector<const service_info*> shown{services.begin(), services.end()};
  for (const auto* service : services) {
    auto added = add_service(*service, core.dependencies.directory.route(service->name), true);
    if (!added.ok()) return added;
  }
  health->set_serving("", true);
  shown.push_back(&health_service_info);
  auto added = add_service(health_service_info, health->route(), core.options.authenticate_health);
  if (!added.ok() || !core.options.reflection) return added;
  shown.push_back(&reflection_service_info);
  shown.push_back(&reflection_alpha_service_info);
  reflection = new reflection_service{reflection_index{shown}};
  for (const auto* service : {&reflection_service_info, &reflection_alpha_service_info}) {
    added = add_service(*service, reflection->route(), core.options.authenticate_reflection);
    if (!added.ok()) return added;
  }
  return {};
}

status grpc_edge::state::listen() {
  auto address = listening_address(core.options);
  if (!address) return address.error();
  auto credentials = server_credentials(core.options);
  if (!credentials) return credentials.error();
  grpc::ServerBuilder builder;
  set_limits(builder, core.options);
  builder.AddListeningPort(*address, *credentials, &port);
  builder.RegisterService(&unary);
  builder.RegisterCallbackGenericService(&streams);
  server = builder.BuildAndStart();
  if (!server || port == 0) return unavailable("gRPC: cannot listen on {}; is the port taken?", *address);
  return {};
}

grpc_edge::grpc_edge(std::unique_ptr<state> what) : state_(std::move(what)) {}

grpc_edge::~grpc_edge() { drain(duration::zero()); }

result<std::unique_ptr<grpc_edge>> grpc_edge::start(grpc_edge_options options,
                                                    std::span<const service_info* const> services,
                                                    grpc_edge_dependencies dependencies) {
  if (auto problem = check(options); !problem.ok()) return problem;
  auto fresh = std::make_unique<state>(std::move(options), std::move(dependencies));
  if (auto problem = fresh->add_services(services); !problem.ok()) return problem;
  if (auto problem = fresh->listen(); !problem.ok()) return problem;
  return std::unique_ptr<grpc_edge>{new grpc_edge{std::move(fresh)}};
}

std::uint16_t grpc_edge::port() const noexcept { return static_cast<std::uint16_t>(state_->port); }

void grpc_edge::set_serving(std::string_view service, bool serving) {
  state_->health->set_serving(service, serving);
}

void grpc_edge::drain(duration limit) {
  std::lock_guard guard{state_->drain_mutex};
  if (std::exchange(state_->drained, true)) return;
  // Both hold streams open for as long as clients like; nothing would ever end those.
  state_->health->close();
  if (state_->reflection) state_->reflection->close();
  // gRPC counts the limit on its own clock.
  auto until = gpr_time_add(gpr_now(GPR_CLOCK_REALTIME),
                            gpr_time_from_nanos(std::max<duration::rep>(limit.count(), 0), GPR_TIMESPAN));
  state_->server->Shutdown(until);
}

grpc_edge_readings grpc_edge::readings() const noexcept {
  const auto& core = state_->core;
  return {.in_flight = core.in_flight.load(std::memory_order_relaxed),
          .accepted = core.accepted.load(std::memory_order_relaxed),
          .refused = core.refused.load(std::memory_order_relaxed)};
}

} // namespace troupe
