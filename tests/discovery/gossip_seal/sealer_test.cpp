#include "sealers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

using namespace troupe;
using namespace troupe::gossip_test;

namespace {

std::string hex(const datagram& bytes) {
  std::string out;
  for (const auto byte : bytes)
    out += fmt::format("{:02x}", std::to_integer<int>(byte));
  return out;
}

} // namespace

TEST_CASE("what one node seals another one opens") {
  for (const std::string_view keys : {"a", ""}) {
    auto one = node("one", keys);
    auto two = node("two", keys);
    CHECK(one.is_sealed() == !keys.empty());
    const auto sealed = seal(one, "join me");
    CHECK(sealed.size() == 7 + gossip_overhead);
    const auto out = two.open(sealed, here, start + 20ms);
    REQUIRE(std::holds_alternative<opened_gossip>(out));
    const auto& opened = std::get<opened_gossip>(out);
    CHECK(opened.payload == bytes_of("join me"));
    CHECK(opened.sender == one.sender());
    CHECK(opened.sender != two.sender());
    CHECK(opened.sequence == 1);
    CHECK(opened.behind == 20ms);
    CHECK(open(two, seal(one, ""), start, here).empty());
    CHECK(one.counters().sealed == 2);
    CHECK(two.counters().opened == 2);
    CHECK(two.counters().senders == 1);
  }
}

TEST_CASE("a sealed datagram shows nothing of its payload, a plain one all of it") {
  const std::string secret = "attack at dawn";
  auto sealer = node("one");
  auto plain = node("one", "");
  const auto shows = [&](const datagram& bytes) {
    const auto part = bytes_of(secret);
    return std::search(bytes.begin(), bytes.end(), part.begin(), part.end()) != bytes.end();
  };
  CHECK_FALSE(shows(seal(sealer, secret)));
  CHECK(shows(seal(plain, secret)));
}

TEST_CASE("datagrams look as they are documented") {
  // Made by another implementation from the comment in gossip_frame.hpp.
  auto options = options_of("one");
  options.entropy.fill(std::byte{0x5A});
  options.first_sequence = (3ULL << 22) + 5; // so that the run of numbers counts
  auto sealer = make(options);
  CHECK(hex(seal(sealer, "ping", start + 1234ms))
        == "0101401083d06cd588e863768a33e43b569771e74d2d36faf71ed7fbfb9cd2acda769b010500c000000021f94dd5d17bb"
           "89355e3fe44a6fe21e00a646b2b");
  options.keys.reset();
  auto plain = make(options);
  CHECK(hex(seal(plain, "ping", start + 1234ms))
        == "0100401083d00000000000000000e43b569771e74d2d36faf71ed7fbfb9cd2acda769b010500c000000070696e67de070"
           "5289b31122c203c7175664f9a9c");
}

TEST_CASE("every altered bit is noticed") {
  for (const std::string_view keys : {"ab", ""}) {
    auto one = node("one", keys);
    const auto sealed = seal(one);
    for (std::size_t at = 0; at < sealed.size() * 8; ++at) {
      auto two = node("two", keys);
      auto altered = sealed;
      altered[at / 8] ^= static_cast<std::byte>(1 << at % 8);
      INFO("bit " << at << ": " << open(two, altered, start, here));
      REQUIRE(two.counters().opened == 0);
      CHECK(two.counters().senders == 0); // a forgery leaves nothing behind
      // Nor does it keep the genuine one out.
      CHECK(open(two, sealed, start, here) == "ping");
    }
  }
}

TEST_CASE("every reason has a name and a count") {
  auto one = node("one");
  auto two = node("two");
  const auto sealed = seal(one);
  auto expected = gossip_counters{}.dropped;
  const auto check = [&](const datagram& what, gossip_drop why) {
    CHECK(open(two, what) == "!" + std::string{to_string(why)});
    ++expected[static_cast<std::size_t>(why)];
    CHECK(two.counters().dropped == expected);
    CHECK(two.counters().dropped_for(why) == expected[static_cast<std::size_t>(why)]);
  };
  check(datagram(max_datagram_size + 1, std::byte{1}), gossip_drop::too_large);
  check({}, gossip_drop::truncated);
  check(datagram(1, std::byte{1}), gossip_drop::truncated);
  check({sealed.begin(), sealed.begin() + gossip_overhead - 1}, gossip_drop::truncated);
  auto altered = sealed;
  altered[0] = std::byte{2};
  check(altered, gossip_drop::version);
  altered = sealed;
  altered[1] = std::byte{2};
  check(altered, gossip_drop::version);
  check(bytes_of("GET / HTTP/1.1\r\n"), gossip_drop::version);
  auto other = options_of("one");
  other.cluster = "shoP";
  auto neighbour = make(other);
  check(seal(neighbour), gossip_drop::other_cluster);
  auto plain = node("one", "");
  check(seal(plain), gossip_drop::unexpected_plain);
  auto stranger = node("one", "b");
  check(seal(stranger), gossip_drop::unknown_key);
  check(seal(two), gossip_drop::reflected);
  altered = sealed;
  altered.back() ^= std::byte{1};
  check(altered, gossip_drop::forged);
  altered = sealed;
  altered.push_back(std::byte{0});
  check(altered, gossip_drop::forged);
  altered = sealed;
  altered.pop_back();
  check(altered, gossip_drop::forged);
  auto late = options_of("late");
  late.started -= 61s;
  auto slow = make(late);
  check(seal(slow), gossip_drop::stale);
  CHECK(open(two, sealed) == "ping");
  check(sealed, gossip_drop::replayed);

  std::set<std::string_view> names;
  for (std::size_t why = 0; why < gossip_drop_count; ++why)
    names.insert(to_string(static_cast<gossip_drop>(why)));
  CHECK(names.size() == gossip_drop_count);
  CHECK_FALSE(names.contains("unknown"));
}

