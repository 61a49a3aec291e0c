#include "runtime/rest/route_tree.hpp"

#include "runtime/rest/percent_encoding.hpp"

#include <algorithm>

namespace troupe {

path_pieces::path_pieces(std::string_view path) noexcept : path_(path) {
  // "/" alone has no segments; "/a/" has two, the second one empty.
  if (path.size() > 1) {
    for (std::size_t at = 0; at != std::string_view::npos; at = path.find('/', at + 1)) {
      if (count_ < starts_.size()) starts_[count_] = at + 1;
      ++count_;
    }
    const auto last = path.substr(path.rfind('/') + 1);
    const auto colon = last.rfind(':');
    if (colon != std::string_view::npos && colon + 1 < last.size()) verb_ = last.substr(colon + 1);
  }
}

std::string_view path_pieces::segment(std::size_t at) const noexcept { return range(at, at); }

std::string_view path_pieces::range(std::size_t first, std::size_t last) const noexcept {
  const auto end = last + 1 < count_ ? starts_[last + 1] - 1 : path_.size();
  return path_.substr(starts_[first], end - starts_[first]);
}

std::string_view path_pieces::from(std::size_t first) const noexcept {
  return first < count_ ? path_.substr(starts_[first]) : std::string_view{};
}

path_pieces path_pieces::without_verb() const noexcept {
  auto out = *this;
  if (!verb_.empty()) out.path_.remove_suffix(verb_.size() + 1);
  out.verb_ = {};
  return out;
}

void route_tree::add(const rest_route& route) {
  auto* at = &root_;
  for (const auto& segment : route.binding.path.segments) {
    if (segment.kind == segment_kind::rest) {
      at->rest.push_back(&route);
      return;
    }
    auto* next = &at->single;
    if (segment.kind == segment_kind::literal) {
      auto found = std::find_if(at->literals.begin(), at->literals.end(),
                                [&](const auto& child) { return child.first == segment.text; });
      if (found == at->literals.end())
        found = at->literals.emplace(at->literals.end(), segment.text, nullptr);
      next = &found->second;
    }
    if (!*next) *next = std::make_unique<node>();
    at = next->get();
  }
  at->here.push_back(&route);
}

void route_tree::finish() { finish(root_); }

// The recursion is as deep as the longest template, which is bounded.
void route_tree::finish(node& at) {
  std::sort(at.literals.begin(), at.literals.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  // A route for one HTTP method before one for all of them.
  const auto specific_first = [](const rest_route* a, const rest_route* b) {
    return a->binding.http_method != "*" && b->binding.http_method == "*";
  };
  std::stable_sort(at.here.begin(), at.here.end(), specific_first);
  std::stable_sort(at.rest.begin(), at.rest.end(), specific_first);
  for (auto& child : at.literals)
    finish(*child.second);
  if (at.single) finish(*at.single);
}

const route_tree::node* route_tree::literal_child(const node& at, std::string_view segment) noexcept {
  if (segment.find('%') != std::string_view::npos) {
    for (const auto& child : at.literals)
      if (decodes_to(segment, child.first)) return child.second.get();
    return nullptr;
  }
  const auto found =
    std::lower_bound(at.literals.begin(), at.literals.end(), segment,
                     [](const auto& child, std::string_view text) { return child.first < text; });
  return found != at.literals.end() && found->first == segment ? found->second.get() : nullptr;
}

bool route_tree::verb_matches(const rest_route& route, std::string_view verb) noexcept {
  return decodes_to(verb, route.binding.path.verb);
}

} // namespace troupe
