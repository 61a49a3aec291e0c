#include "runtime/configuration/configuration.hpp"
#include "tests/runtime/configuration/sample_schema.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

settings load(const settings_schema& schema, std::string file) {
  configuration_input input;
  input.files = {{"node.yaml", std::move(file)}};
  return load_settings(schema, input).value();
}

} // namespace

TEST_CASE("values are read with the type of the setting") {
  const auto schema = sample_schema();
  const auto all = load(schema, "discovery: {seeds: [a, b], token: hunter2}\nlogging: {levels: {x: off}}");
  CHECK(all.get<bool>("http.enabled"));
  CHECK(all.get<std::uint16_t>("http.port") == 8080);
  CHECK(all.get<int>("http.port") == 8080);
  CHECK(all.get<std::size_t>("http.max_body") == 1 << 20);
  CHECK(all.get<std::string>("http.address") == "127.0.0.1");
  CHECK(all.get<duration>("http.idle_timeout") == 60s);
  CHECK(all.get<std::chrono::minutes>("http.idle_timeout") == 1min);
  CHECK(all.get<std::string>("http.tls.mode") == "off");
  CHECK(all.get<double>("discovery.loss") == 0.25);
  CHECK(all.get<text_list>("discovery.seeds") == text_list{"a", "b"});
  CHECK(all.get<text_table>("logging.levels") == text_table{{"x", "off"}});
  CHECK(all.get<secret_text>("discovery.token").reveal() == "hunter2");
}

TEST_CASE("reading what was never declared, or as another type, is a bug") {
  const auto schema = sample_schema();
  const auto all = load(schema, "");
  const auto bug = [](auto read, const std::string& text) {
    CHECK_THROWS_MATCHES(read(), std::logic_error, Catch::Matchers::Message(text));
  };
  bug([&] { all.get<int>("http.prot"); }, "setting 'http.prot' was never declared");
  bug([&] { (void)all.where("http"); }, "setting 'http' was never declared");
  bug([&] { all.get<bool>("http.port"); }, "setting 'http.port' has another type");
  bug([&] { all.get<std::string>("discovery.token"); }, "setting 'discovery.token' has another type");
  bug([&] { all.get<std::uint8_t>("http.port"); },
      "setting 'http.port' does not fit the integer type it is read as");
}

TEST_CASE("printing shows every value and its origin, secrets as stars, and can be read again") {
  const auto schema = sample_schema();
  const auto all =
    load(schema, "http:\n  tls: {mode: \"on\"}\ndiscovery:\n  token: hunter2\n  seeds: [\"a b\", c]\n");
  CHECK(all.print()
        == "discovery:\n"
           "  seeds: [\"a b\", c]                      # node.yaml:5:10\n"
           "  loss: 0.25                             # default\n"
           "  token: \"***\"                           # node.yaml:4:10\n"
           "http:\n"
           "  enabled: true                          # default\n"
           "  port: 8080                             # default\n"
           "  address: 127.0.0.1                     # default\n"
           "  idle_timeout: 1m                       # default\n"
           "  max_body: 1MiB                         # default\n"
           "  tls:\n"
           "    mode: \"on\"                           # node.yaml:2:15\n"
           "logging:\n"
           "  level: info                            # default\n"
           "  levels: {}                             # default\n");
  const auto again = load(schema, all.print());
  CHECK(difference(all, again).fixed == std::vector<std::string>{"discovery.token"});
  CHECK(difference(all, again).reloadable.empty());
}

TEST_CASE("texts that YAML would take for something else are quoted") {
  const setting text = setting::text("t", "", "");
  const auto shown = [&](std::string value) { return show(text, std::move(value)); };
  CHECK(shown("plain-1.2/x_y") == "plain-1.2/x_y");
  CHECK(shown("") == "\"\"");
  for (const char* word :
       {"null", "Null", "true", "NO", "off", "y", "8080", "1e3", ".5", "...", "infinity"}) {
    CHECK(shown(word) == "\"" + std::string{word} + "\"");
  }
  CHECK(shown("127.0.0.1") == "127.0.0.1");
  CHECK(shown("a: b") == "\"a: b\"");
  CHECK(shown("-x") == "\"-x\"");
  CHECK(shown("q\"\\\n") == R"("q\"\\\x0a")");
}

TEST_CASE("the difference says what a reload may change") {
  const auto schema = sample_schema();
  const auto before = load(schema, "");
  const auto after =
    load(schema, "http: {port: 1, idle_timeout: 5s}\nlogging: {levels: {x: off}, level: info}");
  CHECK(difference(before, after).reloadable
        == std::vector<std::string>{"http.idle_timeout", "logging.levels"});
  CHECK(difference(before, after).fixed == std::vector<std::string>{"http.port"});
  CHECK(difference(before, before).fixed.empty());
}
