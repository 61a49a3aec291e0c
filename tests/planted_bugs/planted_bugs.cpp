// `planted_bugs --bug NAME [--first SEED] [--seeds N]`: runs the storm with a defect until one seed finds it;
// `none` for a run without any. Prints one line: how it was found, the seed, how many were tried, and what
// was seen. The exit code is 0 when it was found, 1 when not. `planted_bugs --list` prints the names there
// are.
#include "runtime/probe_book/probe_coverage.hpp"
#include "tests/planted_bugs/storm.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

int main(int count, char** arguments) {
  CLI::App app{"Runs the storm with a planted bug until a seed finds it."};
  bool list = false;
  bool report = false;
  std::string bug = "none";
  std::uint64_t first = 1;
  std::uint64_t seeds = 10'000;
  app.add_flag("--list", list, "print the names of the bugs");
  app.add_flag("--report", report, "tell on standard error what happened before it was found");
  app.add_option("--bug", bug, "the bug; none: a run without any");
  app.add_option("--first", first, "the first seed");
  app.add_option("--seeds", seeds, "how many seeds at most");
  CLI11_PARSE(app, count, arguments);

  const auto names = troupe::planted_bug_names();
  if (list) {
    for (const auto& name : names)
      std::cout << name << '\n';
    return 0;
  }
  if (bug != "none" && std::find(names.begin(), names.end(), bug) == names.end()) {
    std::cerr << "there is no planted bug '" << bug << "'\n";
    return 2;
  }
  for (std::uint64_t i = 0; i < seeds; ++i) {
    const auto found = planted_bugs::weather_storm(first + i, bug == "none" ? "" : bug);
    if (!found) continue;
    const auto line = found->what.substr(0, found->what.find('\n'));
    std::cout << found->by << '\t' << first + i << '\t' << i + 1 << '\t' << line << std::endl;
    if (report) std::cerr << found->report;
    return 0;
  }
  std::cout << "not found\t-\t" << seeds << "\t-" << std::endl;
  return 1;
}
