#include "runtime/configuration/configuration.hpp"
#include "runtime/environment/real_environment.hpp"
#include "tests/runtime/configuration/sample_schema.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <unistd.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using variables = std::map<std::string, std::string>;
using arguments = std::vector<std::string>;

const settings_schema& schema() {
  static const settings_schema made = sample_schema();
  return made;
}

result<settings> load(std::vector<std::string> files, variables given = {}, const arguments& flags = {}) {
  configuration_input input;
  int number = 0;
  for (auto& content : files)
    input.files.push_back({"f" + std::to_string(++number), std::move(content)});
  input.variables = std::move(given);
  input.flags = parse_command_line(schema(), flags);
  input.read_secret = [](const std::string& path) -> result<std::string> {
    if (path == "/token") return std::string{"from file\n"};
    return not_found("cannot open '{}'", path);
  };
  return load_settings(schema(), input);
}

// The lines of the report, without its head.
std::string errors(std::vector<std::string> files, variables given = {}, const arguments& flags = {}) {
  const auto loaded = load(std::move(files), std::move(given), flags);
  if (loaded.has_value()) return "none";
  CHECK(loaded.error().code() == status_code::invalid_argument);
  const std::string& text = loaded.error().message();
  const auto head = text.find("\n  ");
  return text.substr(head + 3);
}

} // namespace

TEST_CASE("each layer wins over those below it") {
  const std::string file1 = "http: {port: 1}";
  const std::string file2 = "http: {port: 2}";
  const variables variable = {{"TROUPE_HTTP__PORT", "3"}};
  const arguments flag = {"--http.port=4"};
  struct expectation {
    result<settings> loaded;
    int port;
    settings_layer layer;
    std::string where;
  };
  for (const auto& [loaded, port, layer, where] :
       {expectation{load({}), 8080, settings_layer::preset, "default"},
        expectation{load({file1}), 1, settings_layer::file, "f1:1:14"},
        expectation{load({file1, file2}), 2, settings_layer::file, "f2:1:14"},
        expectation{load({file2, file1}), 1, settings_layer::file, "f2:1:14"},
        expectation{load({}, variable), 3, settings_layer::variable, "TROUPE_HTTP__PORT"},
        expectation{load({file1}, variable), 3, settings_layer::variable, "TROUPE_HTTP__PORT"},
        expectation{load({}, {}, flag), 4, settings_layer::flag, "--http.port"},
        expectation{load({file1}, {}, flag), 4, settings_layer::flag, "--http.port"},
        expectation{load({}, variable, flag), 4, settings_layer::flag, "--http.port"},
        expectation{load({file1, file2}, variable, flag), 4, settings_layer::flag, "--http.port"}}) {
    REQUIRE(loaded.has_value());
    CHECK(loaded->get<int>("http.port") == port);
    CHECK(loaded->where("http.port") == provenance{layer, where});
    CHECK(loaded->given("http.port") == (layer != settings_layer::preset));
    CHECK_FALSE(loaded->given("http.address"));
  }
  CHECK(load({}, {}, {"--http.port=4", "--http.port=5"})->get<int>("http.port") == 5);
}

TEST_CASE("every type is read from a file, a variable and a flag") {
  const auto check = [](const result<settings>& loaded) {
    REQUIRE(loaded.has_value());
    CHECK_FALSE(loaded->get<bool>("http.enabled"));
    CHECK(loaded->get<int>("http.port") == 7);
    CHECK(loaded->get<std::string>("http.address") == "::1");
    CHECK(loaded->get<duration>("http.idle_timeout") == 5s);
    CHECK(loaded->get<int>("http.max_body") == 65536);
    CHECK(loaded->get<std::string>("http.tls.mode") == "mutual");
    CHECK(loaded->get<text_list>("discovery.seeds") == text_list{"a", "b"});
    CHECK(loaded->get<double>("discovery.loss") == 0.5);
    CHECK(loaded->get<text_table>("logging.levels") == text_table{{"http", "debug"}});
    CHECK(loaded->get<secret_text>("discovery.token").reveal() == "from file");
  };
  check(load({"http:\n  enabled: false\n  port: 7\n  address: '::1'\n  idle_timeout: 5s\n  max_body: 64KiB\n"
              "  tls:\n    mode: mutual\n"
              "discovery:\n  seeds:\n  - a\n  - b\n  loss: 0.5\n  token_file: /token\nlogging: {levels: "
              "{http: debug}}"}));
  check(load({}, {{"TROUPE_HTTP__ENABLED", "false"},
                  {"TROUPE_HTTP__PORT", "7"},
                  {"TROUPE_HTTP__ADDRESS", "::1"},
                  {"TROUPE_HTTP__IDLE_TIMEOUT", "5s"},
                  {"TROUPE_HTTP__MAX_BODY", "64KiB"},
                  {"TROUPE_HTTP__TLS__MODE", "mutual"},
                  {"TROUPE_DISCOVERY__SEEDS", "a,b"},
                  {"TROUPE_DISCOVERY__LOSS", "0.5"},
                  {"TROUPE_DISCOVERY__TOKEN_FILE", "/token"},
                  {"TROUPE_LOGGING__LEVELS__HTTP", "debug"}}));
  check(load({}, {},
             {"--no-http.enabled", "--http.port=7", "--http.address=::1", "--http.idle_timeout=5s",
              "--http.max_body=64KiB", "--http.tls.mode=mutual", "--discovery.seeds=a,b",
              "--discovery.loss=0.5", "--discovery.token_file=/token", "--logging.levels.http=debug"}));
}

