#include "tests/discovery/seeds/seed_answers.hpp"

#include <fmt/format.h>

using namespace troupe;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

std::string many_hosts(int count) {
  std::string out;
  for (int i = 0; i < count; ++i)
    out += fmt::format("n{:03}:7\n", i);
  return out;
}

} // namespace

TEST_CASE("those that wait longest are asked first") {
  answered_core w{settings_of({"a:1", "b:1", "c:1", "d:1", "e:1", "f:1", "g:1", "h:1", "i:1"})};
  const auto due = w.core.take_due(w.now);
  REQUIRE(due.size() == max_seed_lookups_at_a_time);
  w.answer(due[0]); // there is no a: it is due again in a second
  w.now += 5s;
  const auto next = w.core.take_due(w.now);
  REQUIRE(next.size() == 1);
  CHECK(next[0].name == "i");
}

TEST_CASE("of a service the first targets are asked") {
  answered_core w{settings_of({"srv:_x._udp.org"})};
  std::vector<service_record> records;
  for (int i = 0; i < 100; ++i)
    records.push_back({fmt::format("t{:03}", i), 7, 0, 0});
  w.services.insert_or_assign("_x._udp.org", records);
  const auto asked = w.pass(1s);
  CHECK(asked.size() == 1 + max_seed_service_targets);
  CHECK(asked.contains("t063"));
  CHECK_FALSE(asked.contains("t064"));
}

TEST_CASE("few look-ups are under way at a time") {
  answered_core w{settings_of({"file:/seeds"})};
  w.files.insert_or_assign("/seeds", many_hosts(20));
  for (int i = 0; i < 20; ++i)
    w.host(fmt::format("n{:03}", i), {ip_address::v4(10, 0, 0, static_cast<std::uint8_t>(i + 1))});
  w.answer(w.core.take_due(w.now).at(0));
  auto due = w.core.take_due(w.now);
  REQUIRE(due.size() == max_seed_lookups_at_a_time);
  CHECK(w.core.take_due(w.now).empty());
  // Only the file can be asked now.
  CHECK(w.core.next_due() > w.now);
  CHECK(w.core.next_due() <= w.now + 6s);
  w.answer(due[3]);
  CHECK(w.core.next_due() == w.now);
  const auto next = w.core.take_due(w.now);
  REQUIRE(next.size() == 1);
  CHECK(next[0].name == "n008");
  for (const auto& each : due)
    w.answer(each); // one of them for the second time: ignored
  w.answer(next[0]);
  w.ask();
  CHECK(w.core.list().endpoints.size() == 20);
  CHECK(w.core.list().settled);
}

TEST_CASE("an answer for what is not wanted any more is ignored, and frees its place") {
  answered_core w{settings_of({"file:/seeds"})};
  w.files.insert_or_assign("/seeds", std::string{"old:7\n"});
  w.host("old", {ip_address::v4(10, 0, 0, 1)});
  w.answer(w.core.take_due(w.now).at(0));
  const auto old = w.core.take_due(w.now);
  REQUIRE(old.size() == 1);
  w.files.insert_or_assign("/seeds", many_hosts(8));
  w.now += 6s;
  const auto reading = w.core.take_due(w.now);
  REQUIRE(reading.size() == 1);
  w.answer(reading[0]);
  CHECK(w.core.take_due(w.now).size() == 7);
  w.answer(old[0]);
  CHECK(w.core.list().endpoints.empty());
  CHECK(w.core.take_due(w.now).size() == 1);
}

TEST_CASE("answers of another kind or number change nothing") {
  answered_core w{settings_of({"node:7"})};
  w.core.on_addresses(77, std::vector{ip_address::loopback()}, w.now);
  w.core.on_file(78, std::string{"10.0.0.1:1"}, w.now);
  CHECK(w.list() == "not settled");
}

TEST_CASE("addresses that cannot be dialed are no answer") {
  answered_core w{settings_of({"blocked:7", "empty:7"})};
  w.host("blocked", {ip_address::any_v4(), ip_address{}});
  w.host("empty", {});
  w.ask();
  CHECK(w.list() == "settled");
  const auto told = w.core.take_notices();
  REQUIRE(told.size() == 3);
  CHECK(told[0].message == "'blocked' has no address that can be dialed");
}

