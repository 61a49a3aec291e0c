// The pages of a node beside its services: health, metrics, documentation, and the operators' requests.
#pragma once

#include "actors/host/node.hpp"
#include "actors/http_edge/http_handler.hpp"
#include "runtime/telemetry/health.hpp"
#include "runtime/telemetry/log.hpp"
#include "runtime/telemetry/metrics.hpp"

#include <functional>
#include <string>

namespace troupe {

// In front of the REST edge: answers /healthz/*, /openapi.json and /docs, and leaves everything else to
// `next`.
class front_pages final : public http_handler {
public:
  // `openapi`: the document, or empty when no documentation is served. All references must outlive the
  // object.
  front_pages(http_handler& next, const health_registry& health, std::string openapi);
  void handle(http_exchange& exchange) override;

private:
  http_handler& next_;
  const health_registry& health_;
  std::string openapi_;
  std::string openapi_tag_;
  std::string docs_policy_;
};

// The operators' door:
//   GET  /metrics                       Prometheus
//   GET  /healthz/live|ready|started
//   GET  /admin/supervision             the tree as JSON
//   GET  /admin/peers                   the connections of the link
//   GET  /admin/members, /admin/services   the cluster; see cluster_pages.hpp
//   POST /admin/drain, /admin/join
//   POST /admin/leave                   drains and stops the node, as SIGTERM does
//   POST /admin/actors/ID:kill          ends an actor as a crash would
//   GET  /admin/log-levels
//   PUT  /admin/log-levels/COMPONENT    the level as text; COMPONENT "*" is the common level
class admin_pages final : public http_handler {
public:
  // The references must outlive the object. `leave` has the process drain and stop.
  admin_pages(node& of, const health_registry& health, const metrics& numbers, logging& logs,
              std::function<void()> leave);
  void handle(http_exchange& exchange) override;

private:
  void answer(http_exchange& exchange);
  bool answer_of_cluster(http_exchange& exchange);

  node& node_;
  const health_registry& health_;
  const metrics& numbers_;
  logging& logs_;
  const std::function<void()> leave_;
};

// The supervision tree as a JSON document.
std::string render_tree(const supervision_node& root);

} // namespace troupe
