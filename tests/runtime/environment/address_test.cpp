#include "runtime/environment/address.hpp"

#include <catch2/catch.hpp>

#include <unordered_set>

using namespace troupe;

TEST_CASE("an address is parsed and printed in its shortest form") {
  auto printed = [](std::string_view text) {
    const auto parsed = ip_address::parse(text);
    return parsed ? parsed->to_string() : std::string{"none"};
  };
  CHECK(printed("10.0.0.7") == "10.0.0.7");
  CHECK(printed("::") == "::");
  CHECK(printed("2001:0db8:0:0:0:0:0:7") == "2001:db8::7");
  CHECK(printed("::ffff:10.0.0.7") == "10.0.0.7"); // the mapped spelling of an IPv4 address
  for (const char* bad : {"", "10.0.0", "10.0.0.256", "010.0.0.1x", "localhost", "::g", "fe80::1%eth0",
                          "1.2.3.4 ", "1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222"}) {
    CHECK(printed(bad) == "none");
  }
  CHECK_FALSE(ip_address::parse(std::string_view{"10.0.0.7\0", 9}));
}

TEST_CASE("an address knows its kind") {
  CHECK(ip_address::v4(127, 3, 2, 1).is_loopback());
  CHECK(ip_address::parse("::1")->is_loopback());
  CHECK_FALSE(ip_address::parse("::2")->is_loopback());
  CHECK_FALSE(ip_address::v4(10, 0, 0, 1).is_loopback());
  CHECK(ip_address{}.is_any());
  CHECK(ip_address::any_v4().is_any());
  CHECK_FALSE(ip_address::loopback().is_any());
  CHECK(ip_address::loopback().is_v4());
  CHECK_FALSE(ip_address{}.is_v4());
}

TEST_CASE("an endpoint is an address and a port, IPv6 in brackets") {
  CHECK(endpoint::parse("10.0.0.7:4369") == endpoint{ip_address::v4(10, 0, 0, 7), 4369});
  CHECK(endpoint::parse("[::1]:80")->to_string() == "[::1]:80");
  CHECK(endpoint::parse("127.0.0.1:0")->to_string() == "127.0.0.1:0");
  for (const char* bad : {"", ":", "10.0.0.7", "10.0.0.7:", "10.0.0.7:65536", "10.0.0.7:-1", "10.0.0.7:8x",
                          "::1:80", "[10.0.0.7]:80", "[::1]", "[]:80", "host:80"}) {
    INFO(bad);
    CHECK_FALSE(endpoint::parse(bad));
  }
}

TEST_CASE("endpoints differ in address or port, also as keys") {
  const endpoint a{ip_address::loopback(), 1};
  const endpoint b{ip_address::loopback(), 2};
  CHECK(a != b);
  CHECK(a < b);
  CHECK(std::unordered_set<endpoint>{a, b, a}.size() == 2);
}
