// One test a rule of the protocol, named after where the papers state it.
#include "lone_member.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace troupe;
using namespace troupe::membership_test;

namespace {

void meet_five(lone_member& me) { me.meet({{"a", 2}, {"b", 3}, {"c", 4}, {"d", 5}, {"e", 6}}); }

std::uint8_t last_of(const endpoint& where) { return where.address.bytes()[15]; }

} // namespace

TEST_CASE("SWIM 3.1: one member is pinged each period, and an ack ends the probe") {
  lone_member me;
  meet_five(me);
  std::set<std::string> pinged;
  for (int i = 0; i < 5; ++i) {
    const auto ping = me.next(packet_kind::ping);
    pinged.insert(ping.what.target);
    me.hear(ping.what.target, last_of(ping.send.to), {}, packet_kind::ack, ping.what.sequence);
  }
  CHECK(pinged.size() == 5);
  CHECK(me.core().counters().probes == 5);
  CHECK(me.core().counters().probes_failed == 0);
  CHECK(me.core().counters().nacks_missing == 0);
}

TEST_CASE("SWIM 3.1: without an ack k others are asked, and the last resort is a stream") {
  lone_member me;
  meet_five(me);
  const auto ping = me.next(packet_kind::ping);
  me.take();
  const auto begin = me.now();
  const auto request = me.next(packet_kind::ping_request);
  CHECK(me.now() - begin == 500ms);
  CHECK(request.what.target == ping.what.target);
  CHECK(request.what.target_endpoint == ping.send.to);
  CHECK(request.what.sequence == ping.what.sequence);
  std::set<std::string> helpers{request.send.peer};
  std::size_t streams = 0;
  for (const auto& one : me.take()) {
    if (one.what.kind == packet_kind::ping_request) helpers.insert(one.send.peer);
    streams += one.what.kind == packet_kind::ping && one.send.channel == gossip_channel::stream ? 1 : 0;
  }
  CHECK(helpers.size() == 3);
  CHECK(helpers.count(ping.what.target) == 0);
  CHECK(streams == 1);
  SECTION("a helper's ack saves it") {
    me.hear(*helpers.begin(), 9, {}, packet_kind::ack, ping.what.sequence);
    me.run_for(600ms);
    CHECK(me.state(ping.what.target) == member_state::alive);
  }
  SECTION("no ack makes it suspect, at the end of the period") {
    me.run_for(499ms);
    CHECK(me.state(ping.what.target) == member_state::alive);
    me.run_for(2ms);
    CHECK(me.state(ping.what.target) == member_state::suspect);
    CHECK(me.happened(member_event_kind::suspected, ping.what.target));
  }
  SECTION("an ack by stream saves it and is counted") {
    me.hear(ping.what.target, last_of(ping.send.to), {}, packet_kind::ack, ping.what.sequence,
            gossip_channel::stream);
    CHECK(me.core().counters().stream_acks == 1);
  }
}

TEST_CASE("SWIM 3.1: a ping for another is relayed and its ack passed on") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}});
  packet request;
  request.kind = packet_kind::ping_request;
  request.sender = "a";
  request.sender_process = 100;
  request.sequence = 77;
  request.target = "b";
  request.target_process = 100;
  request.target_endpoint = at(3);
  REQUIRE(me.core().on_message(me.now(), at(2), gossip_channel::datagram, encode_packet(request)).ok());
  const auto ping = me.next(packet_kind::ping);
  CHECK(ping.to(3));
  CHECK(ping.what.target == "b");
  SECTION("the ack") {
    me.hear("b", 3, {}, packet_kind::ack, ping.what.sequence);
    const auto ack = me.next(packet_kind::ack);
    CHECK(ack.to(2));
    CHECK(ack.what.sequence == 77);
  }
  SECTION("not the ack of someone else") {
    me.hear("x", 9, {}, packet_kind::ack, ping.what.sequence);
    for (const auto& one : me.take())
      CHECK(one.what.kind != packet_kind::ack);
  }
  SECTION("Lifeguard IV-A: a nack at 80% of the time-out, and a late ack all the same") {
    const auto begin = me.now();
    const auto nack = me.next(packet_kind::nack);
    CHECK(me.now() - begin == 400ms);
    CHECK(nack.to(2));
    CHECK(nack.what.sequence == 77);
    me.hear("b", 3, {}, packet_kind::ack, ping.what.sequence);
    CHECK(me.next(packet_kind::ack).what.sequence == 77);
  }
}

