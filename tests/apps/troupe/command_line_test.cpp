#include "tests/apps/troupe/shell.hpp"

using shell::run;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("without arguments the help is shown") {
  const auto ran = run({});
  CHECK(ran.code == 0);
  CHECK(contains(ran.out, "contract"));
  CHECK(contains(ran.out, "version"));
  CHECK(contains(ran.out, "Exit codes: 0"));
  CHECK(ran.out == run({"--help"}).out);
  CHECK(ran.err == "");
}

TEST_CASE("every command explains itself") {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"contract"},
                                                  {"contract", "check"},
                                                  {"contract", "lint"},
                                                  {"sim"},
                                                  {"sim", "shrink"},
                                                  {"sim", "trace"},
                                                  {"version"}}) {
    auto arguments = command;
    arguments.emplace_back("--help");
    const auto ran = run(arguments);
    CAPTURE(command.back(), ran.out);
    CHECK(ran.code == 0);
    CHECK(contains(ran.out, "Usage: troupe " + command.front()));
    CHECK(ran.err == "");
  }
  CHECK(contains(run({"contract", "check", "--help"}).out, "Example: troupe contract check"));
}

TEST_CASE("version names what Troupe is built on") {
  const auto ran = run({"version"});
  CHECK(ran.code == 0);
  CHECK(contains(ran.out, "troupe 0."));
  CHECK(contains(ran.out, "\nprotobuf 3.21."));
  CHECK(contains(ran.out, "\nCAF 0.17."));
}

TEST_CASE("wrong usage says what is wrong and where help is, with exit code 2") {
  struct usage {
    std::vector<std::string> arguments;
    std::string complaint;
  };
  for (const auto& [arguments, complaint] :
       {usage{
          {"contrakt"},
          "error: there is no command \"contrakt\"; choose one of: contract, sim, version\nfix: see `troupe "
          "--help`\n"},
        usage{{"contract"},
              "error: a command is missing; choose one of: check, lint\nfix: see `troupe contract --help`\n"},
        usage{{"contract", "check", "a"},
              "error: NEW is required\nfix: see `troupe contract check --help`\n"},
        usage{{"contract", "check", "a", "b", "--ignore", "speed"},
              "error: --ignore: speed not in {wire,json,rest,source}"},
        usage{{"contract", "lint", "a", "-I", "/nowhere"},
              "error: --import-dir: Directory does not exist: /nowhere"}}) {
    const auto ran = run(arguments);
    CAPTURE(arguments, ran.err);
    CHECK(ran.code == 2);
    CHECK(ran.out == "");
    CHECK(contains(ran.err, complaint));
  }
}