TEST_CASE("a plain node takes nothing that is sealed, and nothing of another machine") {
  auto one = node("one", "");
  auto two = node("two", "");
  auto sealed = node("one");
  CHECK(open(two, seal(sealed), start, here) == "!unexpected_sealed");
  CHECK(open(two, seal(one), start, elsewhere) == "!not_loopback");
  CHECK(open(two, seal(one), start, endpoint{*ip_address::parse("::1"), 1}) == "ping");
  auto options = options_of("three", "");
  options.plain_beyond_loopback = true;
  auto three = make(options);
  CHECK(open(three, seal(one), start, elsewhere) == "ping");
}

TEST_CASE("clusters of one key and of names that share their hint do not hear each other") {
  // The hint of a neighbour's datagram is overwritten with ours: the name is in the tag as well.
  for (const std::string_view keys : {"a", ""}) {
    auto other = options_of("one", keys);
    other.cluster = "shop-staging";
    auto neighbour = make(other);
    auto one = node("one", keys);
    auto two = node("two", keys);
    auto foreign = seal(neighbour);
    CHECK(open(two, foreign, start, here) == "!other_cluster");
    const auto ours = seal(one);
    std::copy_n(ours.begin() + 2, 4, foreign.begin() + 2);
    CHECK(open(two, foreign, start, here) == "!forged");
  }
}

TEST_CASE("a key of another fingerprint does not open") {
  auto one = node("one", "ab");
  auto two = node("two", "ab");
  auto sealed = seal(one);
  const auto other = key_of('b').fingerprint();
  std::copy(other.bytes.begin(), other.bytes.end(), sealed.begin() + 6);
  CHECK(open(two, sealed) == "!forged");
}

TEST_CASE("keys change while three nodes go on talking") {
  std::vector<gossip_sealer> nodes;
  for (const auto* name : {"one", "two", "three"})
    nodes.push_back(node(name));
  const auto all_talk = [&] {
    for (auto& from : nodes) {
      for (auto& to : nodes) {
        if (&from != &to) CHECK(open(to, seal(from)) == "ping");
      }
    }
  };
  const auto a = key_of('a').fingerprint();
  const auto b = key_of('b').fingerprint();
  all_talk();
  for (auto& each : nodes) {
    REQUIRE(each.add_key(key_of('b')).ok());
    all_talk();
  }
  for (auto& each : nodes) {
    REQUIRE(each.use_key(b).ok());
    all_talk();
  }
  auto outsider = node("outsider", "a");
  CHECK(open(nodes[0], seal(outsider)) == "ping");
  for (auto& each : nodes) {
    REQUIRE(each.remove_key(a).ok());
    all_talk();
  }
  CHECK(open(nodes[0], seal(outsider)) == "!unknown_key");
  CHECK(open(outsider, seal(nodes[0])) == "!unknown_key");
  CHECK(nodes[0].keys() == std::vector<gossip_keyring::entry>{{b, true}});
  CHECK(nodes[0].remove_key(b).code() == status_code::failed_precondition);
  CHECK(nodes[0].use_key(a).code() == status_code::not_found);
}

TEST_CASE("changing keys does not make what was seen new") {
  auto one = node("one", "ab");
  auto two = node("two", "ab");
  const auto before = seal(one);
  CHECK(open(two, before) == "ping");
  REQUIRE(one.use_key(key_of('b').fingerprint()).ok());
  const auto after = seal(one);
  CHECK(open(two, after) == "ping");
  CHECK(open(two, before) == "!replayed");
  CHECK(open(two, after) == "!replayed");
}

TEST_CASE("a plain node has no ring") {
  auto plain = node("one", "");
  CHECK(plain.add_key(key_of('a')).code() == status_code::failed_precondition);
  CHECK(plain.use_key(key_of('a').fingerprint()).code() == status_code::failed_precondition);
  CHECK(plain.remove_key(key_of('a').fingerprint()).code() == status_code::failed_precondition);
  CHECK(plain.keys().empty());
  CHECK_FALSE(plain.is_sealed());
}
