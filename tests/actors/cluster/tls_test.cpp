// Mutual TLS between nodes: who belongs to the cluster talks as without it; who does not is refused, and both
// sides log who and why.
#include "tests/actors/cluster/cluster_nodes.hpp"
#include "tests/runtime/environment/test_certificates.hpp"

#include <regex>

using namespace cluster_test;

namespace {

using troupe::test::certificate_folder;

constexpr auto* refused = "a connection was refused or given up";
constexpr auto* refused_or_unreachable =
  "a connection was refused or given up|a peer cannot be reached; trying on";
constexpr auto* any_address = "127\\.0\\.0\\.1:[0-9]+";

// A callee and a caller, each with its own log.
struct two_sides {
  two_sides() {
    folder.make("authority", "", {.common_name = "authority", .authority = true});
    folder.make("echo", "authority", {.common_name = "echo", .alternative_name = "DNS:echo"});
    folder.make("caller", "authority", {.common_name = "caller", .alternative_name = "DNS:caller"});
  }

  node_options secured(const std::string& name, const std::string& certificate) {
    auto out = surroundings::options(name);
    out.link->security = folder.files(certificate, "authority");
    return out;
  }
  // The callee, which any change may make strange.
  template <class F>
  void start_callee(F change) {
    auto how = secured("echo", "echo");
    change(how);
    std::vector<service_module> modules;
    modules.push_back(module<echo>(there.seen));
    callee = there.start(std::move(how), std::move(modules));
    address = callee->link()->local_address()->to_string();
  }
  template <class F>
  void start_caller(F change) {
    auto how = secured("caller", "caller");
    how.peers.push_back(address);
    change(how);
    caller = here.start(std::move(how), {});
  }
  void start_callee() {
    start_callee([](auto&) {});
  }
  void start_caller() {
    start_caller([](auto&) {});
  }

  // Both logs have a line that names the other one's address and says why; nobody is connected, and calls
  // fail.
  void check_refused(const std::string& words_here, const std::string& words_there) {
    CHECK(has_line(here, refused_or_unreachable, address, words_here));
    CHECK(has_line(there, refused, any_address, words_there));
    INFO("the caller logged\n" << here.log() << "the callee logged\n" << there.log());
    CHECK(here.log().find("link: connected") == std::string::npos);
    CHECK(there.log().find("link: connected") == std::string::npos);
    check_unreachable();
  }
  void check_unreachable() {
    auto reply = say(*caller, "let me in");
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code() == status_code::unavailable);
  }
  static bool has_line(surroundings& of, const std::string& event, const std::string& peer,
                       const std::string& why) {
    const std::regex wanted{"(" + event + ") address=" + peer + " [^\n]*(" + why + ")"};
    if (of.eventually([&] { return std::regex_search(of.log(), wanted); })) return true;
    UNSCOPED_INFO("no line with: " << event << "; " << peer << "; " << why << "\n" << of.log());
    return false;
  }

  certificate_folder folder;
  surroundings here, there;
  std::unique_ptr<node> callee, caller;
  std::string address;
};

} // namespace

TEST_CASE("nodes with certificates of one authority call each other over TLS") {
  two_sides sides;
  sides.start_callee();
  sides.start_caller();
  REQUIRE(sides.here.connected(*sides.caller));
  auto reply = say(*sides.caller, "in private");
  REQUIRE(reply);
  CHECK(reply->text() == "in private");
  auto large = say(*sides.caller, std::string(3'000'000, 'x'));
  REQUIRE(large);
  CHECK(large->text().size() == 3'000'000);
  auto counted = run_on(*sides.caller, [](visitor& self) -> task<int> {
    auto request = text("n", 500);
    auto numbers = self.client<::test::Echo>().count(request);
    int seen = 0;
    while (co_await numbers.next() != nullptr)
      ++seen;
    co_return seen;
  });
  REQUIRE(counted);
  CHECK(*counted == 500);
}

TEST_CASE("with TLS a node may listen beyond loopback") {
  two_sides sides;
  sides.start_callee([](node_options& how) { how.link->listen = endpoint{ip_address::any_v4(), 0}; });
  sides.address = "127.0.0.1:" + std::to_string(sides.callee->link()->local_address()->port);
  sides.start_caller();
  REQUIRE(sides.here.connected(*sides.caller));
  CHECK(say(*sides.caller, "from afar").has_value());
}

TEST_CASE("a node of another authority is refused by both sides") {
  two_sides sides;
  sides.folder.make("elsewhere", "", {.common_name = "elsewhere", .authority = true});
  sides.folder.make("stranger", "elsewhere", {.common_name = "caller", .alternative_name = "DNS:caller"});
  sides.start_callee();
  SECTION("that does not trust the callee either") {
    sides.start_caller(
      [&](node_options& how) { how.link->security = sides.folder.files("stranger", "elsewhere"); });
    sides.check_refused("\\(CN=echo\\) is not signed by the authority",
                        "does not accept the certificate of this node");
  }
  SECTION("that trusts the callee") {
    sides.folder.write("both.pem", sides.folder.read("authority.pem") + sides.folder.read("elsewhere.pem"));
    sides.start_caller([&](node_options& how) {
      how.link->security = sides.folder.files("stranger", "elsewhere");
      how.link->security->authority_file = sides.folder.path("both.pem");
    });
    sides.check_refused("does not accept the certificate of this node",
                        "\\(CN=caller\\) is not signed by the authority");
  }
}

