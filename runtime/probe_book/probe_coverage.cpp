#include "runtime/probe_book/probe_coverage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

namespace troupe {
namespace {

using records = std::vector<probe_coverage::record>;

std::string place_of(const probe_site& site) {
  return fmt::format("{}:{} \"{}\"", site.file, site.line, site.text);
}

records of_kind(const records& all, probe_kind kind) {
  records out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out),
               [kind](const auto& one) { return one.site.kind == kind; });
  return out;
}

template <class Condition>
std::size_t number_of(const records& some, Condition condition) {
  return static_cast<std::size_t>(std::count_if(some.begin(), some.end(), condition));
}

bool violated(const probe_coverage::record& one) { return one.counts.held < one.counts.reached; }
bool unreached(const probe_coverage::record& one) { return one.counts.reached == 0; }
bool never_held(const probe_coverage::record& one) { return one.counts.reached > 0 && one.counts.held == 0; }

void report_properties(std::string& out, const records& some, std::string_view title,
                       const std::vector<probe_violation>& violations) {
  if (some.empty()) return;
  fmt::format_to(std::back_inserter(out), "{}: {} places, {} violated, {} never reached\n", title,
                 some.size(), number_of(some, violated), number_of(some, unreached));
  for (const auto& one : some) {
    if (!violated(one)) continue;
    fmt::format_to(std::back_inserter(out), "  VIOLATED       {}: {} of {} times", place_of(one.site),
                   one.counts.reached - one.counts.held, one.counts.reached);
    const auto first =
      std::find_if(violations.begin(), violations.end(), [&](const probe_violation& violation) {
        return std::tie(violation.site.text, violation.site.file, violation.site.line)
               == std::tie(one.site.text, one.site.file, one.site.line);
      });
    if (first != violations.end())
      fmt::format_to(std::back_inserter(out), ", first with seed {}", first->seed);
    out += '\n';
  }
}

void report_states(std::string& out, const records& some, std::string_view title, std::string_view verb) {
  if (some.empty()) return;
  fmt::format_to(std::back_inserter(out), "{}: {} places, {} never {}, {} never reached\n", title,
                 some.size(), number_of(some, never_held), verb, number_of(some, unreached));
  for (const auto& one : some) {
    if (unreached(one)) {
      fmt::format_to(std::back_inserter(out), "  never reached  {}\n", place_of(one.site));
    } else if (never_held(one)) {
      fmt::format_to(std::back_inserter(out), "  never {:8} {}: reached {} times\n", verb, place_of(one.site),
                     one.counts.reached);
    } else {
      fmt::format_to(std::back_inserter(out), "  {:14} {}: {} of {} times\n", verb, place_of(one.site),
                     one.counts.held, one.counts.reached);
    }
  }
}

} // namespace

bool probe_coverage::by_place::operator()(const probe_site& a, const probe_site& b) const noexcept {
  return std::tie(a.kind, a.text, a.file, a.line) < std::tie(b.kind, b.text, b.file, b.line);
}

probe_counts& probe_coverage::at(const probe_site& site) { return counts_[site]; }

void probe_coverage::add(const probe_violation& violation) {
  if (violations_.size() < max_violations_) violations_.push_back(violation);
}

void probe_coverage::merge(const probe_coverage& other) {
  runs_ += other.runs_;
  for (const auto& [site, more] : other.counts_) {
    auto& counts = counts_[site];
    counts.reached += more.reached;
    counts.held += more.held;
  }
  // By index: `other` may be this.
  for (std::size_t i = 0, end = other.violations_.size(); i < end; ++i) {
    const probe_violation violation = other.violations_[i];
    add(violation);
  }
}

std::vector<probe_coverage::record> probe_coverage::records() const {
  std::vector<record> out;
  out.reserve(counts_.size());
  for (const auto& [site, counts] : counts_)
    out.push_back({site, counts});
  return out;
}

probe_counts probe_coverage::total(probe_kind kind, std::string_view text) const {
  probe_counts out;
  for (const auto& [site, counts] : counts_) {
    if (site.kind != kind || site.text != text) continue;
    out.reached += counts.reached;
    out.held += counts.held;
  }
  return out;
}

bool probe_coverage::ok() const {
  return std::none_of(counts_.begin(), counts_.end(), [](const auto& one) {
    const auto& [site, counts] = one;
    return (site.kind == probe_kind::always || site.kind == probe_kind::unreachable)
           && counts.held < counts.reached;
  });
}

std::string probe_coverage::report() const {
  const auto all = records();
  std::string out = fmt::format("probes in {} runs\n", runs_);
  report_properties(out, of_kind(all, probe_kind::always), "always", violations_);
  report_properties(out, of_kind(all, probe_kind::unreachable), "unreachable", violations_);
  report_states(out, of_kind(all, probe_kind::sometimes), "sometimes", "true");
  report_states(out, of_kind(all, probe_kind::buggify), "buggify", "fired");
  report_states(out, of_kind(all, probe_kind::planted_bug), "planted bugs", "fired");
  return out;
}

probe_coverage registered_probes() {
  probe_coverage out;
  for (const auto& site : registered_probe_sites())
    out.at(site);
  return out;
}

std::vector<std::string> planted_bug_names() {
  std::vector<std::string> out;
  for (const auto& site : registered_probe_sites()) {
    if (site.kind == probe_kind::planted_bug) out.emplace_back(site.text);
  }
  out.erase(std::unique(out.begin(), out.end()), out.end()); // they come sorted by text
  return out;
}

} // namespace troupe
