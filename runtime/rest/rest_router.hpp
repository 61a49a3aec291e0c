// Which method an HTTP request is for.
//
//   GET /v1/orders/42:history  -->  route tree  -->  rest_route + the path's pieces for its variables
//
// Of several templates that match a path, the most specific wins: from left to right, a literal before `*`
// before
// `**`; a custom verb before none. A route that does not have the request's HTTP method steps back for the
// next one.
#pragma once

#include "runtime/contract/service_info.hpp"
#include "runtime/core/result.hpp"
#include "runtime/rest/http_binding.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// One way to one method. Lives as long as its router.
struct rest_route {
  const method_info* method = nullptr;
  http_binding binding;
};

// A match. The pieces point into the path that was looked up.
struct rest_match {
  const rest_route* route = nullptr; // null: none
  // One a variable of the route, still percent-encoded.
  std::array<std::string_view, max_template_variables> values;

  explicit operator bool() const noexcept { return route != nullptr; }
};

enum class route_outcome : std::uint8_t { match, not_found, method_not_allowed };

struct route_result {
  route_outcome outcome = route_outcome::not_found;
  rest_match match;
};

struct rest_router_options {
  // Whether methods without an HTTP rule are reached as POST /package.Service/Method with the request as the
  // body.
  bool map_unannotated = true;
};

// Immutable once built; safe to use from any number of threads.
class rest_router {
public:
  // A router that knows no route.
  rest_router();
  ~rest_router();
  rest_router(rest_router&&) noexcept;
  rest_router& operator=(rest_router&&) noexcept;

  // The routes of all services. The infos must outlive the router. INVALID_ARGUMENT, with every problem and
  // its fix in the message, when a rule is unsound or two of them collide.
  static result<rest_router> build(std::span<const service_info* const> services,
                                   const rest_router_options& options = {});

  // Looks a path up: without query, still percent-encoded, starting with "/". Does not allocate. HEAD is
  // answered by a GET route where there is no HEAD route. Escapes of unreserved characters match as their
  // plain form.
  route_result match(std::string_view http_method, std::string_view path) const noexcept;

  // The HTTP methods by which a path is known, sorted, for the Allow header (RFC 9110 section 10.2.1); HEAD
  // is among them where GET is. A route for every method counts as the common ones. Empty when the path is
  // unknown.
  std::vector<std::string> allowed_methods(std::string_view path) const;

  // All routes, ordered by service as given, method and binding.
  std::span<const std::unique_ptr<const rest_route>> routes() const noexcept;

private:
  struct tree;
  std::unique_ptr<tree> tree_;
};

} // namespace troupe
