// What membership does beyond the papers: goodbyes, limits, seeds, the dead, stalls, twins.
#include "lone_member.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace troupe;
using namespace troupe::membership_test;

namespace {

void meet_five(lone_member& me) { me.meet({{"a", 2}, {"b", 3}, {"c", 4}, {"d", 5}, {"e", 6}}); }

} // namespace

TEST_CASE("a ping for someone else is not answered") {
  lone_member me;
  packet ping;
  ping.kind = packet_kind::ping;
  ping.sender = "a";
  ping.sender_process = 100;
  ping.target = "other";
  (void)me.core().on_message(me.now(), at(2), gossip_channel::datagram, encode_packet(ping));
  for (const auto& one : me.take())
    CHECK(one.what.kind != packet_kind::ack);
  CHECK(me.core().counters().packets_refused == 1);
  SECTION("one for an earlier process of this name is answered with an introduction, not with an ack") {
    ping.target = "me";
    ping.target_process = 99;
    (void)me.core().on_message(me.now(), at(2), gossip_channel::datagram, encode_packet(ping));
    const auto sent = me.take();
    REQUIRE_FALSE(sent.empty());
    CHECK(sent[0].what.kind == packet_kind::gossip);
    CHECK(sent[0].rumor_about<alive_rumor>("me") != nullptr);
  }
}

TEST_CASE("a process that stood still does not hold its silence against others") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}});
  me.hear("b", 3, {suspect_rumor{"a", 100, 0, "b"}});
  me.run_for(1s);
  me.stand_still(10min);
  me.run_for(100ms);
  CHECK(me.state("a") == member_state::suspect);
  CHECK(me.core().counters().stalls == 1);
  CHECK(me.core().local_health_score() > 0);
}

TEST_CASE("a clock that goes back counts as one that stands") {
  lone_member me;
  meet_five(me);
  me.run_for(10s);
  me.core().tick(me.now() - 24h);
  me.core().tick(me.now() + 1ms);
  CHECK(me.core().next_tick() > me.now());
}

TEST_CASE("a goodbye is final for its process") {
  lone_member me;
  meet_five(me);
  me.hear("a", 2, {left_rumor{"a", 100, 0}});
  CHECK(me.state("a") == member_state::left);
  CHECK(me.happened(member_event_kind::left, "a"));
  me.hear("b", 3, {alive_rumor{record_of("a", 2, 9)}});
  CHECK(me.state("a") == member_state::left);
  me.take();
  me.hear("b", 3, {suspect_rumor{"a", 100, 9, "b"}});
  const auto sent = me.take();
  CHECK(std::any_of(sent.begin(), sent.end(),
                    [](const auto& one) { return one.to(3) && one.template rumor_about<left_rumor>("a"); }));
  auto next = record_of("a", 2);
  next.process = 101;
  me.hear("b", 3, {alive_rumor{next}});
  CHECK(me.state("a") == member_state::alive);
}

TEST_CASE("leaving alone takes no time, leaving others the linger") {
  lone_member me;
  SECTION("alone") {
    me.core().leave(me.now());
    CHECK(me.core().phase() == membership_phase::stopped);
  }
  SECTION("with others") {
    meet_five(me);
    me.core().leave(me.now());
    CHECK(me.core().phase() == membership_phase::leaving);
    CHECK(me.next(packet_kind::gossip).rumor_about<left_rumor>("me") != nullptr);
    me.hear("a", 2, {}, packet_kind::ping, 5);
    CHECK(me.next(packet_kind::ack).what.sequence == 5);
    me.run_for(4s);
    CHECK(me.core().phase() == membership_phase::stopped);
    CHECK(me.core().next_tick() == monotonic_time::max());
    CHECK_FALSE(me.hear("a", 2, {}, packet_kind::ping, 6));
  }
  CHECK_FALSE(me.core().update_metadata(me.now(), {}).ok());
}

