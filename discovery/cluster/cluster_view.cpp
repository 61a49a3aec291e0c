#include "discovery/cluster/cluster_view.hpp"

#include <algorithm>

namespace troupe {

std::string_view to_string(cluster_phase phase) noexcept {
  switch (phase) {
  case cluster_phase::joining:
    return "joining";
  case cluster_phase::member:
    return "member";
  case cluster_phase::leaving:
    return "leaving";
  case cluster_phase::left:
    return "left";
  case cluster_phase::refused:
    return "refused";
  }
  return "unknown";
}

const member_record* cluster_view::find(std::string_view name) const noexcept {
  const auto found = std::lower_bound(members.begin(), members.end(), name,
                                      [](const auto& each, auto wanted) { return each.name < wanted; });
  return found == members.end() || found->name != name ? nullptr : &*found;
}

std::size_t cluster_view::living() const noexcept {
  return static_cast<std::size_t>(std::count_if(members.begin(), members.end(), [](const auto& each) {
    return each.state == member_state::alive || each.state == member_state::suspect;
  }));
}

} // namespace troupe