TEST_CASE("names are bounded, and what a file brings takes no place from the settings") {
  // 256 services of 64 targets each would be 16,640 names.
  seed_settings settings = settings_of({"file:/seeds", "own:7"});
  answered_core w{settings};
  std::string text;
  for (int i = 0; i < 256; ++i) {
    text += fmt::format("srv:_s{:03}._udp.example.org\n", i);
    std::vector<service_record> records;
    for (int t = 0; t < 100; ++t)
      records.push_back({fmt::format("s{}-{}", i, t), 7, 0, 0});
    w.services.insert_or_assign(fmt::format("_s{:03}._udp.example.org", i), records);
  }
  w.files.insert_or_assign("/seeds", text);
  w.host("own", {ip_address::v4(10, 0, 0, 1)});
  std::set<std::string> names;
  for (const auto& [name, times] : w.pass(100ms))
    names.insert(name);
  CHECK(names.size() == max_seed_subjects);
  CHECK(names.contains("own"));
  CHECK(w.list() == "10.0.0.1:7 settled");
  bool told = false;
  for (const auto& each : w.core.take_notices())
    told = told || each.message.find("more than 512 names and files") != std::string::npos;
  CHECK(told);
}

TEST_CASE("the list is bounded, and one name with too many addresses does not hide another") {
  answered_core w{settings_of({"crowd:7", "crowd:8", "one:7"})};
  std::vector<ip_address> crowd;
  for (int i = 0; i < 256; ++i)
    crowd.push_back(ip_address::v4(10, 1, 0, static_cast<std::uint8_t>(i)));
  w.hosts.insert_or_assign("crowd", crowd);
  w.host("one", {ip_address::v4(10, 0, 0, 1)});
  CHECK(w.ask() == "crowd one"); // one look-up for both ports
  CHECK(w.core.list().endpoints.size() == max_seeds);
  CHECK_THAT(w.list(), Contains("10.0.0.1:7 "));
}

TEST_CASE("whatever is answered in whatever order, the list holds what was found and nothing else") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    random_source chance{seed};
    answered_core w{settings_of({"file:/seeds", "a:1", "b:2", "srv:_x._udp.org", "10.9.9.9:9"}),
                    {at("10.0.0.1:1")}};
    std::vector<seed_query> open;
    for (int step = 0; step < 200; ++step) {
      for (auto& each : w.core.take_due(w.now))
        open.push_back(std::move(each));
      REQUIRE(open.size() <= max_seed_lookups_at_a_time + 1);
      w.now += duration{chance.between(0, 2'000'000'000)};
      for (const char* name : {"a", "b", "c", "d"})
        if (chance.chance(0.1)) {
          if (chance.chance(0.3))
            w.hosts.insert_or_assign(name, result<std::vector<ip_address>>{unavailable("away")});
          else
            w.host(name, {ip_address::v4(10, 0, 0, static_cast<std::uint8_t>(1 + chance.below(5)))});
        }
      if (chance.chance(0.1))
        w.services.insert_or_assign("_x._udp.org",
                                    std::vector<service_record>{{chance.chance(0.5) ? "c" : "d", 3, 0, 0}});
      if (chance.chance(0.1))
        w.files.insert_or_assign("/seeds", std::string{chance.chance(0.5) ? "c:4\nbroken\n" : "d:4\n"});
      if (chance.chance(0.05)) w.core.hurry(w.now);
      if (open.empty()) continue;
      const auto which = chance.below(open.size());
      w.answer(open[which]);
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
      const auto& found = w.core.list().endpoints;
      REQUIRE(std::find(found.begin(), found.end(), at("10.9.9.9:9")) != found.end());
      REQUIRE(std::find(found.begin(), found.end(), at("10.0.0.1:1")) == found.end());
      REQUIRE(std::set<endpoint>(found.begin(), found.end()).size() == found.size());
    }
    // When the world stands still, the list comes to say what it says.
    for (const auto& each : open)
      w.answer(each);
    for (const char* name : {"a", "b", "c", "d"})
      w.host(name, {ip_address::v4(10, 0, 7, static_cast<std::uint8_t>(name[0]))});
    w.services.insert_or_assign("_x._udp.org", std::vector<service_record>{{"c", 3, 0, 0}});
    w.files.insert_or_assign("/seeds", std::string{"d:4\n"});
    w.pass(2min);
    REQUIRE(w.list() == "10.0.7.100:4 10.0.7.97:1 10.0.7.98:2 10.0.7.99:3 10.9.9.9:9 settled");
  }
}
