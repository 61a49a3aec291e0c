// What probes (runtime/probe) saw in one run or, merged, in many: how often each place was reached, how often
// it held or fired, and which properties were violated. A value: no listener, no clock.
#pragma once

#include "runtime/probe/probe.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe {

struct probe_counts {
  std::uint64_t reached = 0;
  std::uint64_t held = 0; // the condition was true; of buggify and planted bugs: it fired

  bool operator==(const probe_counts&) const = default;
};

// The first time in a run that an always did not hold, or an unreachable was reached.
struct probe_violation {
  probe_site site;
  std::uint64_t seed = 0;  // of the run, to repeat it
  std::uint64_t visit = 0; // the how-manieth time the place was reached in that run; 1 is the first
};

// For one thread at a time.
class probe_coverage {
public:
  struct record {
    probe_site site;
    probe_counts counts;
  };

  // Keeps at most `max_violations` of them; the counts stay exact.
  explicit probe_coverage(std::size_t max_violations = 100) : max_violations_(max_violations) {}

  // The counts of a place, zero when it is new. Places with the same kind, text, file and line are one. The
  // reference is valid as long as this object is, and not moved from.
  probe_counts& at(const probe_site& site);

  // Notes a violation unless there are max_violations already.
  void add(const probe_violation& violation);

  // One more run is in here.
  void add_run() noexcept { ++runs_; }

  // Adds the runs, places, counts and violations of another.
  void merge(const probe_coverage& other);

  std::uint64_t runs() const noexcept { return runs_; }
  const std::vector<probe_violation>& violations() const noexcept { return violations_; }

  // All places, ordered by kind, text, file and line.
  std::vector<record> records() const;

  // Counts of all places of this kind and text together, wherever they are; zero when there are none.
  probe_counts total(probe_kind kind, std::string_view text) const;

  // No always failed and no unreachable was reached, of all that was counted.
  bool ok() const;

  // For people, some lines: what was violated, which sometimes was never true or never reached, what of
  // buggify fired and what not. Ends with a line feed.
  std::string report() const;

private:
  struct by_place {
    bool operator()(const probe_site& a, const probe_site& b) const noexcept;
  };

  std::size_t max_violations_;
  std::uint64_t runs_ = 0;
  std::map<probe_site, probe_counts, by_place> counts_;
  std::vector<probe_violation> violations_;
};

// All places compiled into this program, none of them reached. Merge what was seen into it, and report()
// tells of places that no run came by.
probe_coverage registered_probes();

// The names that TROUPE_PLANTED_BUG has in this program, sorted, each once.
std::vector<std::string> planted_bug_names();

} // namespace troupe
