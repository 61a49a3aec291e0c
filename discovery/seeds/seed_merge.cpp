#include "discovery/seeds/seed_merge.hpp"

#include <algorithm>
#include <set>

namespace troupe {
namespace {

bool is_own(const endpoint& what, std::span<const endpoint> own) {
  return std::any_of(own.begin(), own.end(), [&](const endpoint& mine) {
    return what == mine || (what.port == mine.port && mine.address.is_any() && what.address.is_loopback());
  });
}

} // namespace

std::vector<endpoint> merge_seeds(std::span<const std::vector<endpoint>> groups,
                                  std::span<const endpoint> own, std::size_t limit) {
  std::vector<endpoint> out;
  std::set<endpoint> seen;
  std::vector<std::size_t> next(groups.size(), 0);
  for (bool more = true; more && out.size() < limit;) {
    more = false;
    for (std::size_t g = 0; g < groups.size() && out.size() < limit; ++g) {
      // Repetitions do not cost a group its turn.
      while (next[g] < groups[g].size()) {
        const endpoint& candidate = groups[g][next[g]++];
        if (candidate.port == 0 || candidate.address.is_any() || is_own(candidate, own)) continue;
        if (!seen.insert(candidate).second) continue;
        out.push_back(candidate);
        more = true;
        break;
      }
    }
  }
  return out;
}

} // namespace troupe
