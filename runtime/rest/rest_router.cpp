#include "runtime/rest/rest_router.hpp"

#include "runtime/rest/route_tree.hpp"

#include <google/protobuf/descriptor.h>

#include <set>

namespace troupe {

namespace {

// RFC 9110 section 9.1, without CONNECT and TRACE, which are not for resources.
constexpr std::string_view common_methods[] = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};

bool takes(const rest_route& route, std::string_view http_method) noexcept {
  return route.binding.http_method == http_method || route.binding.http_method == "*";
}

rest_match match_of(const rest_route& route, const path_pieces& pieces) noexcept {
  rest_match out;
  out.route = &route;
  const auto& path = route.binding.path;
  for (std::size_t i = 0; i < path.variables.size(); ++i) {
    const auto& variable = path.variables[i];
    const auto last = variable.first_segment + variable.segment_count - 1;
    out.values[i] = path.segments[last].kind == segment_kind::rest
                      ? pieces.from(variable.first_segment)
                      : pieces.range(variable.first_segment, last);
  }
  return out;
}

status problems_status(const std::vector<http_rule_problem>& problems) {
  std::string text;
  for (const auto& each : problems)
    text += fmt::format("{}{}; {}", text.empty() ? "" : "\n", each.problem, each.fix);
  return status{status_code::invalid_argument, std::move(text)};
}

} // namespace

struct rest_router::tree {
  std::vector<std::unique_ptr<const rest_route>> routes;
  route_tree nodes;

  // A path with a ":" in its last segment is first tried as one with a custom verb.
  template <class Visit>
  bool find(std::string_view path, Visit&& visit) const {
    if (path.empty() || path.front() != '/') return false;
    const path_pieces whole{path};
    if (!whole.verb().empty()) {
      const auto pieces = whole.without_verb();
      if (nodes.find(pieces, whole.verb(), [&](const rest_route& route) { return visit(route, pieces); }))
        return true;
    }
    return nodes.find(whole, {}, [&](const rest_route& route) { return visit(route, whole); });
  }
};

rest_router::rest_router() : tree_(std::make_unique<tree>()) {}
rest_router::~rest_router() = default;
rest_router::rest_router(rest_router&&) noexcept = default;
rest_router& rest_router::operator=(rest_router&&) noexcept = default;

result<rest_router> rest_router::build(std::span<const service_info* const> services,
                                       const rest_router_options& options) {
  rest_router out;
  std::vector<http_rule_problem> problems;
  std::vector<http_binding> bindings;
  std::vector<const method_info*> methods; // of each binding
  for (const auto* service : services) {
    for (const auto& method : service->methods) {
      for (auto& binding : http_bindings_of(method.descriptor(), problems, options.map_unannotated)) {
        bindings.push_back(std::move(binding));
        methods.push_back(&method);
      }
    }
  }
  const auto collisions = find_route_collisions(bindings);
  problems.insert(problems.end(), collisions.begin(), collisions.end());
  if (!problems.empty()) return problems_status(problems);

  for (std::size_t i = 0; i < bindings.size(); ++i) {
    auto route = std::make_unique<const rest_route>(rest_route{methods[i], std::move(bindings[i])});
    out.tree_->nodes.add(*route);
    out.tree_->routes.push_back(std::move(route));
  }
  out.tree_->nodes.finish();
  return out;
}

route_result rest_router::match(std::string_view http_method, std::string_view path) const noexcept {
  route_result out;
  const auto try_method = [&](std::string_view wanted) {
    return tree_->find(path, [&](const rest_route& route, const path_pieces& pieces) {
      out.outcome = route_outcome::method_not_allowed;
      if (!takes(route, wanted)) return false;
      out.match = match_of(route, pieces);
      return true;
    });
  };
  if (try_method(http_method) || (http_method == "HEAD" && try_method("GET")))
    out.outcome = route_outcome::match;
  return out;
}

std::vector<std::string> rest_router::allowed_methods(std::string_view path) const {
  std::set<std::string> found;
  tree_->find(path, [&](const rest_route& route, const path_pieces&) {
    const auto& http_method = route.binding.http_method;
    if (http_method == "*")
      found.insert(std::begin(common_methods), std::end(common_methods));
    else
      found.insert(http_method);
    if (http_method == "GET") found.insert("HEAD");
    return false;
  });
  return {found.begin(), found.end()};
}

std::span<const std::unique_ptr<const rest_route>> rest_router::routes() const noexcept {
  return tree_->routes;
}

} // namespace troupe
