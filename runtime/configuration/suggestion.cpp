#include "runtime/configuration/suggestion.hpp"

#include <algorithm>
#include <vector>

namespace troupe {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the usual table are enough to also see swapped neighbours.
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::optional<std::string> suggest(std::string_view wrong, std::span<const std::string> known) {
  constexpr std::size_t longest = 100;
  if (wrong.size() > longest) return std::nullopt;
  std::optional<std::string> nearest;
  std::size_t distance = longest;
  for (const std::string& each : known) {
    const std::size_t away = edit_distance(wrong, each);
    if (away < distance && away <= (each.size() + 2) / 3) {
      nearest = each;
      distance = away;
    }
  }
  return nearest;
}

} // namespace troupe