TEST_CASE("a list replaces the one below it, a table is merged with it") {
  const auto loaded = load({"discovery: {seeds: [a]}\nlogging: {levels: {x: info, y: info}}",
                            "discovery: {seeds: []}\nlogging: {levels: {y: debug}}"},
                           {{"TROUPE_LOGGING__LEVELS__Z", "off"}}, {"--logging.levels.x=off"});
  REQUIRE(loaded.has_value());
  CHECK(loaded->get<text_list>("discovery.seeds").empty());
  CHECK(loaded->given("discovery.seeds"));
  CHECK(loaded->get<text_table>("logging.levels") == text_table{{"x", "off"}, {"y", "debug"}, {"z", "off"}});
  CHECK(load({}, {{"TROUPE_DISCOVERY__SEEDS", ""}})->get<text_list>("discovery.seeds").empty());
}

TEST_CASE("an unknown key is an error with its place and the nearest known one") {
  CHECK(errors({"http:\n  prot: 1"}) == "f1:2:3: unknown setting 'http.prot'; did you mean 'http.port'?");
  CHECK(errors({"htpp: {port: 1}"}) == "f1:1:1: unknown setting 'htpp'; did you mean 'http'?");
  CHECK(errors({"http: {tsl: {mode: off}}"})
        == "f1:1:8: unknown setting 'http.tsl'; did you mean 'http.tls'?");
  CHECK(errors({"http: {zebra: 1}"}) == "f1:1:8: unknown setting 'http.zebra'; --help lists all");
  CHECK(errors({"http.port: 1"})
        == "f1:1:1: 'http.port': in a file, write a group and its settings on lines of their own");
  CHECK(errors({}, {{"TROUPE_HTTP__PROT", "1"}})
        == "TROUPE_HTTP__PROT: there is no such setting; did you mean TROUPE_HTTP__PORT?");
  CHECK(errors({}, {{"TROUPE_ZEBRA__X", "1"}})
        == "TROUPE_ZEBRA__X: there is no such setting; --help lists all");
  CHECK(errors({}, {}, {"--http.prot=1"}) == "unknown flag --http.prot; did you mean --http.port?");
}

TEST_CASE("variables of others are not ours") {
  CHECK(
    errors({},
           {{"TROUPE_SERVICE_HOST", "10.0.0.1"}, {"TROUPE_SEED", "7"}, {"PATH", "/bin"}, {"OTHER__X", "1"}})
    == "none");
}

TEST_CASE("a wrong value is an error that says what would be right") {
  CHECK(errors({"http:\n  port: 99999"})
        == "f1:2:9: http.port is '99999'; it must be an integer from 0 to 65535");
  CHECK(errors({"http: {port: 80x}"})
        == "f1:1:14: http.port is '80x'; it must be an integer from 0 to 65535");
  CHECK(errors({"http: {enabled: yes}"}) == "f1:1:17: http.enabled is 'yes'; it must be true or false");
  CHECK(errors({"http: {tls: {mode: maybe}}"})
        == "f1:1:20: http.tls.mode is 'maybe'; it must be one of off, on, mutual");
  CHECK(errors({"http: {idle_timeout: 5}"})
        == "f1:1:22: http.idle_timeout is '5'; it must be a duration from 1s to 1h (like 250ms, 5s, 1m30s)");
  CHECK(errors({"http: {idle_timeout: 2h}"})
        == "f1:1:22: http.idle_timeout is '2h'; it must be a duration from 1s to 1h (like 250ms, 5s, 1m30s)");
  CHECK(errors({"http: {max_body: 2GiB}"})
        == "f1:1:18: http.max_body is '2GiB'; it must be a size from 0B to 1GiB (like 512, 64KiB, 10MB)");
  CHECK(errors({"discovery: {loss: .nan}"})
        == "f1:1:19: discovery.loss is '.nan'; it must be a number from 0 to 1");
  CHECK(errors({"discovery: {loss: nan}"})
        == "f1:1:19: discovery.loss is 'nan'; it must be a number from 0 to 1");
  CHECK(errors({"logging: {levels: {http: loud}}"})
        == "f1:1:26: logging.levels.http is 'loud'; it must be one of debug, info, off");
  CHECK(errors({}, {{"TROUPE_HTTP__PORT", ""}})
        == "TROUPE_HTTP__PORT: http.port is ''; it must be an integer from 0 to 65535");
  CHECK(errors({}, {}, {"--http.port", "-1"})
        == "--http.port: http.port is '-1'; it must be an integer from 0 to 65535");
  CHECK(errors({"http: {port: " + std::string(100, '9') + "}"})
        == "f1:1:14: http.port is '" + std::string(60, '9') + "...'; it must be an integer from 0 to 65535");
}

