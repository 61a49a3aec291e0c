// How membership's messages are written, byte by byte, and what is refused.
#include "discovery/membership/membership_codec.hpp"
#include "discovery/membership/table_fingerprint.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace troupe;

namespace {

member_record full_record() {
  member_record out;
  out.name = "n1";
  out.process = 1'700'000'000'000'000'000;
  out.incarnation = 300;
  out.gossip = *endpoint::parse("10.0.0.7:7946");
  out.link = "10.0.0.7:4369";
  out.protocol_low = 1;
  out.protocol_high = 3;
  out.application_version = "1.4.0";
  out.metadata = {"eu-1a", {"orders", "stock"}, 8, {{"a", "1"}, {"rack", "r7"}}};
  out.unknown = {{9, "later"}};
  return out;
}

member_record small_record() {
  member_record out;
  out.name = "n2";
  out.process = 5;
  out.gossip = *endpoint::parse("[2001:db8::7]:7946");
  return out;
}

packet of(packet_kind kind) {
  packet out;
  out.kind = kind;
  out.sender = "n1";
  out.sender_process = 5;
  return out;
}

std::vector<std::pair<std::string, packet>> samples() {
  std::vector<std::pair<std::string, packet>> out;
  auto ping = of(packet_kind::ping);
  ping.sequence = 17;
  ping.target = "n2";
  ping.target_process = 6;
  out.emplace_back("ping 17 of n2", ping);
  ping.rumors = {suspect_rumor{"n2", 6, 3, "n1"}};
  out.emplace_back("ping with the buddy's word", ping);
  auto request = of(packet_kind::ping_request);
  request.sequence = 300;
  request.target = "n2";
  request.target_process = 6;
  request.target_endpoint = *endpoint::parse("10.0.0.8:7946");
  out.emplace_back("ping request", request);
  auto ack = of(packet_kind::ack);
  ack.sequence = 17;
  out.emplace_back("ack", ack);
  auto nack = of(packet_kind::nack);
  nack.sequence = 17;
  out.emplace_back("nack", nack);
  auto gossip = of(packet_kind::gossip);
  gossip.rumors = {alive_rumor{full_record()},   alive_rumor{small_record()}, suspect_rumor{"n2", 6, 3, "n1"},
                   dead_rumor{"n3", 7, 4, "n4"}, left_rumor{"n5", 8, 0},      left_rumor{"n5", 9, 8},
                   claim_rumor{"n5", 8, 9}};
  out.emplace_back("gossip with every rumor", gossip);
  out.emplace_back("push-pull", of(packet_kind::push_pull));
  out.back().second.buckets = 0x8000'0000'0000'0105;
  out.back().second.rumors = {alive_rumor{small_record()}};
  out.emplace_back("push-pull reply", of(packet_kind::push_pull_reply));
  out.emplace_back("compare", of(packet_kind::compare));
  out.back().second.hashes = {0x0123'4567'89AB'CDEF};
  out.back().second.rumors = {left_rumor{"n5", 8, 0}};
  out.emplace_back("compare reply", of(packet_kind::compare_reply));
  for (std::uint64_t i = 0; i < table_fingerprint::buckets; ++i)
    out.back().second.hashes.push_back(i << 32);
  return out;
}

std::string hex(std::span<const std::byte> bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    out += fmt::format("{}{:02x}", i == 0 ? "" : i % 24 == 0 ? "\n" : " ", std::to_integer<int>(bytes[i]));
  return out;
}

} // namespace

TEST_CASE("gossip packets are written as they were") {
  std::string text;
  for (const auto& [title, what] : samples())
    text += fmt::format("{}# {}\n{}\n", text.empty() ? "" : "\n", title, hex(encode_packet(what)));
  const auto path = fmt::format("{}/golden/packets.txt", TROUPE_TEST_FOLDER);
  if (std::getenv("TROUPE_REWRITE") != nullptr) {
    std::ofstream{path} << text;
    int number = 0;
    for (const auto& [title, what] : samples()) {
      const auto bytes = encode_packet(what);
      std::ofstream{fmt::format("{}/corpus/membership_packet/{}", TROUPE_TEST_FOLDER, ++number),
                    std::ios::binary}
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
  }
  std::ostringstream content;
  content << std::ifstream{path}.rdbuf();
  CHECK(content.str() == text);
}

TEST_CASE("gossip packets come back as they were") {
  for (const auto& [title, what] : samples()) {
    INFO(title);
    const auto again = decode_packet(encode_packet(what));
    REQUIRE(again.has_value());
    CHECK(*again == what);
  }
}

TEST_CASE("a packet that is cut off is refused, except between two rumors") {
  for (const auto& [title, what] : samples()) {
    const auto bytes = encode_packet(what);
    auto head = what;
    std::vector<std::size_t> whole;
    const auto rumors = std::exchange(head.rumors, {});
    whole.push_back(encode_packet(head).size());
    for (const auto& one : rumors) {
      head.rumors.push_back(one);
      whole.push_back(encode_packet(head).size());
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      INFO(title << ", " << size << " of " << bytes.size());
      const bool taken = decode_packet(std::span{bytes}.first(size)).has_value();
      CHECK(taken == (std::find(whole.begin(), whole.end(), size) != whole.end()));
    }
  }
}

TEST_CASE("what a newer version adds is skipped or kept") {
  auto bytes = encode_packet(samples()[0].second);
  SECTION("a rumor of an unknown kind is skipped and counted") {
    for (const int one : {77, 2, 1, 2})
      bytes.push_back(static_cast<std::byte>(one));
    const auto got = decode_packet(bytes);
    REQUIRE(got.has_value());
    CHECK(got->skipped_rumors == 1);
    CHECK(got->rumors.empty());
  }
  SECTION("a packet of an unknown kind or version is refused") {
    bytes[1] = std::byte{10};
    CHECK(decode_packet(bytes).error().code() == status_code::unimplemented);
    bytes[1] = std::byte{0};
    CHECK(decode_packet(bytes).error().code() == status_code::unimplemented);
    bytes[0] = std::byte{2};
    CHECK(decode_packet(bytes).error().code() == status_code::unimplemented);
  }
  SECTION("an unknown field of a record travels on") {
    auto gossip = of(packet_kind::gossip);
    gossip.rumors = {alive_rumor{full_record()}};
    const auto got = decode_packet(encode_packet(gossip));
    REQUIRE(got.has_value());
    CHECK(std::get<alive_rumor>(got->rumors[0]).record.unknown == full_record().unknown);
    CHECK(encode_packet(*got) == encode_packet(gossip));
  }
}

TEST_CASE("a rumor with broken content is refused") {
  const auto refused = [](const rumor& what, auto change) {
    auto bytes = encode_packet(of(packet_kind::gossip));
    auto body = encode_rumor(what);
    change(body);
    bytes.insert(bytes.end(), body.begin(), body.end());
    return !decode_packet(bytes).has_value();
  };
  const auto nothing = [](gossip_bytes&) {};
  CHECK_FALSE(refused(left_rumor{"n5", 8, 0}, nothing));
  CHECK(refused(left_rumor{"", 8, 0}, nothing));
  CHECK(refused(left_rumor{std::string(256, 'x'), 8, 0}, nothing));
  CHECK(refused(suspect_rumor{"n5", 8, highest_incarnation + 1, "n1"}, nothing));
  CHECK(refused(suspect_rumor{"n5", 8, 1, ""}, nothing));
  SECTION("with something behind its fields") {
    CHECK(refused(left_rumor{"n5", 8, 0}, [](gossip_bytes& body) {
      body[1] = static_cast<std::byte>(std::to_integer<int>(body[1]) + 1);
      body.push_back(std::byte{0});
    }));
  }
  SECTION("a number in a longer form than it needs") {
    CHECK(refused(left_rumor{"n5", 8, 0}, [](gossip_bytes& body) {
      body[1] = static_cast<std::byte>(std::to_integer<int>(body[1]) + 1);
      body.back() = std::byte{0x80};
      body.push_back(std::byte{0});
    }));
  }
  SECTION("a record with fields out of order, twice, or too large") {
    auto record = small_record();
    record.unknown = {{9, "b"}, {8, "a"}};
    CHECK(refused(alive_rumor{record}, nothing));
    record.unknown = {{4, "zone"}};
    record.metadata.zone = "other";
    CHECK(refused(alive_rumor{record}, nothing));
    record.unknown = {{9, std::string(largest_record_bytes, 'x')}};
    CHECK(refused(alive_rumor{record}, nothing));
    record.unknown.clear();
    record.protocol_low = 4;
    CHECK(refused(alive_rumor{record}, nothing));
  }
}

TEST_CASE("a record is checked before it is spread") {
  CHECK(check_member_record(full_record()).ok());
  auto record = small_record();
  record.name.clear();
  CHECK_FALSE(check_member_record(record).ok());
  record.name = std::string(256, 'x');
  CHECK_FALSE(check_member_record(record).ok());
  record = small_record();
  record.gossip.port = 0;
  CHECK_FALSE(check_member_record(record).ok());
  record = small_record();
  record.metadata.values["big"] = std::string(800, 'x');
  CHECK_FALSE(check_member_record(record).ok());
  record = small_record();
  record.unknown = {{7, "x"}, {2, "y"}};
  CHECK_FALSE(check_member_record(record).ok());
}