TEST_CASE("a node does not start with a certificate that has expired, or is not its authority's") {
  two_sides sides;
  sides.folder.make("late", "authority", {.common_name = "echo", .valid_from = -7200, .valid_to = -3600});
  sides.folder.make("elsewhere", "", {.common_name = "elsewhere", .authority = true});
  const auto refused = [&](stream_security files) {
    auto how = sides.secured("echo", "echo");
    how.link->security = std::move(files);
    auto made = node::start(std::move(how), sides.here.world.get(), nullptr, nullptr, {});
    REQUIRE_FALSE(made);
    CHECK(made.error().code() == status_code::invalid_argument);
    return made.error().message();
  };
  CHECK_THAT(refused(sides.folder.files("late", "authority")), Catch::Matchers::Contains("expired"));
  CHECK_THAT(refused(sides.folder.files("echo", "elsewhere")), Catch::Matchers::Contains("elsewhere.pem"));
  CHECK_THAT(refused(sides.folder.files("nobody", "authority")), Catch::Matchers::Contains("nobody.pem"));
}

TEST_CASE(
  "a certificate that expires while its node runs: connections live on, new ones are refused by both sides") {
  two_sides sides;
  sides.start_callee();
  // Long enough to connect with it on a busy machine.
  sides.folder.make("brief", "authority",
                    {.common_name = "caller", .alternative_name = "DNS:caller", .valid_to = 6});
  sides.start_caller(
    [&](node_options& how) { how.link->security = sides.folder.files("brief", "authority"); });
  REQUIRE(sides.here.connected(*sides.caller));
  const auto expired = sides.here.world.get().clock.now() + 7s;
  REQUIRE(sides.here.eventually([&] {
    return sides.here.world.get().clock.now() > expired && say(*sides.caller, "still here").has_value();
  }));
  sides.callee->link()->close(0s);
  sides.callee.reset();
  auto how = sides.secured("echo", "echo");
  how.link->listen = endpoint::parse(sides.address);
  std::vector<service_module> modules;
  modules.push_back(module<echo>(sides.there.seen));
  sides.callee = sides.there.start(std::move(how), std::move(modules));
  CHECK(two_sides::has_line(sides.there, refused, any_address, "\\(CN=caller\\) has expired on 20"));
  CHECK(two_sides::has_line(sides.here, refused_or_unreachable, sides.address,
                            "does not accept the certificate of this node"));
  CHECK_FALSE(say(*sides.caller, "too late").has_value());

  // Renewed, and restarted with it.
  sides.caller.reset();
  sides.folder.make("brief", "authority", {.common_name = "caller", .alternative_name = "DNS:caller"});
  sides.start_caller(
    [&](node_options& how) { how.link->security = sides.folder.files("brief", "authority"); });
  REQUIRE(sides.here.connected(*sides.caller));
  CHECK(say(*sides.caller, "renewed").has_value());
}

TEST_CASE("a certificate proves its node's name, unless certificates_name_nodes is off") {
  two_sides sides;
  sides.folder.make("other", "authority",
                    {.common_name = "other", .alternative_name = "DNS:other,DNS:another"});
  SECTION("a caller with another one's certificate") {
    sides.start_callee();
    sides.start_caller(
      [&](node_options& how) { how.link->security = sides.folder.files("other", "authority"); });
    sides.check_refused("is for other, another and not for the node caller",
                        "is for other, another and not for the node caller");
  }
  SECTION("a callee with another one's certificate") {
    sides.start_callee(
      [&](node_options& how) { how.link->security = sides.folder.files("other", "authority"); });
    sides.start_caller();
    constexpr auto* why = "is for other, another and not for the node echo";
    CHECK(two_sides::has_line(sides.here, refused, sides.address, why));
    // It has taken the caller in before it learns that the caller does not want it.
    CHECK(
      two_sides::has_line(sides.there, "the connection to a peer has ended peer=caller", any_address, why));
    sides.check_unreachable();
  }
  SECTION("a caller whose certificate names nobody") {
    sides.folder.make("nameless", "authority", {});
    sides.start_callee();
    sides.start_caller(
      [&](node_options& how) { how.link->security = sides.folder.files("nameless", "authority"); });
    sides.check_refused("is for nobody and not for the node caller",
                        "is for nobody and not for the node caller");
  }
  SECTION("one certificate for all, names not asked for") {
    const auto relaxed = [&](node_options& how) {
      how.link->security = sides.folder.files("other", "authority");
      how.link->certificates_name_nodes = false;
    };
    sides.start_callee(relaxed);
    sides.start_caller(relaxed);
    REQUIRE(sides.here.connected(*sides.caller));
    CHECK(say(*sides.caller, "all alike").has_value());
  }
}

TEST_CASE("a node that speaks plain text and one that speaks TLS refuse each other") {
  two_sides sides;
  const auto plain = [](node_options& how) {
    how.link->security.reset();
    how.link->limits.greeting_timeout = 300ms;
  };
  SECTION("plain text against TLS") {
    sides.start_callee();
    sides.start_caller(plain);
    sides.check_refused("expects TLS|closed|ended|reset", "does not speak TLS");
  }
  SECTION("TLS against plain text") {
    sides.start_callee(plain);
    sides.start_caller();
    sides.check_refused("does not speak TLS|TLS handshake", "no greeting of a node");
  }
}
