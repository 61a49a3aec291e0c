#include "runtime/configuration/command_line.hpp"
#include "tests/runtime/configuration/sample_schema.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

command_line parse(std::vector<std::string> arguments) {
  settings_schema schema = sample_schema();
  schema.add_flag({"version", "", "Show the version."});
  schema.add_flag({"trace", "FILE", "Write a trace."});
  return parse_command_line(schema, arguments);
}

// "path[.element]=value" of each assignment.
std::vector<std::string> assigned(const command_line& line) {
  std::vector<std::string> out;
  for (const auto& each : line.assignments) {
    out.push_back(each.path + (each.element.empty() ? "" : "[" + each.element + "]")
                  + (each.from_file ? "@" : "=") + each.value);
  }
  return out;
}

} // namespace

TEST_CASE("values follow an equals sign or come next; booleans need none") {
  const auto line = parse({"--http.port=80", "--http.address", "::1", "--http.enabled", "--no-http.enabled",
                           "--http.enabled=false", "--logging.levels.http=debug", "--logging.levels.a.b",
                           "info", "--discovery.token_file=/run/token", "--http.address="});
  CHECK(line.errors.empty());
  CHECK(assigned(line)
        == std::vector<std::string>{"http.port=80", "http.address=::1", "http.enabled=true",
                                    "http.enabled=false", "http.enabled=false", "logging.levels[http]=debug",
                                    "logging.levels[a.b]=info", "discovery.token@/run/token",
                                    "http.address="});
  CHECK(line.assignments[0].flag == "--http.port");
}

TEST_CASE("the program's own flags are kept apart") {
  const auto line =
    parse({"--config", "a.yaml", "--config=b.yaml", "--version", "--trace", "t", "--print-config"});
  CHECK(line.errors.empty());
  CHECK(line.files == std::vector<std::string>{"a.yaml", "b.yaml"});
  CHECK(line.print);
  CHECK_FALSE(line.help);
  CHECK(line.program_flags == std::map<std::string, std::string>{{"trace", "t"}, {"version", ""}});
  CHECK(parse({"--help", "--nonsense"}).help);
}

TEST_CASE("each mistake is said with its remedy") {
  const auto errors = [](std::vector<std::string> arguments) { return parse(std::move(arguments)).errors; };
  using texts = std::vector<std::string>;
  CHECK(errors({"start", "-h", "--"})
        == texts{"unexpected argument 'start'", "unexpected argument '-h'", "unexpected argument '--'"});
  CHECK(errors({"--http.prot=80"}) == texts{"unknown flag --http.prot; did you mean --http.port?"});
  CHECK(errors({"--http.prot", "80", "--hlep"})
        == texts{"unknown flag --http.prot; did you mean --http.port?",
                 "unknown flag --hlep; did you mean --help?"});
  CHECK(errors({"--zebra"}) == texts{"unknown flag --zebra; --help lists all"});
  CHECK(errors({"--http.port"}) == texts{"--http.port needs a value: --http.port=VALUE"});
  CHECK(errors({"--http.port", "--help"}) == texts{"--http.port needs a value: --http.port=VALUE"});
  CHECK(errors({"--config"}) == texts{"--config needs a value: --config=FILE"});
  CHECK(errors({"--help=yes"}) == texts{"--help takes no value"});
  CHECK(errors({"--no-http.enabled=false"}) == texts{"--no-http.enabled takes no value"});
  CHECK(errors({"--no-http.port"}) == texts{"unknown flag --no-http.port; did you mean --http.port?"});
  CHECK(errors({"--logging.levels=x"})
        == texts{"--logging.levels is a table; set one element of it: --logging.levels.NAME=VALUE"});
  CHECK(errors({"--logging.levels."}).size() == 1);
}

TEST_CASE("a secret cannot be a flag, and is not repeated in the error") {
  for (const auto& arguments : {std::vector<std::string>{"--discovery.token=hunter2"},
                                std::vector<std::string>{"--discovery.token", "hunter2"}}) {
    CHECK(parse(arguments).errors
          == std::vector<std::string>{
            "--discovery.token: every user of the machine sees flags, so a secret cannot be "
            "one; give --discovery.token_file or TROUPE_DISCOVERY__TOKEN"});
  }
}
