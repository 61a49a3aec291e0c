#include "apps/troupe/failure_kind.hpp"

#include <fmt/format.h>

#include <array>

namespace troupe::cli {

namespace {

std::string without_numbers(std::string_view text) {
  std::string out;
  for (const char each : text) {
    if (each < '0' || each > '9')
      out += each;
    else if (out.empty() || out.back() != '#')
      out += '#';
  }
  return out;
}

// What a line says about a failure, as in the list of the header: 0 to 2, or 3 for nothing.
std::size_t rank_of(std::string_view line) {
  if (line.starts_with("=== ")) return 0;
  // Catch2's reporters: `console` has "FILE:LINE: FAILED:", `compact` has "FILE:LINE: failed:".
  if (line.find(": FAILED:") != line.npos || line.find(": failed:") != line.npos) return 1;
  return line.find("SUMMARY: ") != line.npos && line.find("Sanitizer: ") != line.npos ? 2 : 3;
}

std::string essence_of(std::string_view line, std::size_t rank) {
  if (rank == 0) return without_numbers(line);
  if (rank == 2) return std::string{line.substr(line.find("SUMMARY: "))};
  auto end = line.find(": FAILED:");
  if (end == line.npos) end = line.find(": failed:");
  return std::string{line.substr(0, end)};
}

std::string first_trace_of_failure(std::string_view output) {
  std::array<std::string, 3> found;
  while (!output.empty()) {
    const auto end = std::min(output.find('\n'), output.size());
    const auto line = output.substr(0, end);
    if (const auto rank = rank_of(line); rank < found.size() && found[rank].empty())
      found[rank] = essence_of(line, rank);
    output.remove_prefix(std::min(end + 1, output.size()));
  }
  for (const auto& each : found)
    if (!each.empty()) return each;
  return {};
}

} // namespace

std::string failure_kind(const child_outcome& run) {
  if (run.succeeded() || run.timed_out) return {};
  // Not the exit code: Catch2's is the number of assertions that failed.
  const auto end = run.signal != 0 ? fmt::format("signal {}", run.signal) : std::string{"failed"};
  const auto why = first_trace_of_failure(run.output);
  return why.empty() ? end : end + ": " + why;
}

} // namespace troupe::cli
