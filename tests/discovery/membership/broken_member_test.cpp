// What a member that is broken, or that someone with the key wrote to do harm, can do to the others: little.
#include "lone_member.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::membership_test;

namespace {

// What is told of this member, as others would read it.
const alive_rumor* told_of_me(const std::vector<sent_packet>& sent) {
  const alive_rumor* out = nullptr;
  for (const auto& one : sent)
    if (const auto* found = one.rumor_about<alive_rumor>("me")) out = found;
  return out;
}

} // namespace

TEST_CASE("an accusation of the highest incarnation is refuted by one that others can read") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}});
  const auto before = me.core().self().process;
  const bool dead = GENERATE(false, true);
  if (dead)
    me.hear("a", 2, {dead_rumor{"me", before, highest_incarnation, "a"}});
  else
    me.hear("a", 2, {suspect_rumor{"me", before, highest_incarnation, "a"}});
  // take() would throw if a packet could not be decoded.
  const auto sent = me.take();
  REQUIRE(told_of_me(sent) != nullptr);
  const auto& now = told_of_me(sent)->record;
  CHECK(now.process > before);
  CHECK(now.incarnation < highest_incarnation);
  CHECK(me.happened(member_event_kind::renumbered, "me"));
  SECTION("and the record can still be changed") {
    member_metadata metadata;
    metadata.zone = "other";
    CHECK(me.core().update_metadata(me.now(), metadata).ok());
  }
}

TEST_CASE("who is at the highest incarnation goes on by another process number") {
  lone_member me;
  me.meet({{"a", 2}});
  SECTION("told so by an accusation") {
    me.hear("a", 2, {suspect_rumor{"me", 100, highest_incarnation - 1, "a"}});
    REQUIRE(me.core().self().incarnation == highest_incarnation);
  }
  SECTION("told so by its own record") {
    me.hear("a", 2, {alive_rumor{record_of("me", 1, highest_incarnation)}});
  }
  me.take();
  member_metadata metadata;
  metadata.zone = "other";
  REQUIRE(me.core().update_metadata(me.now(), metadata).ok());
  CHECK(me.core().self().metadata.zone == "other");
  me.run_for(1s);
  REQUIRE(told_of_me(me.take()) != nullptr);
}

TEST_CASE("process numbers that nobody could outlive are not taken") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}});
  for (const auto number : {highest_process, highest_process + 1, UINT64_MAX}) {
    auto record = record_of("b", 9);
    record.process = number;
    CHECK_FALSE(me.hear("a", 2, {alive_rumor{record}}));
    CHECK_FALSE(me.hear("a", 2, {left_rumor{"b", number, 0}}));
    CHECK_FALSE(me.hear("a", 2, {left_rumor{"b", number, 100}}));
    CHECK_FALSE(me.hear("a", 2, {dead_rumor{"b", number, 0, "a"}}));
    CHECK_FALSE(me.hear("a", 2, {suspect_rumor{"b", number, 0, "a"}}));
    CHECK_FALSE(me.hear("a", 2, {claim_rumor{"b", 100, number}}));
    CHECK_FALSE(me.hear("a", 2, {left_rumor{"me", number, 0}}));
    record = record_of("b", 9);
    record.process = number;
    CHECK_FALSE(check_member_record(record).ok());
  }
  CHECK(me.state("b") == member_state::alive);
  CHECK(me.core().find("b")->process == 100);
  CHECK(me.core().self().process == 100);
}

TEST_CASE("a member that says goodbye is not asked to run without a pause") {
  membership_settings settings;
  settings.leave_linger = 1min;
  lone_member me{settings};
  me.meet({{"a", 2}, {"b", 3}});
  // Dies while this one says goodbye, and would be tried again.
  me.hear("a", 2, {suspect_rumor{"b", 100, 0, "a"}});
  me.core().leave(me.now());
  auto now = me.now();
  std::size_t ticks = 0;
  for (; me.core().phase() == membership_phase::leaving && ticks < 10'000; ++ticks) {
    now = std::max(now, me.core().next_tick());
    me.core().tick(now);
    (void)me.core().take_effects();
  }
  CHECK(me.core().phase() == membership_phase::stopped);
  CHECK(ticks < 1'000);
}

TEST_CASE("names that are no text are no names") {
  lone_member me;
  me.meet({{"a", 2}});
  for (const std::string name : {"n\xff", "\xc3", "a\xed\xa0\x80", "\xf8\x88\x80\x80\x80"}) {
    // The registry, and what people read, are UTF-8: one such member would keep all from comparing theirs.
    CHECK_FALSE(me.hear("a", 2, {alive_rumor{record_of(name, 9)}}));
    CHECK_FALSE(me.hear(name, 9, {}));
    CHECK(me.core().find(name) == nullptr);
    CHECK_FALSE(check_member_record(record_of(name, 9)).ok());
  }
  // A claim about one is beside what is told of another whose name looks like it.
  CHECK(me.hear("a", 2, {alive_rumor{record_of("claim a", 9)}, claim_rumor{"a", 100, 200}}));
  me.run_for(1s);
  const auto sent = me.take();
  CHECK(std::any_of(sent.begin(), sent.end(), [](const auto& one) {
    return one.template rumor_about<alive_rumor>("claim a") != nullptr;
  }));
  CHECK(std::any_of(sent.begin(), sent.end(),
                    [](const auto& one) { return one.template rumor_about<claim_rumor>("a") != nullptr; }));
}

TEST_CASE("a packet of more rumors than a table has is refused") {
  packet out;
  out.kind = packet_kind::push_pull_reply;
  out.sender = "a";
  out.rumors.assign(most_packet_rumors, left_rumor{"x", 1, 0});
  CHECK(decode_packet(encode_packet(out)).has_value());
  out.rumors.emplace_back(left_rumor{"x", 1, 0});
  CHECK_FALSE(decode_packet(encode_packet(out)).has_value());
}

TEST_CASE("who left makes room for who joins, and joins without end keep nobody out") {
  membership_settings settings;
  settings.most_members = 200;
  lone_member me{settings};
  me.meet({{"a", 2}, {"b", 3}});
  // 100,000 joins from one address, each followed by a goodbye, or by nothing.
  const bool polite = GENERATE(true, false);
  for (int i = 0; i < 100'000; ++i) {
    const auto name = "n" + std::to_string(i);
    std::vector<rumor> said{alive_rumor{record_of(name, 9)}};
    if (polite) said.emplace_back(left_rumor{name, 100, 0});
    me.hear(name, 9, std::move(said));
    (void)me.core().take_effects();
    if (i % 100 != 0) continue;
    me.hear("a", 2, {}, packet_kind::gossip);
    std::size_t known = 0;
    me.core().visit([&](const member_record&) { ++known; });
    REQUIRE(known <= settings.most_members);
    REQUIRE(me.core().rumors_waiting() <= 2 * settings.most_members);
  }
  if (polite) {
    CHECK(me.core().counters().members_refused == 0);
    CHECK(me.hear("c", 4, {alive_rumor{record_of("c", 4)}}));
    REQUIRE(me.core().find("c") != nullptr);
    CHECK(me.state("c") == member_state::alive);
  } else {
    CHECK(me.core().counters().members_refused > 99'000);
  }
  CHECK(me.state("a") == member_state::alive);
  // It still answers.
  me.take();
  me.hear("a", 2, {}, packet_kind::ping, 77);
  const auto sent = me.take();
  CHECK(std::any_of(sent.begin(), sent.end(), [](const auto& one) {
    return one.what.kind == packet_kind::ack && one.what.sequence == 77;
  }));
}
