#include "actors/host/doors.hpp"

#include "actors/host/door_metrics.hpp"
#include "actors/host/host_settings.hpp"
#include "actors/host/pages.hpp"
#include "runtime/rest/rest_router.hpp"

#include <thread>

namespace troupe {

struct doors::state {
  explicit state(doors_dependencies given)
    : dependencies(given), http_log(given.logs.get("http")), grpc_log(given.logs.get("grpc")),
      http_numbers(given.numbers), grpc_numbers(given.numbers, given.contracts) {}

  status open_http(const settings& from);
  status open_grpc(const settings& from);
  status open_admin(const settings& from);

  doors_dependencies dependencies;
  logger http_log;
  logger grpc_log;
  http_door_metrics http_numbers;
  grpc_door_metrics grpc_numbers;
  std::function<result<std::string>(std::string_view token)> token_check;
  std::unique_ptr<rest_router> router;
  std::unique_ptr<rest_edge> rest;
  std::unique_ptr<front_pages> front;
  std::unique_ptr<admin_pages> operators;
  std::unique_ptr<http_server> http;
  bool http_has_certificates = false;
  std::unique_ptr<http_server> admin;
  std::unique_ptr<grpc_edge> grpc;
  door_ports ports;
};

namespace {

status at_door(std::string_view door, const status& why) {
  return status{why.code(), std::string{door} + " door: " + why.message()};
}

} // namespace

std::string door_ports::to_json() const {
  return fmt::format(R"({{"http":{},"grpc":{},"admin":{},"link":{},"gossip":{}}})", http, grpc, admin, link,
                     gossip);
}

status doors::state::open_http(const settings& from) {
  auto routes = rest_router::build(dependencies.contracts);
  if (!routes) return routes.error();
  router = std::make_unique<rest_router>(std::move(*routes));
  auto options = rest_options_of(from);
  auto stream = dependencies.world.random.split("rest_edge");
  options.trace_seed = stream.next();
  rest_edge_hooks hooks;
  if (token_check) hooks.authenticate = bearer_authentication(token_check);
  rest = std::make_unique<rest_edge>(*router, dependencies.of.directory(), options, std::move(hooks));

  std::string document;
  if (from.get<bool>("docs.enabled")) {
    auto rendered = render_openapi(dependencies.contracts, openapi_options_of(from));
    if (!rendered) return rendered.error();
    document = std::move(*rendered);
  }
  front = std::make_unique<front_pages>(*rest, dependencies.health, std::move(document));

  http_server_hooks around;
  around.system = &dependencies.of.system();
  around.metrics = &http_numbers;
  around.warn = [log = http_log](std::string_view what) { log.warning(what); };
  if (from.get<bool>("http.access_log"))
    around.access_log = [log = http_log](const http_access_record& seen) {
      // Without the query, which may hold what should not be in a log.
      log.info("request", {{"method", seen.method},
                           {"path", seen.target.substr(0, seen.target.find('?'))},
                           {"status", seen.status},
                           {"peer", seen.peer},
                           {"bytes", seen.response_bytes},
                           {"ms", std::chrono::duration<double, std::milli>(seen.took).count()},
                           {"aborted", seen.aborted}});
    };
  auto how = http_options_of(from);
  http_has_certificates = how.tls.has_value();
  auto started = http_server::start(std::move(how), *front, std::move(around));
  if (!started) return at_door("the HTTP", started.error());
  http = std::move(*started);
  ports.http = http->port();
  return {};
}

status doors::state::open_grpc(const settings& from) {
  auto options = grpc_options_of(from, dependencies.world.disk);
  if (!options) return at_door("the gRPC", options.error());
  grpc_edge_dependencies around{dependencies.of.system(), dependencies.of.directory(),
                                dependencies.world.clock};
  if (token_check)
    around.authenticate = [check = token_check](const grpc_caller& who) -> result<std::string> {
      if (!who.bearer_token.empty()) return check(who.bearer_token);
      if (!who.certificate_identity.empty()) return std::string{who.certificate_identity};
      return unauthenticated("send a bearer token in the authorization header");
    };
  around.on_call_end = [this](const grpc_call_record& ended) { grpc_numbers.count(ended); };
  around.warn = [log = grpc_log](std::string_view what) { log.warning(what); };
  auto started = grpc_edge::start(std::move(*options), dependencies.contracts, std::move(around));
  if (!started) return at_door("the gRPC", started.error());
  grpc = std::move(*started);
  ports.grpc = grpc->port();
  return {};
}

status doors::state::open_admin(const settings& from) {
  operators = std::make_unique<admin_pages>(dependencies.of, dependencies.health, dependencies.numbers,
                                            dependencies.logs, dependencies.leave);
  http_server_hooks around;
  around.warn = [log = http_log](std::string_view what) { log.warning(what); };
  auto started = http_server::start(admin_options_of(from), *operators, std::move(around));
  if (!started) return at_door("the operators'", started.error());
  admin = std::move(*started);
  ports.admin = admin->port();
  // So that whoever finds one node finds the operators' doors of all.
  if (auto* cluster = dependencies.of.cluster()) {
    auto address = ip_address::parse(from.get<std::string>("admin.address")).value_or(ip_address::loopback());
    if (address.is_any()) address = cluster->address().address;
    return cluster->set_metadata_value("admin", endpoint{address, ports.admin}.to_string());
  }
  return {};
}

result<std::unique_ptr<doors>> doors::open(const settings& from, doors_dependencies dependencies) {
  auto inner = std::make_unique<state>(dependencies);
  auto tokens = token_check_of(from);
  if (!tokens) return tokens.error();
  inner->token_check = std::move(*tokens);
  if (auto* link = dependencies.of.link())
    if (auto address = link->local_address()) inner->ports.link = address->port;
  if (auto* cluster = dependencies.of.cluster()) inner->ports.gossip = cluster->local().port;
  if (from.get<bool>("admin.enabled"))
    if (auto outcome = inner->open_admin(from); !outcome.ok()) return outcome;
  if (from.get<bool>("grpc.enabled"))
    if (auto outcome = inner->open_grpc(from); !outcome.ok()) return outcome;
  if (from.get<bool>("http.enabled"))
    if (auto outcome = inner->open_http(from); !outcome.ok()) return outcome;
  return std::unique_ptr<doors>{new doors{std::move(inner)}};
}

doors::doors(std::unique_ptr<state> inner) : state_(std::move(inner)) {}
doors::~doors() = default;

const door_ports& doors::ports() const noexcept { return state_->ports; }

void doors::drain(duration limit) {
  std::thread other;
  if (state_->grpc) other = std::thread{[this, limit] { state_->grpc->drain(limit); }};
  if (state_->http) state_->http->drain(limit);
  if (other.joinable()) other.join();
}

status doors::reload_certificates() {
  return state_->http && state_->http_has_certificates ? state_->http->reload_certificates() : status{};
}

} // namespace troupe
