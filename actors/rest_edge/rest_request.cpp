#include "actors/http_edge/negotiation.hpp"
#include "actors/rest_edge/entity_tag.hpp"
#include "actors/rest_edge/request_timeout.hpp"
#include "actors/rest_edge/rest_call.hpp"
#include "runtime/telemetry/trace.hpp"

#include <google/protobuf/message.h>

#include <algorithm>
#include <array>

namespace troupe {

namespace {

constexpr std::array<std::string_view, 3> unary_types{"application/json", "application/x-protobuf",
                                                      "application/protobuf"};
// For clients that accept anything: lines are the easiest to read with whatever they have.
constexpr std::array<std::string_view, 4> stream_types{"application/x-ndjson", "text/event-stream",
                                                       "application/json", "application/ndjson"};
constexpr std::array<stream_format, 4> stream_formats{stream_format::lines, stream_format::event_stream,
                                                      stream_format::array, stream_format::lines};

// The longest key a client may choose.
constexpr std::size_t longest_idempotency_key = 255;

// Fields that concern the connection, the representation, or the edge itself, and say nothing to a service.
// Sorted.
constexpr std::array<std::string_view, 33> edge_fields{"accept",
                                                       "accept-charset",
                                                       "accept-encoding",
                                                       "connection",
                                                       "content-encoding",
                                                       "content-length",
                                                       "content-type",
                                                       "date",
                                                       "expect",
                                                       "grpc-timeout",
                                                       "host",
                                                       "idempotency-key",
                                                       "if-match",
                                                       "if-modified-since",
                                                       "if-none-match",
                                                       "if-range",
                                                       "if-unmodified-since",
                                                       "keep-alive",
                                                       "proxy-authorization",
                                                       "proxy-connection",
                                                       "range",
                                                       "request-timeout",
                                                       "sec-fetch-dest",
                                                       "sec-fetch-mode",
                                                       "sec-fetch-site",
                                                       "sec-fetch-user",
                                                       "te",
                                                       "traceparent",
                                                       "trailer",
                                                       "transfer-encoding",
                                                       "upgrade",
                                                       "x-request-timeout",
                                                       "upgrade-insecure-requests"};

bool for_the_edge(std::string_view name) {
  return std::find(edge_fields.begin(), edge_fields.end(), name) != edge_fields.end();
}

// The key is a string of RFC 8941, 3.3.3; a bare token is taken as well, because most clients send one.
std::optional<std::string> parse_key(std::string_view field) {
  std::string out;
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
    field = field.substr(1, field.size() - 2);
    for (std::size_t at = 0; at < field.size(); ++at) {
      if (field[at] == '"') return std::nullopt;
      if (field[at] == '\\' && (++at == field.size() || (field[at] != '"' && field[at] != '\\')))
        return std::nullopt;
      out += field[at];
    }
  } else {
    out = field;
  }
  if (out.empty() || out.size() > longest_idempotency_key) return std::nullopt;
  return out;
}

} // namespace

void rest_call::start() {
  auto& request = exchange_->request();
  body_format format = body_format::json;
  if (streams() && request.head()) {
    // Nothing that HEAD could be told is worth beginning the stream.
    if (!choose_reply_format()) return;
    exchange_->response().set_content_type(reply_type_);
    exchange_->begin_stream();
    return;
  }
  if (method().client_streams()) {
    fail(unimplemented("{} takes a stream of requests, which HTTP/1.1 cannot carry; use gRPC",
                       method().full_name));
    return;
  }
  if (!build_metadata() || !choose_reply_format() || !choose_body_format(format) || !choose_deadline()
      || !build(format) || !check_conditions())
    return;
  execute();
}

bool rest_call::choose_reply_format() {
  auto& request = exchange_->request();
  auto accept = request.combined("accept");
  if (streams()) {
    auto chosen = negotiate_media_type(accept, stream_types);
    if (!chosen) {
      fail(
        invalid_argument("the answer is a stream; accept one of text/event-stream, application/x-ndjson and "
                         "application/json"),
        406);
      return false;
    }
    stream_.emplace(stream_formats[*chosen]);
    reply_type_ = stream_types[*chosen];
    return true;
  }
  auto chosen = accept.empty() ? std::optional<std::size_t>{0} : negotiate_media_type(accept, unary_types);
  if (!chosen) {
    fail(invalid_argument("accept one of application/json and application/x-protobuf"), 406);
    return false;
  }
  reply_type_ = unary_types[*chosen];
  reply_format_ = *chosen == 0 ? body_format::json : body_format::protobuf;
  return true;
}