TEST_CASE("no content breaks the lines of the report") {
  CHECK(errors({"http: {port: \"a\\nb\\e[2J\", \"x\\ny\": 1}"})
        == "f1:1:14: http.port is 'a\\x0ab\\x1b[2J'; it must be an integer from 0 to 65535\n"
           "  f1:1:27: unknown setting 'http.x\\x0ay'; --help lists all");
}

TEST_CASE("a value of the wrong shape is an error") {
  CHECK(errors({"http: {port: [1]}"})
        == "f1:1:14: http.port is a list; it must be an integer from 0 to 65535");
  CHECK(errors({"http: {port: {a: 1}}"})
        == "f1:1:14: http.port is a mapping; it must be an integer from 0 to 65535");
  CHECK(errors({"http:\n  port:\n"}) == "f1:2:3: http.port is empty; it must be an integer from 0 to 65535");
  CHECK(errors({"discovery: {seeds: a}"}) == "f1:1:20: discovery.seeds is a single value; it must be a list");
  CHECK(errors({"discovery: {seeds: [a, [b]]}"})
        == "f1:1:24: an element of discovery.seeds must be a single value");
  CHECK(errors({"logging: {levels: debug}"})
        == "f1:1:19: logging.levels is a single value; it must be a mapping of names to values");
  CHECK(errors({"logging: {levels: {x: [a]}}"}) == "f1:1:23: logging.levels.x must be a single value");
  CHECK(errors({"http: 5"}) == "f1:1:7: http is a group of settings, not a value");
  CHECK(errors({"- a"}) == "f1:1:1: a configuration file must be a mapping of groups");
  CHECK(errors({"http:\n"}) == "none");
  CHECK(errors({}, {{"TROUPE_LOGGING__LEVELS", "x"}})
        == "TROUPE_LOGGING__LEVELS: logging.levels is a table; set one element of it: "
           "TROUPE_LOGGING__LEVELS__NAME");
}

TEST_CASE("a key that stands twice is an error that names both places") {
  CHECK(errors({"http:\n  port: 1\n  port: 2"}) == "f1:3:3: http.port is given twice; first in line 2");
  CHECK(errors({"http: {port: 1}\nhttp: {port: 2}"}) == "f1:2:1: http is given twice; first in line 1");
  CHECK(errors({"logging: {levels: {x: off, x: info}}"})
        == "f1:1:28: logging.levels.x is given twice; first in line 1");
}

