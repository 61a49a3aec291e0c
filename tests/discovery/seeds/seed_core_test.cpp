#include "tests/discovery/seeds/seed_answers.hpp"

using namespace troupe;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr auto a = ip_address::v4(10, 0, 0, 1);
constexpr auto b = ip_address::v4(10, 0, 0, 2);
constexpr auto c = ip_address::v4(10, 0, 0, 3);

} // namespace

TEST_CASE("addresses are known without asking") {
  answered_core w{settings_of({"10.0.0.1:1", "10.0.0.2:1"}), {at("10.0.0.2:1")}, {at("10.0.0.3:1")}};
  CHECK(w.core.take_change());
  CHECK(w.list() == "10.0.0.1:1 10.0.0.3:1 settled");
  CHECK_FALSE(w.core.take_change());
  CHECK(w.core.next_due() == monotonic_time::max());
  CHECK(w.core.take_notices().empty());
}

TEST_CASE("names are asked at once, and then again about every refresh") {
  answered_core w{settings_of({"node:7", "10.0.0.3:1"})};
  CHECK(w.list() == "10.0.0.3:1 not settled");
  w.host("node", {b, a});
  CHECK(w.core.next_due() == w.now);
  CHECK(w.core.take_change());
  CHECK(w.ask() == "node");
  CHECK(w.list() == "10.0.0.1:7 10.0.0.3:1 10.0.0.2:7 settled");
  CHECK(w.core.take_change());
  std::set<duration> pauses;
  for (int i = 0; i < 50; ++i) {
    const auto pause = duration{w.core.next_due() - w.now};
    CHECK(pause >= 24s);
    CHECK(pause <= 36s);
    pauses.insert(pause);
    w.now = w.core.next_due() - 1ns;
    CHECK(w.ask().empty());
    w.now += 1ns;
    CHECK(w.ask() == "node");
  }
  CHECK(pauses.size() > 40); // nodes that start together do not ask together for ever
  CHECK_FALSE(w.core.take_change());
  w.host("node", {a, b}); // rotated
  w.pass(1min);
  CHECK_FALSE(w.core.take_change());
  w.host("node", {a});
  w.pass(1min);
  CHECK(w.core.take_change());
  CHECK(w.list() == "10.0.0.1:7 10.0.0.3:1 settled");
}

TEST_CASE("a name that gives nothing does not hide others") {
  answered_core w{settings_of({"away:7", "here:7", "10.0.0.3:1"})};
  w.host("here", {a});
  CHECK(w.ask() == "away here");
  CHECK(w.list() == "10.0.0.1:7 10.0.0.3:1 settled");
  w.host("away", {b});
  w.pass(1s);
  CHECK(w.list() == "10.0.0.2:7 10.0.0.1:7 10.0.0.3:1 settled");
}

TEST_CASE("a name that gives nothing is asked sooner, with backoff up to the refresh") {
  answered_core w{settings_of({"away:7"})};
  const auto backs_off = [&w] {
    duration upper = 1s;
    for (int i = 0; i < 10; ++i) {
      const auto pause = duration{w.core.next_due() - w.now};
      CHECK(pause >= upper / 2);
      CHECK(pause <= upper);
      upper = std::min<duration>(2 * upper, 30s);
      w.now = w.core.next_due();
      CHECK(w.ask() == "away");
    }
  };
  CHECK(w.ask() == "away");
  backs_off();
  // An answer ends it; the next failure begins anew, although the last answer is kept.
  w.host("away", {b});
  w.pass(30s);
  w.hosts.insert_or_assign("away", result<std::vector<ip_address>>{unavailable("no server")});
  w.now = w.core.next_due();
  CHECK(w.ask() == "away");
  CHECK(w.list() == "10.0.0.2:7 settled");
  backs_off();
}

TEST_CASE("the last answer is kept while the name server is away, and not when it says that there is none") {
  answered_core w{settings_of({"node:7"})};
  w.host("node", {a});
  w.ask();
  w.hosts.insert_or_assign("node", result<std::vector<ip_address>>{unavailable("no server answers")});
  w.pass(24h);
  CHECK(w.list() == "10.0.0.1:7 settled");
  w.hosts.erase("node");
  w.pass(1min);
  CHECK(w.list() == "settled");
}

