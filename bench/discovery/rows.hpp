// How the programs of this benchmark print what scripts/run_bench.py reads.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace troupe::bench {

// One comparison: ours to the peer's. `target` is ">= N" or "<= N".
inline void row(const std::string& name, const std::string& unit, double ours, double peer,
                const std::string& target) {
  fmt::print("{{\"name\": \"{}\", \"unit\": \"{}\", \"ours\": {}, \"peer\": {}, \"ratio\": {}, \"target\": "
             "\"{}\"}}\n",
             name, unit, ours, peer, peer == 0 ? (ours == 0 ? 1.0 : 1e9) : ours / peer, target);
  std::fflush(stdout);
}

// One that has no peer: an absolute figure.
inline void row(const std::string& name, const std::string& unit, double ours, const std::string& target) {
  fmt::print("{{\"name\": \"{}\", \"unit\": \"{}\", \"ours\": {}, \"ratio\": {}, \"target\": \"{}\"}}\n",
             name, unit, ours, ours, target);
  std::fflush(stdout);
}

template <class... Parts>
void note(fmt::format_string<Parts...> text, Parts&&... parts) {
  fmt::print("{}\n", fmt::format(text, std::forward<Parts>(parts)...));
  std::fflush(stdout);
}

// Not a number when there are none.
inline double percentile(std::vector<double> of, double share) {
  if (of.empty()) return 0;
  std::sort(of.begin(), of.end());
  return of[std::min(of.size() - 1, static_cast<std::size_t>(share * static_cast<double>(of.size())))];
}

} // namespace troupe::bench
