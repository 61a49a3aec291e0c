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
                                                  {"up"},
                                                  {"down"},
                                                  {"restart"},
                                                  {"ps"},
                                                  {"members"},
                                                  {"services"},
                                                  {"drain"},
                                                  {"join"},
                                                  {"leave"},
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
  for (const auto* command :
       {"up", "down", "restart", "ps", "members", "services", "drain", "join", "leave"}) {
    const auto help = run({command, "--help"}).out;
    CAPTURE(help);
    CHECK(contains(help, "Example"));
    CHECK(contains(help, std::string{" troupe "} + command));
  }
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
          "error: there is no command \"contrakt\"; choose one of: up, down, restart, ps, members, services, "
          "drain, join, "
          "leave, contract, sim, version\nfix: see `troupe --help`\n"},
        usage{{"contract"},
              "error: a command is missing; choose one of: check, lint\nfix: see `troupe contract --help`\n"},
        usage{{"contract", "check", "a"},
              "error: NEW is required\nfix: see `troupe contract check --help`\n"},
        usage{{"contract", "check", "a", "b", "--ignore", "speed"},
              "error: --ignore: speed not in {wire,json,rest,source}"},
        usage{{"members", "--admin", "9901"},
              "error: --admin: '9901' is no host and port; write 127.0.0.1:9901"},
        usage{{"members", "--admin", "a:1", "--state", "b"}, "error: --state excludes --admin"},
        usage{{"up", "--kill-one-every", "often"},
              "error: --kill-one-every: often is no time; write it like 10s or 2m"},
        usage{{"drain"}, "error: NODE is required"},
        usage{{"contract", "lint", "a", "-I", "/nowhere"},
              "error: --import-dir: Directory does not exist: /nowhere"}}) {
    const auto ran = run(arguments);
    CAPTURE(arguments, ran.err);
    CHECK(ran.code == 2);
    CHECK(ran.out == "");
    CHECK(contains(ran.err, complaint));
  }
}