TEST_CASE("Lifeguard IV-A: failed probes, missing nacks and refutations cost health, acks restore it") {
  lone_member me;
  meet_five(me);
  const auto fail_a_probe = [&](bool with_nacks) {
    const auto ping = me.next(packet_kind::ping);
    me.take();
    std::vector<sent_packet> sent{me.next(packet_kind::ping_request)};
    for (auto& one : me.take())
      sent.push_back(one);
    for (const auto& one : sent) {
      if (with_nacks && one.what.kind == packet_kind::ping_request) {
        me.hear(one.send.peer, last_of(one.send.to), {}, packet_kind::nack, one.what.sequence);
      }
    }
    while (me.core().counters().probes_failed == 0)
      me.run_for(1ms);
  };
  SECTION("failed, all helpers said so") {
    fail_a_probe(true);
    CHECK(me.core().local_health_score() == 1);
    CHECK(me.core().counters().nacks_missing == 0);
  }
  SECTION("failed, and the helpers were silent") {
    fail_a_probe(false);
    CHECK(me.core().local_health_score() == 2);
    CHECK(me.core().counters().nacks_missing == 3);
    SECTION("the next probe is given three times as long") {
      const auto ping = me.next(packet_kind::ping);
      const auto begin = me.now();
      me.next(packet_kind::ping_request);
      CHECK(me.now() - begin > 1498ms);
      CHECK(me.now() - begin <= 1500ms);
      me.hear(ping.what.target, last_of(ping.send.to), {}, packet_kind::ack, ping.what.sequence);
      CHECK(me.core().local_health_score() == 1);
    }
  }
  SECTION("a refutation") {
    me.hear("a", 2, {suspect_rumor{"me", 100, 0, "a"}});
    CHECK(me.core().local_health_score() == 1);
  }
}

TEST_CASE("SWIM 4.2: a member that is suspected refutes with a higher incarnation") {
  lone_member me;
  meet_five(me);
  me.hear("a", 2, {suspect_rumor{"me", 100, 0, "a"}});
  CHECK(me.core().self().incarnation == 1);
  const auto word = me.next(packet_kind::gossip);
  REQUIRE(word.rumor_about<alive_rumor>("me") != nullptr);
  CHECK(word.rumor_about<alive_rumor>("me")->record.incarnation == 1);
  me.hear("a", 2, {dead_rumor{"me", 100, 5, "a"}});
  CHECK(me.core().self().incarnation == 6);
  SECTION("what is refuted already raises nothing, but is answered") {
    me.take();
    me.hear("b", 3, {suspect_rumor{"me", 100, 5, "b"}});
    CHECK(me.core().self().incarnation == 6);
    const auto sent = me.take();
    CHECK(std::any_of(sent.begin(), sent.end(), [](const auto& one) {
      return one.to(3) && one.template rumor_about<alive_rumor>("me");
    }));
  }
  SECTION("an accusation of another process of the name is none") {
    me.hear("a", 2, {suspect_rumor{"me", 99, 9, "a"}});
    CHECK(me.core().self().incarnation == 6);
  }
}

TEST_CASE("SWIM 4.2: alive, suspect and dead override each other by incarnation") {
  lone_member me;
  meet_five(me);
  const auto hear = [&](rumor what) { me.hear("b", 3, {std::move(what)}); };
  hear(suspect_rumor{"a", 100, 0, "b"});
  CHECK(me.state("a") == member_state::suspect); // suspect i beats alive j <= i
  hear(alive_rumor{record_of("a", 2, 0)});
  CHECK(me.state("a") == member_state::suspect); // alive i beats suspect j < i only
  hear(alive_rumor{record_of("a", 2, 1)});
  CHECK(me.state("a") == member_state::alive);
  CHECK(me.happened(member_event_kind::refuted, "a"));
  hear(suspect_rumor{"a", 100, 0, "b"});
  CHECK(me.state("a") == member_state::alive); // and an old suspicion is none
  hear(suspect_rumor{"a", 100, 3, "b"});
  CHECK(me.state("a") == member_state::suspect);
  hear(alive_rumor{record_of("a", 2, 2)});
  CHECK(me.state("a") == member_state::suspect); // it has not refuted 3
  hear(alive_rumor{record_of("a", 2, 4)});
  CHECK(me.state("a") == member_state::alive);
}

