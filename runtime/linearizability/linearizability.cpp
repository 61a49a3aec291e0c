#include "runtime/linearizability/linearizability.hpp"

#include "runtime/linearizability/explanation.hpp"
#include "runtime/linearizability/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <ostream>

namespace troupe {

std::string_view to_string(linearizability_verdict verdict) noexcept {
  switch (verdict) {
  case linearizability_verdict::linearizable:
    return "linearizable";
  case linearizability_verdict::not_linearizable:
    return "not linearizable";
  case linearizability_verdict::unknown:
    break;
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, const linearizability_report& report) {
  return out << report.text;
}

namespace {

std::vector<operation_number> numbers_of(const checked_partition& part,
                                         const std::vector<std::uint32_t>& positions) {
  std::vector<operation_number> out;
  out.reserve(positions.size());
  for (const auto position : positions)
    out.push_back(part.operations()[position].number);
  return out;
}

linearizability_counterexample counterexample_of(const checked_partition& part, const search_result& found) {
  linearizability_counterexample out;
  out.partition = part.name();
  out.blocked = part.operations()[found.blocked].number;
  for (const auto& each : found.prefixes)
    out.prefixes.push_back(
      {numbers_of(part, each.order), part.describe_state(each.state), numbers_of(part, each.refused)});
  return out;
}

std::string part_text(const std::string& name) {
  return name.empty() ? "" : fmt::format(" in part \"{}\"", name);
}

} // namespace

namespace detail {

linearizability_report check_partitions(std::vector<std::unique_ptr<checked_partition>> parts,
                                        std::size_t operations, const linearizability_limits& limits) {
  linearizability_report out;
  out.operations = operations;
  out.partitions = parts.size();
  out.witnesses.resize(parts.size());
  // The small ones first: they are cheap, and a counterexample in them is the easiest to read.
  std::vector<std::size_t> by_size(parts.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(), [&](auto a, auto b) {
    return parts[a]->operations().size() < parts[b]->operations().size();
  });
  std::string given_up;
  for (std::size_t i = 0; i < by_size.size(); ++i) {
    auto& part = parts[by_size[i]];
    auto share = limits;
    share.max_steps = (limits.max_steps - out.steps) / (by_size.size() - i);
    const auto found = search_order(*part, share);
    out.steps += found.steps;
    if (found.verdict == linearizability_verdict::not_linearizable) {
      out.verdict = found.verdict;
      out.witnesses.clear();
      out.counterexample = counterexample_of(*part, found);
      out.text = fmt::format("not linearizable{}: {}", part_text(part->name()), explain_search(*part, found));
      return out;
    }
    if (found.verdict == linearizability_verdict::unknown && given_up.empty()) {
      given_up =
        fmt::format("unknown: gave up{} ({} operations) after {} steps with {} states; raise the limits, or "
                    "record fewer operations that overlap or are left open\nhow far it came: {}",
                    part_text(part->name()), part->operations().size(), found.steps, part->states(),
                    explain_search(*part, found));
    }
    out.witnesses[by_size[i]] = numbers_of(*part, found.witness);
    part.reset(); // its states are not needed any more
  }
  if (!given_up.empty()) {
    out.witnesses.clear();
    out.text = given_up;
    return out;
  }
  out.verdict = linearizability_verdict::linearizable;
  out.text =
    fmt::format("linearizable: {} operations, {} parts, {} steps", operations, out.partitions, out.steps);
  return out;
}

linearizability_report refuse_history(const status& problem, std::size_t operations) {
  linearizability_report out;
  out.operations = operations;
  out.text = fmt::format("unknown: not all was recorded: {}", problem.message());
  return out;
}

} // namespace detail

} // namespace troupe
