// The ready listener of probes: answers them from one seed, and keeps book of what they saw.
//
//   probe_book book{random.split("probes"), {.seed = seed, .planted_bugs = {"reply_sent_twice"}}};
//   const scoped_probe_listener scope{book};
//   ... one run of the simulation ...
//   total.merge(book.coverage());
#pragma once

#include "runtime/environment/random_source.hpp"
#include "runtime/probe_book/probe_coverage.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

struct probe_book_options {
  // Of the run, for violations to name.
  std::uint64_t seed = 0;

  // FoundationDB's recipe: a run enables a quarter of the rare paths, and takes an enabled one a quarter of
  // the times it comes by. So each run is unusual in its own way. 0 to 1; enable 0 switches buggify off.
  double enable_probability = 0.25;
  double fire_probability = 0.25; // of places that do not bring their own

  // Rare paths never to be taken, by name; to find which of them a failure needs. The others go on as before.
  std::vector<std::string> disabled_buggifies;

  // Defects that are switched on, by name. planted_bug_names() tells which there are.
  std::vector<std::string> planted_bugs;

  // Violations that are kept, 1 or more: the first of each place.
  std::size_t max_violations = 100;

  // Called at the first violation of each place, from within the code that violates; must not throw.
  std::function<void(const probe_violation&)> on_violation;
};

// For one thread at a time.
class probe_book final : public probe_listener {
public:
  // Every answer is decided by the source's seed, the name of the place, and how often that name was asked
  // before: other places, and where in the code one is, have no influence.
  explicit probe_book(const random_source& random, probe_book_options options = {});

  bool buggify(const probe_site& site) noexcept override;
  bool planted(const probe_site& site) noexcept override;
  void always(const probe_site& site, bool held) noexcept override;
  void sometimes(const probe_site& site, bool held) noexcept override;

  // Of this one run.
  const probe_coverage& coverage() const noexcept { return coverage_; }

  // Names of the rare paths that were asked for so far and are enabled in this run, sorted.
  std::vector<std::string> enabled_buggifies() const;

private:
  struct rare_path {
    random_source random;
    bool enabled = false;
  };
  struct place {
    probe_counts* counts = nullptr;
    rare_path* path = nullptr; // of buggify
    bool armed = false;        // of planted bugs
  };

  place& place_of(const probe_site& site);
  rare_path& path_of(std::string_view name);

  const random_source random_;
  const probe_book_options options_;
  probe_coverage coverage_;
  std::map<std::string, rare_path, std::less<>> paths_;
  // Only looked into, never iterated over: the order of addresses differs between processes.
  std::unordered_map<const probe_site*, place> places_;
};

} // namespace troupe
