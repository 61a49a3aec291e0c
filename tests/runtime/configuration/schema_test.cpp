#include "tests/runtime/configuration/sample_schema.hpp"

#include <catch2/catch.hpp>

#include <sstream>
#include <stdexcept>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("the help shows every setting with its type, range and default") {
  CHECK(sample_schema().help("Usage: shop [flags]") == R"(Usage: shop [flags]

Flags
  --help                          Show this text and end.
  --config FILE                   Read settings from a YAML file; of several, later ones win.
  --print-config                  Show every setting and where its value comes from, and end.

Settings
Each can stand in a file (http: {port: 8080}), in a variable (TROUPE_HTTP__PORT=8080) and in a flag
(--http.port=8080). A flag wins over a variable, a variable over a file, a file over the default.

discovery: Who is alive.
  --discovery.seeds A,B,...       Nodes to ask first. (default [])
  --discovery.loss NUMBER         Accepted loss. (a number from 0 to 1; default 0.25)
  --discovery.token_file FILE     Shown to other nodes.

http: The HTTP edge.
  --http.enabled BOOLEAN          Whether there is one. (true or false; default true)
  --http.port INTEGER             Port to listen on; 0 lets the system choose. (an integer from 0 to
                                  65535; default 8080)
  --http.address TEXT             Address to listen on. (default 127.0.0.1)
  --http.idle_timeout DURATION    Idle connections are closed. (a duration from 1s to 1h (like
                                  250ms, 5s, 1m30s); default 1m; reloadable)
  --http.max_body SIZE            Largest body of a request. (a size from 0B to 1GiB (like 512,
                                  64KiB, 10MB); default 1MiB)

http.tls: Encryption.
  --http.tls.mode WORD            Who must show a certificate. (one of off, on, mutual; default off)

logging: The log.
  --logging.level WORD            Of all components. (one of debug, info, off; default info;
                                  reloadable)
  --logging.levels.NAME VALUE     By component. (each one of debug, info, off; default {};
                                  reloadable)
)");
}

TEST_CASE("mistakes in declarations are bugs") {
  const auto bug = [](auto declare, const std::string& text) {
    settings_schema schema = sample_schema();
    CHECK_THROWS_MATCHES(declare(schema), std::logic_error, Catch::Matchers::Message(text));
  };
  bug([](auto& s) { s.add_group("http", "", {}); }, "settings group 'http': declared twice");
  bug([](auto& s) { s.add_group("http.port", "", {}); },
      "settings group 'http.port': a setting has that path");
  for (const char* bad : {"", "Http", "a..b", ".a", "a.", "a__b", "a_", "1a", "a-b"}) {
    bug([&](auto& s) { s.add_group(bad, "", {}); },
        "settings group '" + std::string{bad} + "': its path must be names of [a-z0-9_] with dots between");
  }
  bug([](auto& s) { s.add_group("x", "", {setting::boolean("a__b", true, "")}); },
      "settings group 'x': 'a__b' cannot be the name of a setting");
  bug(
    [](auto& s) {
      s.add_group("x", "", {setting::boolean("a", true, ""), setting::boolean("a", true, "")});
    },
    "settings group 'x': 'x.a' is declared twice");
  bug(
    [](auto& s) {
      s.add_group("x.a", "", {});
      s.add_group("x", "", {setting::boolean("a", true, "")});
    },
    "settings group 'x': 'x.a' is also a group");
  bug(
    [](auto& s) {
      s.add_group("x", "", {setting::secret("a", ""), setting::text("a_file", "", "")});
    },
    "settings group 'x': 'x.a_file' is the file of a secret");
  bug([](auto& s) { s.add_flag({"help", "", ""}); }, "flag '--help': declared twice");
  const std::string preset = "setting 'a': its default is not allowed";
  bug([](auto&) { setting::integer("a", 5, 6, 7, ""); }, preset);
  bug([](auto&) { setting::number("a", 5, 6, 7, ""); }, preset);
  bug([](auto&) { setting::choice("a", "x", {"y"}, ""); }, preset);
  bug([](auto&) { setting::time("a", 5s, 6s, 7s, ""); }, preset);
  bug([](auto&) { setting::bytes("a", 5, 6, 7, ""); }, preset);
  bug([](auto&) { setting::bytes("a", 5, 0, ~std::uint64_t{0}, ""); }, preset);
  bug([](auto&) { setting::table("a", {{"k", "x"}}, {"y"}, ""); }, preset);
}

TEST_CASE("paths and variables correspond; groups are found by prefix of whole names") {
  CHECK(variable_of("http.port") == "TROUPE_HTTP__PORT");
  CHECK(variable_of("http.tls.idle_timeout") == "TROUPE_HTTP__TLS__IDLE_TIMEOUT");
  settings_schema schema = sample_schema();
  schema.add_group("httpx", "", {});
  schema.add_group("z.y", "", {});
  CHECK(schema.is_group("http"));
  CHECK(schema.is_group("http.tls"));
  CHECK(schema.is_group("z"));
  CHECK_FALSE(schema.is_group("htt"));
  CHECK_FALSE(schema.is_group("http.port"));
  CHECK_FALSE(schema.is_group("zz"));
  CHECK(schema.find("http.tls.mode") != nullptr);
  CHECK(schema.find("http.tls") == nullptr);
}

TEST_CASE("a secret is printed as stars") {
  std::ostringstream out;
  out << secret_text{"hunter2"};
  CHECK(out.str() == "***");
  CHECK(secret_text{"hunter2"}.reveal() == "hunter2");
  CHECK(secret_text{}.empty());
}