TEST_CASE("secrets come from files, variables or the configuration file, and are never shown") {
  CHECK(load({"discovery: {token: a}"})->get<secret_text>("discovery.token").reveal() == "a");
  CHECK(load({"discovery: {token: a}"}, {{"TROUPE_DISCOVERY__TOKEN", "b"}})
          ->get<secret_text>("discovery.token")
          .reveal()
        == "b");
  CHECK(load({"discovery: {token: a}"}, {{"TROUPE_DISCOVERY__TOKEN_FILE", "/token"}})
          ->get<secret_text>("discovery.token")
          .reveal()
        == "from file");
  CHECK(errors({"discovery: {token_file: /none}"}) == "f1:1:25: discovery.token_file: cannot open '/none'");
  CHECK(errors({"discovery:\n  token: hunter2\n  token_file: /token"})
        == "f1:3:15: discovery.token and discovery.token_file are both given; give one");
  CHECK(errors({}, {{"TROUPE_DISCOVERY__TOKEN", "b"}, {"TROUPE_DISCOVERY__TOKEN_FILE", "/token"}})
        == "TROUPE_DISCOVERY__TOKEN_FILE: TROUPE_DISCOVERY__TOKEN and TROUPE_DISCOVERY__TOKEN_FILE are both "
           "given; "
           "give one");
  CHECK(
    errors({}, {{"TROUPE_DISCOVERY__TOKEN", std::string(70'000, 'x')}})
    == "TROUPE_DISCOVERY__TOKEN: discovery.token is not allowed; it must be a secret of at most 65536 bytes");
  CHECK(errors({"discovery: {token: [a]}"})
        == "f1:1:20: discovery.token is a list; it must be a secret of at most 65536 bytes");
  CHECK(errors({"discovery: {token_file: [a]}"})
        == "f1:1:25: discovery.token_file must be the name of a file");
}

TEST_CASE("a required setting must be given somewhere; a wrong value is not reported as missing too") {
  settings_schema own;
  own.add_group("x", "",
                {setting::text("name", "", "").must_be_given(), setting::secret("key", "").must_be_given()});
  configuration_input input;
  CHECK(load_settings(own, input).error().message()
        == "the configuration has 2 errors:\n"
           "  x.key is required; set it in a file, by TROUPE_X__KEY or by --x.key_file\n"
           "  x.name is required; set it in a file, by TROUPE_X__NAME or by --x.name");
  input.files = {{"f", "x: {name: [a], key_file: /k}"}};
  CHECK(load_settings(own, input).error().message()
        == "the configuration has 2 errors:\n"
           "  f:1:11: x.name is a list; it must be a text of at most 65536 bytes\n"
           "  f:1:26: x.key_file cannot be used here");
}

TEST_CASE("all mistakes are reported at once, in order, also of values that a later layer replaces") {
  CHECK(load({"http: {port: x, prot: 1}", "a: [", "logging: {level: loud}"}, {{"TROUPE_HTTP__PORT", "y"}},
             {"--http.port=80", "--nonsense"})
          .error()
          .message()
        == "the configuration has 6 errors:\n"
           "  f1:1:14: http.port is 'x'; it must be an integer from 0 to 65535\n"
           "  f1:1:17: unknown setting 'http.prot'; did you mean 'http.port'?\n"
           "  f2:1:5: not valid YAML: end of sequence flow not found\n"
           "  f3:1:18: logging.level is 'loud'; it must be one of debug, info, off\n"
           "  TROUPE_HTTP__PORT: http.port is 'y'; it must be an integer from 0 to 65535\n"
           "  unknown flag --nonsense; --help lists all");
  std::string many = "http:\n";
  for (int i = 0; i < 60; ++i)
    many += "  zebra" + std::to_string(i) + ": 1\n";
  const std::string report = load({many}).error().message();
  CHECK(report.starts_with("the configuration has 60 errors:\n"));
  CHECK(report.ends_with("\n  and 10 more"));
  CHECK(std::count(report.begin(), report.end(), '\n') == 51);
}

TEST_CASE("lists and tables are bounded") {
  std::string list = "discovery: {seeds: [";
  std::string table = "logging: {levels: {";
  for (std::size_t i = 0; i <= max_setting_elements; ++i) {
    list += "a,";
    table += "k" + std::to_string(i) + ": off,";
  }
  CHECK(errors({list + "]}"}) == "f1:1:20: discovery.seeds has 1025 elements; at most 1024 are allowed");
  CHECK(errors({table + "}}"}).find("logging.levels has more than 1024 elements") != std::string::npos);
}

TEST_CASE("files and secrets are read from the disk, the file of TROUPE_CONFIG first") {
  real_environment world;
  auto& disk = world.get().disk;
  const auto folder =
    (std::filesystem::temp_directory_path() / ("troupe_config_" + std::to_string(::getpid()))).string();
  REQUIRE(disk.create_folders(folder).ok());
  const std::string first = folder + "/first.yaml";
  const std::string second = folder + "/second.yaml";
  const std::string token = folder + "/token";
  REQUIRE(
    replace_file(disk, first, "http: {port: 1, address: a}\ndiscovery: {token_file: " + token + "}").ok());
  REQUIRE(replace_file(disk, second, "http: {port: 2}").ok());
  REQUIRE(replace_file(disk, token, "hunter2\r\n").ok());
  const auto load_from_disk = [&](const arguments& flags) {
    return load_settings(schema(), parse_command_line(schema(), flags), {{"TROUPE_CONFIG", first}}, disk);
  };
  const auto loaded = load_from_disk({"--config", second});
  REQUIRE(loaded.has_value());
  CHECK(loaded->get<int>("http.port") == 2);
  CHECK(loaded->where("http.port").where == second + ":1:14");
  CHECK(loaded->get<std::string>("http.address") == "a");
  CHECK(loaded->get<secret_text>("discovery.token").reveal() == "hunter2");
  CHECK(load_from_disk({"--config=" + folder + "/none.yaml"}).error().message()
        == "the configuration has an error:\n  cannot open '" + folder
             + "/none.yaml': No such file or directory");
  std::filesystem::remove_all(folder);
}