TEST_CASE("new metadata is told to all, within its bounds") {
  lone_member me;
  meet_five(me);
  REQUIRE(me.core().update_metadata(me.now(), {"eu-1", {"orders"}, 4, {}}).ok());
  const auto told = me.next(packet_kind::gossip);
  REQUIRE(told.rumor_about<alive_rumor>("me") != nullptr);
  CHECK(told.rumor_about<alive_rumor>("me")->record.metadata.zone == "eu-1");
  CHECK(me.core().self().incarnation == 1);
  CHECK_FALSE(me.core().update_metadata(me.now(), {std::string(900, 'x'), {}, 0, {}}).ok());
  CHECK(me.core().self().metadata.zone == "eu-1");
  auto changed = record_of("a", 2, 1);
  changed.metadata.zone = "eu-2";
  me.hear("b", 3, {alive_rumor{changed}});
  CHECK(me.happened(member_event_kind::changed, "a"));
}

TEST_CASE("members beyond the limit, or of other protocol versions, are refused and counted") {
  membership_settings settings;
  settings.most_members = 4;
  lone_member me{settings};
  auto later = record_of("z", 9);
  later.protocol_low = 2;
  later.protocol_high = 3;
  me.hear("z", 9, {alive_rumor{later}});
  CHECK(me.core().find("z") == nullptr);
  CHECK(me.core().counters().members_refused == 1);
  for (int i = 0; i < 1'000; ++i)
    me.hear("a", 2, {alive_rumor{record_of("n" + std::to_string(i), 3)}});
  CHECK(me.core().living() == 4);
  CHECK(me.core().counters().members_refused == 998);
}

TEST_CASE("seeds that do not answer are tried on, and that is said once a minute") {
  lone_member me{{}, {at(1), at(8)}};
  me.run_for(1h);
  const auto events = me.take_events();
  CHECK(events.size() == 60);
  for (const auto& one : events)
    CHECK(one.kind == member_event_kind::alone);
  const auto sent = me.take();
  for (const auto& one : sent)
    CHECK(one.to(8)); // not itself
  // Every 8 s or so.
  CHECK(sent.size() > 3'600 / 14);
  CHECK(sent.size() < 3'600 / 4);
}

TEST_CASE("other seeds take the place of the first and are tried at once, its own endpoint never") {
  lone_member me{{}, {at(8), at(9)}};
  me.run_for(30s);
  me.take();
  me.core().update_seeds(me.now(), {at(1), at(9), at(7), at(7)});
  me.run_for(10ms);
  const auto sent = me.take();
  REQUIRE(sent.size() == 1);
  CHECK(sent.front().to(7));
  CHECK(sent.front().send.channel == gossip_channel::stream);
  me.run_for(60s);
  std::set<endpoint> tried;
  for (const auto& one : me.take())
    tried.insert(one.send.to);
  CHECK(tried == std::set<endpoint>{at(7), at(9)});
  me.take_events();
  me.core().update_seeds(me.now(), {});
  me.run_for(5min);
  CHECK(me.take().empty());
  CHECK(me.take_events().empty());
  me.core().update_seeds(me.now(), {at(6)});
  me.run_for(61s);
  CHECK(me.take().front().to(6));
  CHECK(me.happened(member_event_kind::alone, "me"));
}

TEST_CASE("switched off, a death counts at once, a stranger's accusation too") {
  membership_settings settings;
  settings.doubted_death = false;
  lone_member me{settings};
  me.meet({{"a", 2}, {"b", 3}});
  me.hear("stranger", 9, {dead_rumor{"a", 100, 0, "stranger"}});
  CHECK(me.state("a") == member_state::dead);
}

TEST_CASE("the dead are tried at a decaying rate without end, and told that they are dead") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}});
  me.hear("b", 3, {suspect_rumor{"a", 100, 0, "b"}});
  me.run_for(40s);
  REQUIRE(me.state("a") == member_state::dead);
  const auto tries = [&](duration how_long) {
    me.take();
    me.run_for(how_long);
    std::size_t count = 0;
    for (const auto& one : me.take()) {
      if (!one.to(2)) continue;
      ++count;
      CHECK(one.rumor_about<dead_rumor>("a") != nullptr);
    }
    return count;
  };
  me.run_for(24h);
  CHECK(tries(1h) > 3'600 / 40);
  CHECK(tries(1h) < 3'600 / 4);
}

TEST_CASE("what a returning side accuses others of is not believed, what it has alive is tried") {
  lone_member me;
  meet_five(me);
  SECTION("a stranger's table") {
    me.hear("x", 9, {alive_rumor{record_of("x", 9)}, dead_rumor{"a", 100, 0, "x"}}, packet_kind::push_pull);
    CHECK(me.state("a") == member_state::alive);
    CHECK(me.next(packet_kind::push_pull_reply).to(9));
  }
  SECTION("one that is dead here and alive there is tried at once, not when its turn comes") {
    me.hear("b", 3, {suspect_rumor{"a", 100, 0, "b"}});
    me.run_for(1h);
    REQUIRE(me.state("a") == member_state::dead);
    const auto tries_within = [&](duration how_long) {
      me.take();
      me.run_for(how_long);
      const auto sent = me.take();
      return std::count_if(sent.begin(), sent.end(), [](const auto& one) { return one.to(2); });
    };
    while (tries_within(300ms) > 0)
      continue;
    me.hear("x", 9, {alive_rumor{record_of("x", 9)}, alive_rumor{record_of("a", 2)}},
            packet_kind::push_pull_reply);
    CHECK(me.state("a") == member_state::dead);
    CHECK(tries_within(300ms) > 0);
  }
  SECTION("a member's table is another matter") {
    me.hear("b", 3, {dead_rumor{"a", 100, 0, "b"}}, packet_kind::push_pull);
    CHECK(me.state("a") == member_state::suspect);
  }
}

TEST_CASE("the older of two processes with one name is told, objects, and takes its name back") {
  lone_member me;
  auto younger = record_of("me", 9);
  younger.process = 101;
  me.hear("a", 2, {alive_rumor{younger}});
  auto sent = me.take();
  REQUIRE(std::any_of(sent.begin(), sent.end(), [](const auto& one) {
    const auto* claim = one.template rumor_about<claim_rumor>("me");
    return one.to(9) && claim != nullptr && *claim == claim_rumor{"me", 100, 101};
  }));
  CHECK_FALSE(me.core().refused());
  // And outlives the other one, whose number would stand in its way.
  me.hear("a", 2, {left_rumor{"me", 101, 100}});
  CHECK(me.core().self().process > 101);
  CHECK(me.happened(member_event_kind::renumbered, "me"));
  me.hear("a", 2, {left_rumor{"me", 101, 100}});
  CHECK(me.core().self().process > 101);
}

TEST_CASE("the younger of two processes with one name refuses to run and says so") {
  lone_member me;
  me.hear("a", 2, {claim_rumor{"me", 100, 100}});
  me.hear("a", 2, {claim_rumor{"me", 99, 98}});
  CHECK_FALSE(me.core().refused());
  me.hear("a", 9, {claim_rumor{"me", 99, 100}});
  CHECK(me.core().refused());
  CHECK(me.happened(member_event_kind::name_conflict, "me"));
  for (int again = 0; again < 2; ++again) {
    const auto sent = me.take();
    CHECK(std::any_of(sent.begin(), sent.end(), [](const auto& one) {
      const auto* goodbye = one.template rumor_about<left_rumor>("me");
      return one.to(9) && goodbye != nullptr && *goodbye == left_rumor{"me", 100, 99};
    }));
    me.hear("a", 9, {claim_rumor{"me", 99, 100}});
  }
  me.run_for(5s);
  CHECK(me.core().phase() == membership_phase::stopped);
}

TEST_CASE("when a process is replaced from elsewhere, the old one is asked whether it still lives") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}});
  auto younger = record_of("a", 9);
  younger.process = 101;
  me.hear("b", 3, {alive_rumor{younger}});
  CHECK(me.happened(member_event_kind::restarted, "a"));
  auto sent = me.take();
  CHECK(std::any_of(sent.begin(), sent.end(),
                    [](const auto& one) { return one.to(2) && one.template rumor_about<alive_rumor>("a"); }));
  SECTION("and again whenever it pings") {
    me.hear("a", 2, {}, packet_kind::ping, 5);
    const auto ack = me.next(packet_kind::ack);
    REQUIRE(ack.rumor_about<alive_rumor>("a") != nullptr);
    CHECK(ack.rumor_about<alive_rumor>("a")->record.process == 101);
  }
  SECTION("the name is given back when the younger yields, and its word is not believed any more") {
    me.hear("b", 3, {left_rumor{"a", 101, 100}});
    CHECK(me.state("a") == member_state::dead);
    me.hear("b", 3, {alive_rumor{younger}});
    CHECK(me.state("a") == member_state::dead);
    me.hear("b", 3, {alive_rumor{record_of("a", 2, 1)}});
    CHECK(me.state("a") == member_state::alive);
    CHECK(me.core().find("a")->process == 100);
    younger.process = 102;
    me.hear("b", 3, {alive_rumor{younger}});
    CHECK(me.core().find("a")->process == 102);
  }
  SECTION("the name is given back when the younger dies and the older has claimed it") {
    me.hear("b", 3, {claim_rumor{"a", 100, 101}, suspect_rumor{"a", 101, 0, "b"}});
    me.run_for(40s);
    me.hear("b", 3, {alive_rumor{record_of("a", 2, 1)}});
    CHECK(me.state("a") == member_state::alive);
    CHECK(me.core().find("a")->process == 100);
  }
}

