// Those who are at the gate and are not, or not yet, peers; and processes that follow others of the same
// name.
#include "runtime/link/greeting.hpp"
#include "tests/actors/cluster/cluster_nodes.hpp"
#include "tests/runtime/environment/stream_pair.hpp"
#include "tests/runtime/environment/test_certificates.hpp"

using namespace cluster_test;

namespace {

using troupe::test::certificate_folder;
using troupe::test::raw_socket;

// A gate with few places, where only those who go by themselves or are sent away leave them.
class small_gate : public surroundings {
public:
  std::unique_ptr<node> open(const std::function<void(gate_options&)>& change = {}) {
    auto how = options("echo");
    how.link->max_connections = 4;
    patient(*how.link);
    if (change) change(*how.link);
    std::vector<service_module> modules;
    modules.push_back(module<echo>(seen));
    return start(std::move(how), std::move(modules));
  }
  static void patient(gate_options& how) {
    how.limits.greeting_timeout = 1h;
    how.limits.silence_limit = 1h;
  }
  std::unique_ptr<node> caller_of(node& callee, const std::function<void(gate_options&)>& change = {}) {
    auto how = options("caller");
    patient(*how.link);
    if (change) change(*how.link);
    how.peers.push_back(callee.link()->local_address()->to_string());
    return start(std::move(how), {});
  }
  // So many more connections that say nothing but `words`.
  void crowd(node& around, std::size_t many, std::string_view words = {}) {
    for (std::size_t i = 0; i < many; ++i) {
      auto& one = *strangers.emplace_back(std::make_unique<raw_socket>());
      REQUIRE(one.connect(*around.link()->local_address()));
      if (!words.empty()) REQUIRE(one.send(words));
    }
  }
  std::vector<std::unique_ptr<raw_socket>> strangers;
};

std::string text_of(const byte_buffer& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string greeting_of(const std::string& name, std::uint64_t incarnation) {
  greeting out;
  out.cluster = "troupe";
  out.node = name;
  out.incarnation = incarnation;
  out.max_message_bytes = out.request_window_bytes = out.item_window_bytes = out.stream_window_bytes = 1
                                                                                                       << 20;
  out.max_open_calls = 10;
  return text_of(encode_greeting(out));
}

// The beginning of a greeting of 1 MiB.
std::string unfinished_greeting(std::size_t bytes) {
  std::string out{"TROUPE\r\n\1\0\1\0\0\0\x10\0", 16};
  out.append(bytes, 'x');
  return out;
}

} // namespace

TEST_CASE("strangers who fill the gate take no peer's place") {
  small_gate around;
  auto callee = around.open();
  around.crowd(*callee, 8);
  auto caller = around.caller_of(*callee);
  REQUIRE(around.connected(*caller));
  CHECK(around.log().find("4 connections are open already, and this one goes first") != std::string::npos);
  around.crowd(*callee, 8);
  REQUIRE(around.strangers[8]->ended());
  CHECK(say(*caller, "still here").has_value());
  CHECK(callee->link()->peers().size() == 1);
  // The youngest are kept.
  around.strangers.back()->send(greeting_of("late", 1));
  CHECK(around.connected(*callee, 2));
}

TEST_CASE("a gate that is full of peers takes no more") {
  small_gate around;
  auto callee = around.open();
  for (int i = 0; i < 4; ++i)
    around.crowd(*callee, 1, greeting_of("peer-" + std::to_string(i), 1));
  REQUIRE(around.connected(*callee, 4));
  around.crowd(*callee, 1);
  CHECK(around.strangers.back()->ended());
  CHECK(around.wait_for_log("4 connections are open already, all of peers"));
  CHECK(around.connected(*callee, 4));
}

TEST_CASE("TLS handshakes that never end take no peer's place") {
  certificate_folder folder;
  folder.make("authority", "", {.common_name = "authority", .authority = true});
  folder.make("echo", "authority", {.common_name = "echo", .alternative_name = "DNS:echo"});
  folder.make("caller", "authority", {.common_name = "caller", .alternative_name = "DNS:caller"});
  small_gate around;
  auto callee = around.open([&](gate_options& how) { how.security = folder.files("echo", "authority"); });
  around.crowd(*callee, 40);
  auto caller =
    around.caller_of(*callee, [&](gate_options& how) { how.security = folder.files("caller", "authority"); });
  REQUIRE(around.connected(*caller));
  around.crowd(*callee, 40);
  REQUIRE(around.strangers[50]->ended());
  CHECK(say(*caller, "still here").has_value());
}

TEST_CASE("greetings that are never finished take no more memory than all of them may") {
  small_gate around;
  auto callee = around.open([](gate_options& how) {
    how.max_connections = 100;
    how.max_stranger_bytes = 4u << 20;
  });
  for (int i = 0; i < 12; ++i) {
    around.crowd(*callee, 1, unfinished_greeting(600'000));
    if (i >= 8) CHECK(around.strangers[static_cast<std::size_t>(i) - 8]->ended());
  }
  CHECK(around.log().find("greetings that are not complete take") != std::string::npos);
  auto caller = around.caller_of(*callee);
  REQUIRE(around.connected(*caller));
  CHECK(say(*caller, "x").has_value());
}

TEST_CASE(
  "without certificates a node that is started anew waits only until its old process does not answer") {
  small_gate around;
  auto callee = around.open();
  // It never answers, as a process whose host has lost its power.
  around.crowd(*callee, 1, greeting_of("caller", 1));
  REQUIRE(around.connected(*callee));
  auto caller = around.caller_of(*callee, [](gate_options& how) { how.incarnation = 2; });
  REQUIRE(around.wait_for_log("another node named caller is connected"));
  REQUIRE(around.connected(*caller));
  CHECK(around.log().find("no sign of life when another process") != std::string::npos);
  CHECK(say(*caller, "anew").has_value());
  const auto peers = callee->link()->peers();
  REQUIRE(peers.size() == 1);
  CHECK(peers.front().incarnation == 2);
}

TEST_CASE("with certificates that name nodes the younger process of a node takes the older one's place") {
  certificate_folder folder;
  folder.make("authority", "", {.common_name = "authority", .authority = true});
  folder.make("echo", "authority", {.common_name = "echo", .alternative_name = "DNS:echo"});
  folder.make("caller", "authority", {.common_name = "caller", .alternative_name = "DNS:caller"});
  small_gate around;
  const bool named = GENERATE(true, false);
  auto callee = around.open([&](gate_options& how) {
    how.security = folder.files("echo", "authority");
    how.certificates_name_nodes = named;
  });
  const auto process = [&](std::uint64_t incarnation) {
    return around.caller_of(*callee, [&](gate_options& how) {
      how.security = folder.files("caller", "authority");
      how.incarnation = incarnation;
    });
  };
  auto older = process(5);
  REQUIRE(around.connected(*older));
  auto younger = process(6);
  if (!named) {
    // Any certificate of the authority would do to push it out.
    REQUIRE(around.wait_for_log("its incarnation is 5, this one's 6"));
    CHECK(say(*older, "the one that answers stays").has_value());
    return;
  }
  REQUIRE(around.connected(*younger));
  CHECK(around.wait_for_log("the node caller was started anew"));
  // The older one dials again, and answers are asked of the younger one, which gives them.
  CHECK(around.wait_for_log("its incarnation is 6, this one's 5"));
  CHECK(say(*younger, "the younger one stays").has_value());
}
