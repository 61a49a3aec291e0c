#include "apps/troupe/command.hpp"
#include "runtime/configuration/units.hpp"
#include "runtime/trace_diagram/trace_diagram.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

namespace troupe::cli {

namespace {

struct trace_arguments {
  std::string file;
  std::string around;
  std::size_t events = trace_selection_options{}.events;
  std::vector<std::string> nodes;
  std::vector<std::string> hidden_kinds;
  std::uint64_t least_bytes = 0;
  std::string out;
};

status complain(const std::string& file, std::uint64_t line, const status& why) {
  return invalid_argument("error: {}:{}: {}\nfix: give the file that a run wrote with TROUPE_SIM_TRACE=FILE",
                          file, line, why.message());
}

// A line at a time, of a file that may be larger than the memory.
result<selected_trace> select(const trace_arguments& arguments, trace_selection_options options) {
  std::ifstream in{arguments.file, std::ios::binary};
  if (!in) return not_found("error: cannot read {}", arguments.file);
  trace_selection selection{std::move(options)};
  std::string line;
  std::uint64_t number = 0;
  while (std::getline(in, line)) {
    ++number;
    const bool complete = !in.eof();
    if (line.empty()) continue;
    auto event = parse_traced_event(line);
    if (event) {
      selection.add(std::move(*event));
      continue;
    }
    // A program that was killed leaves half a line at the end.
    if (!complete && number > 1) break;
    return complain(arguments.file, number, event.error());
  }
  if (in.bad()) return not_found("error: cannot read {}", arguments.file);
  auto out = selection.finish();
  if (!out) return not_found("error: {}: {}", arguments.file, out.error().message());
  return out;
}

bool has_extension(const std::string& file, std::string_view extension) {
  return std::filesystem::path{file}.extension() == extension;
}

int draw(const trace_arguments& arguments, session& now) {
  trace_selection_options options;
  options.events = arguments.events;
  options.nodes = arguments.nodes;
  options.hidden_kinds = arguments.hidden_kinds;
  options.least_bytes = arguments.least_bytes;
  if (!arguments.around.empty()) options.around = parse_duration(arguments.around);
  const auto file = arguments.out.empty() ? arguments.file + ".html" : arguments.out;
  const auto trace = select(arguments, std::move(options));
  if (!trace) {
    now.err << trace.error().message() << "\n";
    return bad_usage;
  }
  const auto title = "Simulation trace " + std::filesystem::path{arguments.file}.filename().string();
  const auto drawn = has_extension(file, ".svg") ? draw_svg(*trace, title) : draw_html(*trace, title);
  std::ofstream out{file, std::ios::binary};
  out << drawn;
  out.close();
  if (!out) {
    now.err << "error: cannot write " << file << "\n";
    return bad_usage;
  }
  now.out << file << ": " << trace->events.size() << (trace->events.size() == 1 ? " event" : " events")
          << " on " << trace->nodes.size() << (trace->nodes.size() == 1 ? " node\n" : " nodes\n");
  for (const auto& each : omissions(*trace))
    now.out << each << "\n";
  return success;
}

} // namespace

void add_sim_trace_command(CLI::App& sim, session& now) {
  auto* command = sim.add_subcommand("trace", "Draw a simulation's trace as a sequence diagram");
  auto arguments = std::make_shared<trace_arguments>();
  command->add_option("FILE", arguments->file, "What a run wrote with TROUPE_SIM_TRACE=FILE")
    ->required()
    ->check(CLI::ExistingFile);
  auto* around =
    command
      ->add_option("--around", arguments->around,
                   "Show what happened around this virtual time, such as 12.5s, instead of the end")
      ->check([](const std::string& text) {
        return parse_duration(text) ? std::string{} : text + " is no time; write it like 12.5s or 300ms";
      });
  command->add_option("--last", arguments->events, "How many events at the end")
    ->check(CLI::Range(std::size_t{1}, most_selected_events))
    ->excludes(around)
    ->capture_default_str();
  command->add_option("--events", arguments->events, "How many events in all, with --around")
    ->check(CLI::Range(std::size_t{1}, most_selected_events))
    ->needs(around);
  command->add_option("--nodes", arguments->nodes, "Only what concerns these nodes: a,b")->delimiter(',');
  command
    ->add_option("--hide", arguments->hidden_kinds,
                 "Kinds of events to leave out: deliver, run, timer, send, receive, drop, fault, log")
    ->delimiter(',')
    ->check(CLI::IsMember({"deliver", "run", "timer", "send", "receive", "drop", "fault", "log"}));
  command->add_option("--min-bytes", arguments->least_bytes,
                      "Leave out smaller messages: with 7, the heartbeats of the link between nodes");
  command->add_option("--out", arguments->out, "The file to write, .svg or .html (default: FILE.html)")
    ->check([](const std::string& file) {
      return has_extension(file, ".svg") || has_extension(file, ".html")
               ? std::string{}
               : file + " ends in neither .svg nor .html";
    });
  command->footer("Example: troupe sim trace /tmp/seed17.jsonl --around 12.5s --nodes a,b");
  command->callback([arguments, &now] { now.outcome = draw(*arguments, now); });
}

} // namespace troupe::cli
