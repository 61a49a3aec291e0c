// The routes of a router as a tree over path segments. Internal to runtime/rest.
#pragma once

#include "runtime/rest/rest_router.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// A path cut at its slashes, without allocating. Segments that no template can name one by one are not kept.
class path_pieces {
public:
  // `path` starts with "/" and outlives the pieces.
  explicit path_pieces(std::string_view path) noexcept;

  std::size_t count() const noexcept { return count_; }
  // Segment `at`, which is less than count() and max_template_segments.
  std::string_view segment(std::size_t at) const noexcept;
  // From the start of segment `first` to the end of segment `last`.
  std::string_view range(std::size_t first, std::size_t last) const noexcept;
  // From the start of segment `first` to the end of the path; empty when there is no such segment.
  std::string_view from(std::size_t first) const noexcept;

  // The pieces without the custom verb that follows the last ":" of the last segment; empty verb when there
  // is none.
  std::string_view verb() const noexcept { return verb_; }
  path_pieces without_verb() const noexcept;

private:
  std::string_view path_;
  std::string_view verb_;
  std::size_t count_ = 0; // may exceed what starts_ holds
  std::array<std::size_t, max_template_segments + 1> starts_;
};

class route_tree {
public:
  void add(const rest_route& route);

  // Orders the children for look-up. Once, after the last add().
  void finish();

  // Visits the routes that match, most specific first, until `visit` returns true; tells whether it did.
  // Each node is visited at most once a look-up, so its cost is bounded by the smaller of the number of
  // routes and 2^(segments); without overlapping templates it is linear in the segments.
  template <class Visit>
  bool find(const path_pieces& pieces, std::string_view verb, Visit&& visit) const {
    return find_from(root_, pieces, 0, verb, visit);
  }

private:
  struct node {
    std::vector<std::pair<std::string, std::unique_ptr<node>>> literals; // sorted after finish()
    std::unique_ptr<node> single;
    std::vector<const rest_route*> here; // templates that end here
    std::vector<const rest_route*> rest; // templates that go on with "**" from here
  };

  static void finish(node& at);
  static const node* literal_child(const node& at, std::string_view segment) noexcept;

  template <class Visit>
  static bool visit_verb(const std::vector<const rest_route*>& routes, std::string_view verb, Visit& visit) {
    for (const auto* route : routes)
      if (route->binding.path.verb.empty() == verb.empty() && (verb.empty() || verb_matches(*route, verb)))
        if (visit(*route)) return true;
    return false;
  }
  static bool verb_matches(const rest_route& route, std::string_view verb) noexcept;

  template <class Visit>
  static bool find_from(const node& at, const path_pieces& pieces, std::size_t depth, std::string_view verb,
                        Visit& visit) {
    if (depth == pieces.count()) {
      if (visit_verb(at.here, verb, visit)) return true;
    } else if (depth < max_template_segments) {
      const auto segment = pieces.segment(depth);
      if (const auto* next = literal_child(at, segment))
        if (find_from(*next, pieces, depth + 1, verb, visit)) return true;
      if (at.single && !segment.empty())
        if (find_from(*at.single, pieces, depth + 1, verb, visit)) return true;
    }
    return visit_verb(at.rest, verb, visit);
  }

  node root_;
};

} // namespace troupe