TEST_CASE("what is wrong is said once a minute an entry, and when it is well again") {
  answered_core w{settings_of({"one:7", "two:7"})};
  w.ask();
  auto told = w.core.take_notices();
  REQUIRE(told.size() == 3);
  CHECK(told[0].entry == "dns:one:7");
  CHECK(told[0].message == "no host one");
  CHECK(told[0].where.empty());
  CHECK(told[1].entry == "dns:two:7");
  CHECK(told[2].entry.empty()); // nobody at all
  w.pass(59s);
  CHECK(w.core.take_notices().empty());
  w.pass(1min);
  told = w.core.take_notices();
  REQUIRE(told.size() == 2);
  CHECK(told[0].withheld > 3);
  w.pass(1h);
  std::map<std::string, int> count;
  for (const auto& each : w.core.take_notices())
    ++count[each.entry];
  CHECK(count.size() == 2);
  CHECK(count["dns:one:7"] >= 35);
  CHECK(count["dns:one:7"] <= 60);
  w.host("one", {a});
  w.pass(1min);
  told = w.core.take_notices();
  std::erase_if(told, [](const auto& each) { return each.entry == "dns:two:7"; });
  REQUIRE(told.size() == 1);
  CHECK(told[0].what == seed_notice::sort::recovered);
  CHECK(told[0].entry == "dns:one:7");
}

TEST_CASE("a service's targets are looked up, and come and go with its records") {
  answered_core w{settings_of({"srv:_troupe._udp.example.org"})};
  w.services.insert_or_assign("_troupe._udp.example.org",
                              std::vector<service_record>{{"n1", 71, 0, 0}, {"n2", 72, 0, 0}});
  w.host("n1", {a});
  w.host("n2", {b, c});
  CHECK(w.ask() == "_troupe._udp.example.org n1 n2");
  CHECK(w.list() == "10.0.0.1:71 10.0.0.2:72 10.0.0.3:72 settled");
  w.services.insert_or_assign("_troupe._udp.example.org", std::vector<service_record>{{"n2", 73, 0, 0}});
  w.pass(40s);
  CHECK(w.list() == "10.0.0.2:73 10.0.0.3:73 settled");
  CHECK(w.pass(5min).count("n1") == 0);
  w.services.erase("_troupe._udp.example.org");
  w.pass(40s);
  CHECK(w.list() == "settled");
  w.core.take_notices();
  w.services.insert_or_assign("_troupe._udp.example.org", std::vector<service_record>{{"n9", 73, 0, 0}});
  w.pass(5min);
  bool told = false;
  for (const auto& each : w.core.take_notices())
    if (each.entry == "dns:n9:73") told = each.where == "srv:_troupe._udp.example.org";
  CHECK(told);
}

TEST_CASE("a list is settled only when all was asked, what the answers bring included") {
  answered_core w{settings_of({"srv:_troupe._udp.example.org"})};
  w.services.insert_or_assign("_troupe._udp.example.org", std::vector<service_record>{{"n1", 71, 0, 0}});
  auto due = w.core.take_due(w.now);
  REQUIRE(due.size() == 1);
  w.answer(due[0]);
  CHECK(w.list() == "not settled");
  due = w.core.take_due(w.now);
  REQUIRE(due.size() == 1);
  w.answer(due[0]); // there is no n1
  CHECK(w.list() == "settled");
}

