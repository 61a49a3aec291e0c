#include "runtime/telemetry/process_metrics.hpp"

#include <array>
#include <charconv>
#include <unistd.h>

namespace troupe {
namespace {

constexpr std::uint64_t longest_file = 256 * 1024; // /proc/stat grows with the number of processors

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return out;
}

// The number behind a label at the beginning of a line: "btime 1700000000".
std::optional<std::uint64_t> number_behind(std::string_view text, std::string_view label) noexcept {
  auto at = text.starts_with(label) ? 0 : text.find(label);
  while (at != std::string_view::npos && at != 0 && text[at - 1] != '\n')
    at = text.find(label, at + 1);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + label.size());
  const auto digit = text.find_first_not_of(" \t");
  return digit == std::string_view::npos ? std::nullopt : parse_number(text.substr(digit));
}

std::optional<process_facts> read_facts(disk& from) {
  const auto text = read_file(from, "/proc/self/stat", longest_file);
  if (!text) return std::nullopt;
  return parse_process_stat(*text);
}

} // namespace

std::optional<process_facts> parse_process_stat(std::string_view text) noexcept {
  // The second field is the program's name in brackets, which may itself contain blanks and brackets.
  const auto bracket = text.rfind(')');
  if (bracket == std::string_view::npos) return std::nullopt;
  text.remove_prefix(bracket + 1);
  std::array<std::uint64_t, 25> fields{}; // by the numbers of proc(5)
  for (std::size_t number = 3; number < fields.size(); ++number) {
    const auto begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return std::nullopt;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" \n"), text.size());
    fields[number] =
      parse_number(text.substr(0, end)).value_or(0); // the state is a letter, some may be negative
    text.remove_prefix(end);
  }
  return process_facts{fields[14] + fields[15], fields[20], fields[22], fields[23], fields[24]};
}

std::vector<metrics_callback> observe_process(metrics& all, disk& from) {
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  std::vector<metrics_callback> out;
  const auto observe = [&](std::string_view name, std::string_view help, sample_kind kind, auto value_of) {
    out.push_back(all.observe(name, help, kind, {}, [&from, value_of](sample_writer& write) {
      if (const auto facts = read_facts(from)) write.write(value_of(*facts));
    }));
  };
  observe("process_cpu_seconds_total", "Processor time used, user and system.", sample_kind::counter,
          [ticks](const process_facts& facts) { return static_cast<double>(facts.cpu_ticks) / ticks; });
  observe("process_resident_memory_bytes", "Memory in use that is not swapped out.", sample_kind::gauge,
          [page](const process_facts& facts) { return static_cast<double>(facts.resident_pages) * page; });
  observe("process_virtual_memory_bytes", "Address space in use.", sample_kind::gauge,
          [](const process_facts& facts) { return static_cast<double>(facts.virtual_bytes); });
  observe("process_threads", "Threads of the process.", sample_kind::gauge,
          [](const process_facts& facts) { return static_cast<double>(facts.threads); });
  out.push_back(all.observe("process_open_fds", "Open file descriptors.", sample_kind::gauge, {},
                            [&from](sample_writer& write) {
                              // One of them is the listing's own.
                              if (const auto names = from.list("/proc/self/fd"); names && !names->empty()) {
                                write.write(static_cast<double>(names->size() - 1));
                              }
                            }));
  out.push_back(all.observe("process_max_fds", "Limit of open file descriptors.", sample_kind::gauge, {},
                            [&from](sample_writer& write) {
                              const auto limits = read_file(from, "/proc/self/limits", longest_file);
                              if (!limits) return;
                              if (const auto most = number_behind(*limits, "Max open files")) {
                                write.write(static_cast<double>(*most));
                              }
                            }));
  out.push_back(all.observe("process_start_time_seconds", "When the process started, in seconds since 1970.",
                            sample_kind::gauge, {}, [&from, ticks](sample_writer& write) {
                              const auto facts = read_facts(from);
                              const auto machine = read_file(from, "/proc/stat", longest_file);
                              if (!facts || !machine) return;
                              if (const auto boot = number_behind(*machine, "btime ")) {
                                write.write(static_cast<double>(*boot)
                                            + static_cast<double>(facts->start_ticks) / ticks);
                              }
                            }));
  return out;
}

} // namespace troupe
