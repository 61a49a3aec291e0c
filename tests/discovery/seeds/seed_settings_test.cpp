#include "discovery/seeds/seed_settings.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

namespace {

std::string read(std::string_view text) {
  const auto entry = parse_seed_entry(text);
  return entry ? entry->to_string() : "error";
}

std::string why_not(std::string_view text) {
  const auto entry = parse_seed_entry(text);
  if (entry) return "it is " + entry->to_string();
  CHECK(entry.error().code() == status_code::invalid_argument);
  // What is to be written instead is always said.
  CHECK_THAT(entry.error().message(), Contains("srv:_troupe._udp.example.org or file:/etc/troupe/seeds"));
  return entry.error().message();
}

} // namespace

TEST_CASE("the forms of a seed") {
  CHECK(parse_seed_entry("10.0.0.7:7401").value()
        == seed_entry{seed_kind::address, "", endpoint{ip_address::v4(10, 0, 0, 7), 7401}, 0});
  CHECK(parse_seed_entry("Node-1.Example.org:7401").value()
        == seed_entry{seed_kind::host, "node-1.example.org", {}, 7401});
  CHECK(parse_seed_entry("srv:_Troupe._udp.example.org").value()
        == seed_entry{seed_kind::service, "_troupe._udp.example.org", {}, 0});
  CHECK(parse_seed_entry("file:/etc/Troupe/seeds").value()
        == seed_entry{seed_kind::file, "/etc/Troupe/seeds", {}, 0});
  CHECK(read("[2001:db8::7]:7401") == "[2001:db8::7]:7401");
  CHECK(read("dns:node_1:7401") == "dns:node_1:7401");
  CHECK(read("dns:10.0.0.7:7401") == "10.0.0.7:7401");
  CHECK(read("  node:1\t\r") == "dns:node:1");
  CHECK(read("dns.example.org.:65535") == "dns:dns.example.org.:65535");
  CHECK(read("file:seeds of ours.txt") == "file:seeds of ours.txt");
  // A host may be called like a form.
  CHECK(read("srv.example.org:1") == "dns:srv.example.org:1");
  CHECK(read("dns:srv:1") == "dns:srv:1");
}

TEST_CASE("what is no seed is refused with the entry, the reason and the forms") {
  CHECK_THAT(why_not(""), Contains("it is empty"));
  CHECK_THAT(why_not("node-1"), Contains("'node-1'") && Contains("the port is missing"));
  CHECK_THAT(why_not("10.0.0.7"), Contains("the port is missing"));
  CHECK_THAT(why_not("10.0.0.300:7401"), Contains("'10.0.0.300' is no IPv4 address"));
  CHECK_THAT(why_not("10.0.0.7:0"), Contains("port 0"));
  CHECK_THAT(why_not("0.0.0.0:7401"), Contains("cannot be dialed"));
  CHECK_THAT(why_not("[::]:7401"), Contains("cannot be dialed"));
  CHECK_THAT(why_not("::1:7401"), Contains("needs brackets"));
  CHECK_THAT(why_not("[::1]"), Contains("no IPv6 address in brackets with a port"));
  CHECK_THAT(why_not(":7401"), Contains("the host is missing"));
  CHECK_THAT(why_not("node:"), Contains("'' is no port"));
  CHECK_THAT(why_not("node:0"), Contains("'0' is no port"));
  CHECK_THAT(why_not("node:65536"), Contains("'65536' is no port"));
  CHECK_THAT(why_not("node:+1"), Contains("'+1' is no port"));
  CHECK_THAT(why_not("http://node:7401"), Contains("'http://node' is no host name"));
  CHECK_THAT(why_not("a b:1"), Contains("is no host name"));
  CHECK_THAT(why_not("-a:1"), Contains("is no host name"));
  CHECK_THAT(why_not("a..b:1"), Contains("is no host name"));
  CHECK_THAT(why_not(".:1"), Contains("is no host name"));
  CHECK_THAT(why_not(std::string(64, 'a') + ":1"), Contains("is no host name"));
  CHECK(read(std::string(63, 'a') + ":1") != "error");
  CHECK_THAT(why_not("srv:_troupe._udp.example.org:7401"), Contains("takes none"));
  CHECK_THAT(why_not("srv:example.org"), Contains("_SERVICE._PROTOCOL.DOMAIN"));
  CHECK_THAT(why_not("srv:_troupe._udp"), Contains("_SERVICE._PROTOCOL.DOMAIN"));
  CHECK_THAT(why_not("srv:_troupe._udp."), Contains("_SERVICE._PROTOCOL.DOMAIN"));
  CHECK_THAT(why_not("srv:_._udp.org"), Contains("_SERVICE._PROTOCOL.DOMAIN"));
  CHECK_THAT(why_not("srv:"), Contains("is no host name"));
  CHECK_THAT(why_not("file:"), Contains("the path is missing"));
  CHECK_THAT(why_not(std::string_view{"file:a\0b", 8}), Contains("zero"));
  CHECK_THAT(why_not("file:" + std::string(2000, 'a')), Contains("it has 2005 bytes, more than 1024"));
  CHECK(why_not(std::string(2000, 'a')).size() < 500);
}