TEST_CASE("what an answer takes away stays until what it brought has answered") {
  answered_core w{settings_of({"srv:_troupe._udp.example.org"})};
  w.services.insert_or_assign("_troupe._udp.example.org", std::vector<service_record>{{"n1", 71, 0, 0}});
  w.host("n1", {a});
  w.host("n2", {b});
  w.ask();
  CHECK(w.list() == "10.0.0.1:71 settled");
  CHECK(w.core.take_change());
  w.services.insert_or_assign("_troupe._udp.example.org", std::vector<service_record>{{"n2", 72, 0, 0}});
  std::vector<seed_query> due;
  while (due.empty() || due[0].kind != seed_kind::service) {
    w.now = w.core.next_due();
    due = w.core.take_due(w.now);
    REQUIRE(due.size() == 1);
    w.answer(due[0]);
  }
  CHECK_FALSE(w.core.take_change());
  CHECK(w.list() == "10.0.0.1:71 settled");
  CHECK(w.ask() == "n2");
  CHECK(w.core.take_change());
  CHECK(w.list() == "10.0.0.2:72 settled");
  CHECK(w.core.take_notices().empty());
}

TEST_CASE("a file is read again and again; its bad lines do not hide the good ones") {
  answered_core w{settings_of({"file:/seeds"})};
  w.files.insert_or_assign("/seeds", std::string{"10.0.0.1:1\n10.0.0.2\nnode:7\n"});
  w.host("node", {c});
  CHECK(w.ask() == "/seeds node");
  CHECK(w.list() == "10.0.0.1:1 10.0.0.3:7 settled");
  const auto told = w.core.take_notices();
  REQUIRE(told.size() == 1);
  CHECK(told[0].entry == "file:/seeds");
  CHECK(told[0].message == "line 2: the seed '10.0.0.2': the port is missing; " + std::string{seed_forms()});
  const auto reads = w.pass(1min)["/seeds"];
  CHECK(reads >= 10);
  CHECK(reads <= 15);
  w.files.insert_or_assign("/seeds", std::string{"10.0.0.9:1\n"});
  w.pass(6s);
  CHECK(w.list() == "10.0.0.9:1 settled");
  w.files.insert_or_assign("/seeds", std::string{"# none\n"});
  w.pass(6s);
  CHECK(w.list() == "settled");
}

TEST_CASE("a file that is gone keeps what it said, and is missed in the log") {
  answered_core w{settings_of({"file:/seeds"})};
  w.files.insert_or_assign("/seeds", std::string{"10.0.0.1:1\n"});
  w.ask();
  w.files.clear();
  w.pass(10min);
  CHECK(w.list() == "10.0.0.1:1 settled");
  const auto told = w.core.take_notices();
  CHECK(told.size() >= 9);
  CHECK(told.size() <= 11);
  CHECK(told[0].message == "no file /seeds");
  w.files.insert_or_assign("/seeds", std::string{"10.0.0.2:1\n"});
  w.pass(6s);
  CHECK(w.list() == "10.0.0.2:1 settled");
  CHECK(w.core.take_notices().back().what == seed_notice::sort::recovered);
}

TEST_CASE("a node that is its only seed is told so once") {
  answered_core w{settings_of({"10.0.0.1:1", "me:1"}), {at("10.0.0.1:1")}};
  CHECK(w.core.take_notices().empty()); // not settled
  w.host("me", {a});
  w.ask();
  CHECK(w.list() == "settled");
  auto told = w.core.take_notices();
  REQUIRE(told.size() == 1);
  CHECK(told[0].entry.empty());
  CHECK_THAT(told[0].message, Contains("the only seed is this node itself"));
  w.pass(1h);
  CHECK(w.core.take_notices().empty());
  answered_core none{{}};
  CHECK(none.list() == "settled");
  CHECK_THAT(none.core.take_notices().at(0).message, Contains("no other node is known"));
}

TEST_CASE("a node in a hurry asks everything anew, but no name twice within the first retry") {
  answered_core w{settings_of({"node:7", "file:/seeds"})};
  w.host("node", {a});
  w.files.insert_or_assign("/seeds", std::string{"\n"});
  w.ask();
  for (int i = 0; i < 100; ++i)
    w.core.hurry(w.now);
  CHECK(w.ask().empty());
  CHECK(w.core.next_due() == w.now + 1s);
  w.now += 3s;
  w.core.hurry(w.now);
  CHECK(w.ask() == "node /seeds");
}
