// The REST door: HTTP requests become calls of services as their google.api.http rules say, answers become
// responses.
#pragma once

#include "actors/http_edge/http_handler.hpp"
#include "actors/rest_edge/idempotency_store.hpp"
#include "runtime/call/directory.hpp"
#include "runtime/contract/json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/rest/rest_router.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace troupe {

struct rest_edge_options {
  // The deadline of a unary call whose client and contract name none; zero or less: never.
  duration default_timeout = std::chrono::seconds{30};
  // What a client may ask for at most; more is cut down to this.
  duration max_timeout = std::chrono::minutes{10};
  // Of a stream whose client names none; zero or less: as long as the client stays.
  duration stream_timeout = duration::zero();
  // A stream without items sends something this often, so that nothing on the way takes it for dead.
  duration heartbeat = std::chrono::seconds{15};
  // A stream's head waits this long for its first item, so that an error that comes before it has its own
  // status.
  duration stream_head_delay = std::chrono::milliseconds{200};
  std::uint32_t json_depth = default_json_depth;
  json_render_options json;
  idempotency_limits idempotency;
  // Whether traces that begin here are recorded.
  bool sample_new_traces = false;
  // Where the ids of spans begin; different in every process. Take it from the environment's random_source.
  std::uint64_t trace_seed = 1;
};

struct rest_edge_hooks {
  // Who makes this request, for call_metadata::identity; an error (UNAUTHENTICATED, PERMISSION_DENIED) is its
  // answer. Must not block. Null: every request is anonymous, and an Authorization header goes on to the
  // service.
  std::function<result<std::string>(const http_request&)> authenticate;
};

// A bearer token (RFC 6750) checked by `validate`, as an authenticate hook: no token, or another scheme, is
// UNAUTHENTICATED.
std::function<result<std::string>(const http_request&)>
bearer_authentication(std::function<result<std::string>(std::string_view token)> validate);

class rest_edge final : public http_handler {
public:
  // `router` and `services` must outlive the edge, and the edge the server that calls it.
  rest_edge(const rest_router& router, directory& services, rest_edge_options options = {},
            rest_edge_hooks hooks = {});
  ~rest_edge() override;

  // Thread-safe.
  void handle(http_exchange& exchange) override;

  struct state;

private:
  std::shared_ptr<state> state_;
};

} // namespace troupe