bool rest_call::choose_body_format(body_format& format) {
  auto& request = exchange_->request();
  if (plan_.max_request_bytes > 0 && request.body().size() > plan_.max_request_bytes) {
    fail(invalid_argument("the body has {} bytes; {} accepts at most {}", request.body().size(),
                          method().full_name, plan_.max_request_bytes),
         413);
    return false;
  }
  // RFC 1945, 7.2.2: a body without its length would end with the connection, and with it the way to answer.
  if (request.version() < 11 && !request.safe() && request.method() != "DELETE"
      && !request.find("content-length")) {
    fail(invalid_argument("an HTTP/1.0 request with this method must have a Content-Length"), 411);
    return false;
  }
  auto field = request.find("content-type");
  if (!field || request.body().empty()) return true;
  auto refuse = [&](const status& why) {
    exchange_->response().add("accept", "application/json, application/x-protobuf");
    fail(why, 415);
    return false;
  };
  auto type = parse_media_type(*field);
  if (!type) return refuse(invalid_argument("the Content-Type is malformed"));
  if (equal_ignoring_case(type->type, "application/json")) {
    if (!type->charset.empty() && !equal_ignoring_case(type->charset, "utf-8")
        && !equal_ignoring_case(type->charset, "us-ascii"))
      return refuse(invalid_argument("JSON must be in UTF-8 (RFC 8259, 8.1)"));
    return true;
  }
  if (equal_ignoring_case(type->type, "application/x-protobuf")
      || equal_ignoring_case(type->type, "application/protobuf")) {
    format = body_format::protobuf;
    return true;
  }
  return refuse(
    invalid_argument("the Content-Type {} is not accepted; send application/json or application/x-protobuf",
                     type->type.substr(0, 128)));
}

bool rest_call::build(body_format format) {
  auto& request = exchange_->request();
  request_limits limits;
  limits.json_depth = edge_->options.json_depth;
  auto built = build_request(match_, request.query(), {.format = format, .bytes = request.body()}, limits);
  if (!built) {
    fail(built.error());
    return false;
  }
  request_ = std::move(*built);
  return true;
}

bool rest_call::build_metadata() {
  auto& request = exchange_->request();
  auto metadata = std::make_shared<call_metadata>();
  const bool authenticates = static_cast<bool>(edge_->hooks.authenticate);
  if (authenticates) {
    auto identity = edge_->hooks.authenticate(request);
    if (!identity) {
      fail(identity.error());
      return false;
    }
    metadata->identity = std::move(*identity);
  }
  if (auto parent = request.find("traceparent")) {
    if (auto context = parse_traceparent(*parent)) metadata->trace = *context;
  }
  if (!metadata->trace.valid()) {
    metadata->trace.trace_high = edge_->new_id();
    metadata->trace.trace_low = edge_->new_id();
    metadata->trace.sampled = edge_->options.sample_new_traces;
  }
  metadata->trace.span = edge_->new_id();
  for (const auto& field : request.fields()) {
    // A credential that the edge has checked is of no use to a service, but would be to whoever reads its
    // logs.
    if (for_the_edge(field.name) || (authenticates && field.name == "authorization")) continue;
    // Binary metadata would have to be decoded; REST clients have no use for it.
    if (field.name.ends_with("-bin")) continue;
    metadata->headers.emplace_back(field.name, field.value);
  }
  if (auto key = request.find("idempotency-key")) {
    auto parsed = parse_key(*key);
    if (!parsed) {
      fail(invalid_argument("the Idempotency-Key must be a string of 1 to {} characters",
                            longest_idempotency_key));
      return false;
    }
    metadata->idempotency_key = std::move(*parsed);
  } else if (plan_.require_idempotency_key) {
    fail(invalid_argument(
      "{} requires an Idempotency-Key header: a string that is new for each new request, and the "
      "same when it is repeated",
      method().full_name));
    return false;
  }
  metadata_ = std::move(metadata);
  return true;
}

bool rest_call::choose_deadline() {
  auto& request = exchange_->request();
  const auto& options = edge_->options;
  auto asked = streams()                          ? options.stream_timeout
               : plan_.timeout > duration::zero() ? plan_.timeout
                                                  : options.default_timeout;
  std::optional<result<duration>> wanted;
  if (auto field = request.find("request-timeout"))
    wanted = parse_request_timeout(*field);
  else if (auto other = request.find("x-request-timeout"))
    wanted = parse_request_timeout(*other);
  else if (auto grpc = request.find("grpc-timeout"))
    wanted = parse_grpc_timeout(*grpc);
  if (wanted) {
    if (!*wanted) {
      fail(wanted->error());
      return false;
    }
    asked = std::min(**wanted, options.max_timeout);
    if (asked == duration::zero()) asked = duration{1};
  }
  until_ = asked > duration::zero() ? deadline::after(exchange_->arrived(), asked) : deadline::never();
  return true;
}

