#include "actors/rest_edge/rest_edge.hpp"

#include "actors/http_edge/negotiation.hpp"
#include "actors/rest_edge/rest_call.hpp"
#include "runtime/contract/status_json.hpp"
#include "runtime/contract/status_proto.hpp"

#include <array>

namespace troupe {

namespace {

constexpr std::array<std::string_view, 3> error_types{"application/problem+json", "application/json",
                                                      "application/x-protobuf"};

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

} // namespace

void fill_error(http_exchange& exchange, const status& why, int http_status) {
  auto& response = exchange.response();
  const auto& request = exchange.request();
  if (http_status == 0) http_status = http_status_of(why.code());
  response.status = http_status;
  // An error is told in some form even if the client accepts none of ours (RFC 9110, 15.5.7 allows it).
  auto form = negotiate_media_type(request.combined("accept"), error_types).value_or(0);
  response.set_content_type(error_types[form]);
  switch (form) {
  case 0:
    response.body = problem_json(why, {}, http_status);
    break;
  case 1:
    response.body = status_json(why);
    break;
  default:
    response.body = serialize_status(why);
    break;
  }
  response.add("cache-control", "no-store");
  if (http_status == 401) response.add("www-authenticate", "Bearer");
  if (http_status == 429 || http_status == 503) response.add("retry-after", "1");
}

void answer_error(http_exchange& exchange, const status& why, int http_status) {
  fill_error(exchange, why, http_status);
  exchange.send();
}

std::function<result<std::string>(const http_request&)>
bearer_authentication(std::function<result<std::string>(std::string_view token)> validate) {
  return [validate = std::move(validate)](const http_request& request) -> result<std::string> {
    auto field = request.find("authorization");
    if (!field) return unauthenticated("a bearer token is required: Authorization: Bearer TOKEN");
    constexpr std::string_view scheme = "bearer ";
    if (!equal_ignoring_case(field->substr(0, scheme.size()), scheme))
      return unauthenticated("the Authorization header must have the scheme Bearer");
    auto token = trimmed(field->substr(scheme.size()));
    if (token.empty()) return unauthenticated("the bearer token is empty");
    return validate(token);
  };
}

rest_edge::rest_edge(const rest_router& router, directory& services, rest_edge_options options,
                     rest_edge_hooks hooks)
  : state_(new state{.router = router,
                     .options = options,
                     .hooks = std::move(hooks),
                     .answers = idempotency_store{options.idempotency},
                     .next_id = options.trace_seed}) {
  for (const auto& route : router.routes())
    state_->plans.emplace(route.get(), make_rest_plan(*route, services));
}

rest_edge::~rest_edge() = default;

void rest_edge::handle(http_exchange& exchange) {
  const auto& request = exchange.request();
  auto found = state_->router.match(request.method(), request.path());
  if (found.outcome == route_outcome::match) {
    const auto& plan = state_->plans.at(found.match.route);
    boost::intrusive_ptr<rest_call> call{new rest_call(state_, plan, found.match, exchange)};
    call->start();
    return;
  }
  if (request.target() == "*" && request.method() == "OPTIONS") {
    exchange.response().status = 204;
    exchange.response().add("allow", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    exchange.send();
    return;
  }
  auto allowed = state_->router.allowed_methods(request.path());
  if (allowed.empty()) {
    answer_error(exchange, not_found("nothing is at {}", request.path().substr(0, 256)));
    return;
  }
  auto methods = joined(allowed);
  if (methods.find("OPTIONS") == methods.npos) methods += ", OPTIONS";
  exchange.response().add("allow", methods);
  if (request.method() == "OPTIONS") {
    exchange.response().status = 204;
    exchange.send();
    return;
  }
  answer_error(
    exchange,
    unimplemented("{} is not allowed here; allowed are {}", request.method().substr(0, 64), methods), 405);
}

} // namespace troupe
