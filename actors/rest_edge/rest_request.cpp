#include "actors/http_edge/negotiation.hpp"
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