TEST_CASE("all wrong entries are told together, a repeated one counts once") {
  const std::vector<std::string> good{"a:1", "10.0.0.1:1", "A:1", "dns:a:1"};
  CHECK(parse_seed_entries(good).value().size() == 2);
  const std::vector<std::string> bad{"a:1", "b", "c:0"};
  const auto outcome = parse_seed_entries(bad);
  REQUIRE_FALSE(outcome.has_value());
  CHECK_THAT(outcome.error().message(),
             Equals("the seed 'b': the port is missing; the seed 'c:0': '0' is no port from 1 to 65535; "
                    + std::string{seed_forms()}));
  const auto many = parse_seed_entries(std::vector<std::string>(20, "b"));
  REQUIRE_FALSE(many.has_value());
  CHECK_THAT(many.error().message(), Contains("and 12 more"));
  const auto more = parse_seed_entries(std::vector<std::string>(max_seed_entries + 1, "a:1"));
  REQUIRE_FALSE(more.has_value());
  CHECK_THAT(more.error().message(), Contains("65 seeds; at most 64"));
  CHECK(parse_seed_entries(std::vector<std::string>(max_seed_entries, "a:1")).has_value());
}

TEST_CASE("a file's good lines are read, its bad ones told by number") {
  const auto file = parse_seed_file("\xEF\xBB\xBF# ours\r\n"
                                    "10.0.0.7:7401 # the first\r\n"
                                    "\n"
                                    "  node-2:7401# no space\n"
                                    "node-3\n"
                                    "file:/etc/more\n"
                                    "srv:_troupe._udp.example.org");
  REQUIRE(file.lines.size() == 3);
  CHECK(file.lines[0].number == 2);
  CHECK(file.lines[0].entry.to_string() == "10.0.0.7:7401");
  CHECK(file.lines[1].entry.to_string() == "dns:node-2:7401");
  CHECK(file.lines[2].number == 7);
  CHECK(file.wrong_lines == 2);
  REQUIRE(file.problems.size() == 2);
  CHECK(file.problems[0] == "line 5: the seed 'node-3': the port is missing");
  CHECK(file.problems[1] == "line 6: a file of seeds cannot name a file");
  CHECK(parse_seed_file("").lines.empty());
  CHECK(parse_seed_file("# nothing\n").problems.empty());
}

TEST_CASE("a file is bounded in what is taken of it and in what is told") {
  std::string text;
  for (int i = 1; i <= 300; ++i)
    text += "node:" + std::to_string(i) + "\n";
  const auto file = parse_seed_file(text);
  CHECK(file.lines.size() == max_seed_file_entries);
  REQUIRE(file.problems.size() == 1);
  CHECK(file.problems[0] == "44 entries after the first 256 are left out");
  std::string bad;
  for (int i = 0; i < 100; ++i)
    bad += "x\n";
  CHECK(parse_seed_file(bad).problems.size() == 8);
  CHECK(parse_seed_file(bad).wrong_lines == 100);
}

TEST_CASE("settings have ranges") {
  CHECK(seed_settings{}.validate().ok());
  CHECK_THAT((seed_settings{.refresh = 999ms}.validate().message()),
             Contains("refresh is 999 ms; it must be from 1000 ms"));
  CHECK_THAT((seed_settings{.refresh = 5s, .first_retry = 6s}.validate().message()), Contains("first_retry"));
  CHECK_THAT((seed_settings{.first_retry = 9ms}.validate().message()), Contains("first_retry"));
  CHECK_THAT((seed_settings{.file_poll = 99ms}.validate().message()), Contains("file_poll"));
  CHECK_THAT((seed_settings{.complaint_period = 25h}.validate().message()), Contains("complaint_period"));
  CHECK_THAT((seed_settings{.entries = std::vector<seed_entry>(65)}.validate().message()),
             Contains("65 entries"));
}