bool rest_call::check_conditions() {
  auto& request = exchange_->request();
  if (request.safe()) return true; // their If-None-Match is compared with the answer
  auto match = request.combined("if-match");
  auto none_match = request.combined("if-none-match");
  if (match.empty() && none_match.empty()) return true;
  if (!match.empty() && none_match.empty() && !plan_.request_version.empty()) {
    if (auto single = single_condition(match); single && !single->any && !single->weak) {
      auto outcome = set_version(plan_, opaque_version(single->opaque), *request_);
      if (!outcome.ok()) {
        fail(outcome);
        return false;
      }
      conditional_ = true;
      return true;
    }
  }
  auto found = edge_->router.match("GET", request.path());
  if (found.outcome != route_outcome::match || found.match.route->method->server_streams()
      || found.match.route->method->client_streams()) {
    // Nothing here ever had an entity tag, so none matches (RFC 9110, 13.1.1), and If-None-Match holds.
    if (match.empty()) return true;
    fail(failed_precondition("this resource has no entity tag that If-Match could name"), 412);
    return false;
  }
  probe(edge_->plans.at(found.match.route), found.match);
  return false; // its answer decides, and may have done so already
}

void rest_call::probe(const rest_plan& plan, const rest_match& match) {
  auto built = build_request(match, {}, {});
  if (!built) {
    fail(built.error());
    return;
  }
  probing_ = true;
  call_ = call_ptr{new call(plan.method(), std::move(*built), until_, metadata_, call_end_ptr{this})};
  plan_wake();
  exchange_->listen(this);
  auto made = call_;
  submit(*plan.service, made);
}

void rest_call::on_probe_answer(const frame& what) {
  probing_ = false;
  auto& request = exchange_->request();
  auto match = request.combined("if-match");
  auto none_match = request.combined("if-none-match");
  if (!what.outcome.ok() && what.outcome.code() != status_code::not_found) {
    fail(what.outcome);
    return;
  }
  bool matched = false;
  bool none_matched = true;
  if (what.outcome.ok() && what.message) {
    const auto found = edge_->router.match("GET", request.path());
    const auto& plan = edge_->plans.at(found.match.route);
    auto consider = [&](std::string_view tag) {
      matched = matched || if_match_holds(match, tag);
      none_matched = none_matched && !if_none_match_hits(none_match, tag);
    };
    if (auto version = version_of(plan, *what.message); !version.empty()) {
      consider(entity_tag_of_version(version));
    } else {
      // The client's tag is of the form it has read; it may have been either.
      for (auto format : {body_format::json, body_format::protobuf}) {
        json_.clear();
        if (render_reply(*plan.route, *what.message, format, json_, edge_->options.json).ok())
          consider(entity_tag_of(json_));
      }
    }
  }
  if ((!match.empty() && !matched) || (!none_match.empty() && !none_matched)) {
    fail(failed_precondition("the resource is not in the state that {} names",
                             match.empty() ? "If-None-Match" : "If-Match"),
         412);
    return;
  }
  execute();
}

bool rest_call::check_idempotency_key() {
  auto& request = exchange_->request();
  if (metadata_->idempotency_key.empty() || request.safe() || streams() || method().may_repeat()) return true;
  // A key belongs to one client and one method; the separator is in neither.
  auto scoped =
    metadata_->identity + '\n' + std::string{method().full_name} + '\n' + metadata_->idempotency_key;
  std::string content{request.method()};
  for (auto part : {request.target(), request.find("content-type").value_or(""),
                    request.find("if-match").value_or(""), request.body()}) {
    content += '\n';
    content += part;
  }
  idempotency_store::decision decision;
  {
    std::lock_guard lock{edge_->mutex};
    decision = edge_->answers.begin(scoped, entity_tag_of(content), exchange_->now());
  }
  using verdict = idempotency_store::verdict;
  switch (decision.what) {
  case verdict::execute:
    idempotency_key_ = std::move(scoped);
    return true;
  case verdict::replay: {
    auto& response = exchange_->response();
    response.clear();
    response.status = decision.answer->status;
    response.set_content_type(decision.answer->content_type);
    response.set_entity_tag(decision.answer->entity_tag);
    response.add_lines(decision.answer->fields);
    response.add("idempotency-replayed", "true");
    response.body = decision.answer->body;
    exchange_->send();
    return false;
  }
  case verdict::in_progress:
    fail(aborted("a request with this Idempotency-Key is still being worked on"), 409);
    return false;
  case verdict::mismatch:
    fail(invalid_argument("this Idempotency-Key was used for a different request"), 422);
    return false;
  case verdict::full:
    fail(resource_exhausted("too many requests with an Idempotency-Key are being worked on"), 503);
    return false;
  }
  return true;
}

void rest_call::execute() {
  if (!check_idempotency_key()) {
    over();
    return;
  }
  last_sent_ = exchange_->arrived();
  call_ = call_ptr{new call(method(), std::move(request_), until_, metadata_, call_end_ptr{this})};
  exchange_->listen(this);
  plan_wake();
  auto made = call_;
  submit(*plan_.service, made);
}

} // namespace troupe