TEST_CASE("of two processes with one number and name the one at the greater endpoint refuses") {
  lone_member me;
  auto twin = record_of("me", 9);
  me.hear("a", 2, {alive_rumor{twin}});
  CHECK_FALSE(me.core().refused());
  twin.gossip = {ip_address::v4(9, 0, 0, 1), 7946};
  me.hear("a", 2, {alive_rumor{twin}});
  CHECK(me.core().refused());
}

TEST_CASE("a datagram that cannot even be sent makes others be asked at once") {
  lone_member me;
  meet_five(me);
  const auto ping = me.next(packet_kind::ping);
  me.take();
  me.core().on_send_failed(me.now(), ping.send.to, gossip_channel::datagram);
  const auto sent = me.take();
  CHECK(std::count_if(sent.begin(), sent.end(),
                      [](const auto& one) { return one.what.kind == packet_kind::ping_request; })
        == 3);
}

TEST_CASE("no datagram is larger than the limit, however much there is to tell") {
  lone_member me;
  for (int i = 0; i < 200; ++i) {
    auto one = record_of("n" + std::to_string(i), 3);
    one.metadata.values["k"] = std::string(300, 'x');
    me.hear("a", 2, {alive_rumor{one}});
  }
  me.run_for(20s);
  for (const auto& one : me.take()) {
    if (one.send.channel == gossip_channel::datagram) CHECK(one.send.bytes.size() <= 1'400);
  }
}

TEST_CASE("whom another accuses is probed next, by some of those who hear of it") {
  membership_settings settings;
  settings.verify_suspicions = GENERATE(true, false);
  int next = 0;
  for (int round = 0; round < 20; ++round) {
    lone_member me{settings};
    meet_five(me);
    me.run_for(std::chrono::milliseconds{50 * round});
    const auto first = me.next(packet_kind::ping);
    me.hear(first.what.target, first.send.to.address.bytes()[15], {}, packet_kind::ack, first.what.sequence);
    // Its turn has just been.
    const auto accused = first.what.target;
    const std::string accuser = accused == "a" ? "b" : "a";
    me.hear(accuser, accused == "a" ? 3 : 2, {suspect_rumor{accused, 100, 0, accuser}});
    next += me.next(packet_kind::ping).what.target == accused ? 1 : 0;
  }
  // Of so few everyone looks for himself.
  CHECK(next == (settings.verify_suspicions ? 20 : 0));
}

TEST_CASE("two that outlive one process take different numbers") {
  std::set<std::uint64_t> numbers;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    membership core{{}, random_source{seed}};
    REQUIRE(core.start(monotonic_time{}, record_of("me", static_cast<std::uint8_t>(seed)), {}).ok());
    packet told;
    told.sender = "a";
    told.sender_process = 100;
    told.rumors = {left_rumor{"me", 500, 0}};
    REQUIRE(core.on_message(monotonic_time{}, at(20), gossip_channel::datagram, encode_packet(told)).ok());
    CHECK(core.self().process > 500);
    numbers.insert(core.self().process);
  }
  CHECK(numbers.size() == 8);
}