TEST_CASE("SWIM 4.2: a suspect that does not refute is dead, and a higher incarnation revives it") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}});
  me.hear("b", 3, {suspect_rumor{"a", 100, 0, "b"}});
  me.take();
  me.run_for(31s);
  CHECK(me.state("a") == member_state::dead);
  CHECK(me.happened(member_event_kind::died, "a"));
  me.hear("b", 3, {alive_rumor{record_of("a", 2, 0)}});
  CHECK(me.state("a") == member_state::dead);
  me.hear("b", 3, {alive_rumor{record_of("a", 2, 1)}});
  CHECK(me.state("a") == member_state::alive);
}

TEST_CASE("a death that nobody here suspected is a suspicion first") {
  lone_member me;
  meet_five(me);
  me.hear("b", 3, {dead_rumor{"a", 100, 0, "b"}});
  CHECK(me.state("a") == member_state::suspect);
  CHECK(me.core().counters().deaths_doubted == 1);
  const auto sent = me.take();
  CHECK(std::any_of(sent.begin(), sent.end(), [](const auto& one) {
    return one.to(2) && one.template rumor_about<suspect_rumor>("a");
  }));
  SECTION("also when it is said again at once") {
    me.hear("c", 4, {dead_rumor{"a", 100, 0, "b"}});
    CHECK(me.state("a") == member_state::suspect);
  }
  SECTION("and believed from one who still says so after half the shortest suspicion") {
    me.run_for(2500ms);
    me.hear("c", 4, {dead_rumor{"a", 100, 0, "b"}});
    CHECK(me.state("a") == member_state::dead);
  }
}

TEST_CASE("Lifeguard IV-B: the first K independent suspicions are passed on, a repeated one is not") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}, {"c", 4}, {"d", 5}, {"e", 6}, {"f", 7}, {"g", 8}});
  const auto drain = [&] {
    // So far all that was queued; probing adds none.
    me.run_for(900ms);
    me.take();
  };
  me.hear("b", 3, {suspect_rumor{"a", 100, 0, "b"}});
  drain();
  me.hear("b", 3, {suspect_rumor{"a", 100, 0, "c"}});
  const auto again = me.next(packet_kind::gossip);
  REQUIRE(again.rumor_about<suspect_rumor>("a") != nullptr);
  CHECK(again.rumor_about<suspect_rumor>("a")->from == "c");
}

TEST_CASE("Lifeguard IV-C: the suspect is told first in a ping, and in the ack of its own") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}});
  me.hear("b", 3, {suspect_rumor{"a", 100, 0, "b"}});
  auto ping = me.next(packet_kind::ping);
  if (ping.what.target != "a") ping = me.next(packet_kind::ping);
  REQUIRE(ping.what.target == "a");
  REQUIRE_FALSE(ping.what.rumors.empty());
  CHECK(std::get<suspect_rumor>(ping.what.rumors[0]).name == "a");
  // Long after the rumor has been told as often as it may.
  me.run_for(2s);
  me.take();
  me.hear("a", 2, {}, packet_kind::ping, 5);
  const auto ack = me.next(packet_kind::ack);
  CHECK(ack.what.sequence == 5);
  REQUIRE(ack.rumor_about<suspect_rumor>("a") != nullptr);
}

TEST_CASE(
  "Lifeguard IV-C, switched off: the suspect hears of it as everyone does, a bounded number of times") {
  membership_settings settings;
  settings.buddy_system = false;
  settings.max_local_health = 0;
  lone_member me{settings};
  me.meet({{"a", 2}, {"b", 3}});
  me.hear("b", 3, {suspect_rumor{"a", 100, 0, "b"}});
  me.run_for(2s);
  me.take();
  me.hear("a", 2, {}, packet_kind::ping, 5);
  CHECK(me.next(packet_kind::ack).rumor_about<suspect_rumor>("a") == nullptr);
  auto ping = me.next(packet_kind::ping);
  if (ping.what.target != "a") ping = me.next(packet_kind::ping);
  CHECK(ping.rumor_about<suspect_rumor>("a") == nullptr);
}
