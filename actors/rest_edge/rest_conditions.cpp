#include "actors/rest_edge/entity_tag.hpp"
#include "actors/rest_edge/rest_call.hpp"

#include <google/protobuf/message.h>

namespace troupe {

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

} // namespace troupe
