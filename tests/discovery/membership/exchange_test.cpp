// Anti-entropy: what is compared, and what travels when it differs.
#include "discovery/membership/table_fingerprint.hpp"
#include "lone_member.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <bit>
#include <initializer_list>

using namespace troupe;
using namespace troupe::membership_test;

namespace {

table_fingerprint of(std::initializer_list<member_record> members) {
  table_fingerprint out;
  for (const auto& one : members)
    out.add(table_fingerprint::hash_of(one.name), one.process, one.incarnation);
  return out;
}

packet from_a(packet_kind kind) {
  packet out;
  out.kind = kind;
  out.sender = "a";
  out.sender_process = 100;
  return out;
}

void hear(lone_member& me, const packet& what, gossip_channel channel = gossip_channel::datagram) {
  REQUIRE(me.core().on_message(me.now(), at(2), channel, encode_packet(what)).ok());
}

std::vector<std::uint64_t> hashes(const table_fingerprint& one) {
  return {one.hashes().begin(), one.hashes().end()};
}

const auto me_itself = record_of("me", 1);
const auto a = record_of("a", 2);
const auto b = record_of("b", 3);

} // namespace

TEST_CASE("a fingerprint tells tables apart by names, processes and incarnations, whatever their order") {
  CHECK(of({a, b}).root() == of({b, a}).root());
  CHECK(of({a, b}).root() != of({a}).root());
  CHECK(of({a}).root() != of({record_of("a", 2, 1)}).root());
  auto restarted = a;
  restarted.process = 101;
  CHECK(of({a}).root() != of({restarted}).root());
  const auto differing = of({a, b}).differing(of({a}).hashes());
  CHECK(std::popcount(differing) == 1);
  CHECK((differing >> table_fingerprint::bucket_of(table_fingerprint::hash_of("b"))) == 1);
  CHECK(of({a, b}).differing(of({b, a}).hashes()) == 0);
  // The hash of a name is part of the protocol.
  CHECK(table_fingerprint::hash_of("node-1") == 0x94A9'D409'86DA'123Du);
}

TEST_CASE("names spread over the buckets") {
  std::array<int, table_fingerprint::buckets> members{};
  for (int i = 0; i < 6'400; ++i)
    ++members[table_fingerprint::bucket_of(table_fingerprint::hash_of("node-" + std::to_string(i)))];
  for (const auto one : members) {
    CHECK(one > 50);
    CHECK(one < 200);
  }
}

TEST_CASE("a table that is the same is not answered, another with the hashes of its buckets") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}});
  auto compare = from_a(packet_kind::compare);
  compare.hashes = {of({me_itself, b, a}).root()};
  hear(me, compare);
  CHECK(me.take().empty());
  compare.hashes = {of({me_itself, a}).root()};
  const auto channel = GENERATE(gossip_channel::datagram, gossip_channel::stream);
  hear(me, compare, channel);
  const auto sent = me.take();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].what.kind == packet_kind::compare_reply);
  CHECK(sent[0].to(2));
  CHECK(sent[0].send.channel == channel);
  CHECK(sent[0].what.hashes == hashes(of({me_itself, b, a})));
}

TEST_CASE("only what differs is exchanged, by datagram when it fits") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}, {"c", 4}, {"d", 5}});
  const auto c = record_of("c", 4);
  auto reply = from_a(packet_kind::compare_reply);
  SECTION("nothing, when meanwhile nothing does") {
    reply.hashes = hashes(of({me_itself, a, b, c, record_of("d", 5)}));
    hear(me, reply);
    CHECK(me.take().empty());
  }
  SECTION("the bucket of the one that the other has not, and what is asked for in return") {
    reply.hashes = hashes(of({me_itself, a, b, c}));
    hear(me, reply);
    const auto sent = me.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].what.kind == packet_kind::push_pull);
    CHECK(sent[0].send.channel == gossip_channel::datagram);
    CHECK(std::popcount(sent[0].what.buckets) == 1);
    CHECK(sent[0].rumor_about<alive_rumor>("d") != nullptr);
    CHECK(sent[0].rumor_about<alive_rumor>("b") == nullptr);
    auto request = from_a(packet_kind::push_pull);
    request.buckets = sent[0].what.buckets;
    hear(me, request);
    const auto answer = me.take();
    REQUIRE(answer.size() == 1);
    CHECK(answer[0].what.kind == packet_kind::push_pull_reply);
    CHECK(answer[0].rumor_about<alive_rumor>("d") != nullptr);
    CHECK(answer[0].rumor_about<alive_rumor>("b") == nullptr);
  }
  SECTION("by stream when it is much") {
    for (std::uint8_t i = 10; i < 210; ++i)
      me.hear("many", 6, {alive_rumor{record_of("n" + std::to_string(i), i)}});
    me.take();
    reply.hashes = hashes(of({}));
    hear(me, reply);
    const auto sent = me.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].send.channel == gossip_channel::stream);
    CHECK(sent[0].what.rumors.size() == 205);
  }
}

TEST_CASE("the dead do not keep tables apart: who came later never knew them") {
  lone_member me;
  me.meet({{"a", 2}, {"b", 3}, {"c", 4}});
  me.hear("a", 2, {left_rumor{"b", 100, 0}});
  me.hear("a", 2, {suspect_rumor{"c", 100, 0, "a"}});
  me.take();
  auto compare = from_a(packet_kind::compare);
  compare.hashes = {of({me_itself, a, record_of("c", 4)}).root()};
  hear(me, compare);
  for (const auto& one : me.take())
    CHECK(one.what.kind != packet_kind::compare_reply);
}

TEST_CASE("tables are compared with one member each interval, by stream where datagrams do not get through") {
  lone_member me;
  me.meet({{"a", 2}});
  const auto ping = me.next(packet_kind::ping);
  const bool blocked = GENERATE(false, true);
  const auto channel = blocked ? gossip_channel::stream : gossip_channel::datagram;
  me.hear("a", 2, {}, packet_kind::ack, ping.what.sequence, channel);
  sent_packet compare;
  for (bool found = false; !found;) {
    me.run_for(1s);
    for (const auto& one : me.take()) {
      if (one.what.kind == packet_kind::ping)
        me.hear("a", 2, {}, packet_kind::ack, one.what.sequence, channel);
      if (one.what.kind != packet_kind::compare) continue;
      compare = one;
      found = true;
    }
  }
  CHECK(compare.to(2));
  CHECK(compare.send.channel == channel);
  CHECK(compare.what.hashes.front() == of({me_itself, a}).root());
}
