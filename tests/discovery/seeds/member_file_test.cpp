#include "discovery/seeds/member_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace troupe;

namespace {

endpoint at(std::uint8_t network, std::uint8_t host) { return {ip_address::v4(10, 0, network, host), 4370}; }

std::vector<endpoint> three() { return {at(0, 1), at(0, 2), endpoint::parse("[2001:db8::7]:4370").value()}; }

} // namespace

TEST_CASE("members are written as lines with a checksum, and read back") {
  const auto text = encode_members(three());
  CHECK(text == "troupe members 1\n10.0.0.1:4370\n10.0.0.2:4370\n[2001:db8::7]:4370\ncrc32 bef93ed1\n");
  CHECK(decode_members(text).value() == three());
  CHECK(decode_members(encode_members({})).value().empty());
}

TEST_CASE("a file that is cut anywhere is refused") {
  const auto text = encode_members(three());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto outcome = decode_members(text.substr(0, size));
    REQUIRE_FALSE(outcome.has_value());
    REQUIRE(outcome.error().code() == status_code::data_loss);
  }
  CHECK_FALSE(decode_members(text + "\n").has_value());
}

TEST_CASE("a file with any bit flipped is refused") {
  const auto text = encode_members(three());
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto flipped = text;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      REQUIRE_FALSE(decode_members(flipped).has_value());
    }
}

TEST_CASE("what is wrong with a file is said") {
  CHECK(decode_members("garbage").error() == data_loss("it does not begin as a list of members does"));
  CHECK(decode_members("troupe members 2\n").error()
        == data_loss("it is of a version that is not known here"));
  CHECK(decode_members("troupe members 1\n10.0.0.1:1").error() == data_loss("it ends before its checksum"));
  CHECK(decode_members("troupe members 1\n10.0.0.1:1\nx\n").error() == data_loss("line 3 is no address"));
  CHECK(decode_members("troupe members 1\ncrc32 00000000\n").error()
        == data_loss("its checksum does not fit its content"));
  CHECK(decode_members(std::string(max_member_file_bytes + 1, 'x')).error()
        == data_loss("it has 65537 bytes, more than 65536"));
}

TEST_CASE("the longest list fits into the largest file") {
  std::vector<endpoint> many;
  for (std::size_t i = 0; i < max_member_file_entries + 5; ++i) {
    ip_address::bytes_type bytes;
    bytes.fill(0xff);
    bytes[0] = static_cast<std::uint8_t>(i);
    bytes[2] = static_cast<std::uint8_t>(i >> 8);
    many.push_back({ip_address{bytes}, 65535});
  }
  const auto text = encode_members(many);
  CHECK(text.size() <= max_member_file_bytes);
  many.resize(max_member_file_entries);
  CHECK(decode_members(text).value() == many);
}

TEST_CASE("those chosen are spread over zones, then over networks") {
  std::vector<known_member> members;
  for (std::uint8_t host = 1; host <= 200; ++host)
    members.push_back({at(1, host), "a"}); // a crowd in one network
  for (std::uint8_t network = 2; network < 6; ++network)
    members.push_back({at(network, 1), "a"});
  for (std::uint8_t host = 1; host <= 3; ++host)
    members.push_back({at(9, host), "b"});
  const auto chosen = choose_members(members, 12, random_source{1});
  REQUIRE(chosen.size() == 12);
  CHECK(std::is_sorted(chosen.begin(), chosen.end()));
  std::map<std::uint8_t, int> of_network;
  for (const auto& each : chosen)
    ++of_network[each.address.bytes()[14]];
  CHECK(of_network == std::map<std::uint8_t, int>{{1, 5}, {2, 1}, {3, 1}, {4, 1}, {5, 1}, {9, 3}});
}

TEST_CASE("without a limit all are chosen, each once") {
  const std::vector<known_member> members{{at(0, 2), ""}, {at(0, 1), "a"}, {at(0, 2), "b"}};
  CHECK(choose_members(members, 10, random_source{1}) == std::vector{at(0, 1), at(0, 2)});
  CHECK(choose_members({}, 10, random_source{1}).empty());
}

TEST_CASE("a member that comes or goes changes little; another salt chooses others") {
  std::vector<known_member> members;
  for (std::uint8_t network = 0; network < 10; ++network)
    for (std::uint8_t host = 1; host <= 20; ++host)
      members.push_back({at(network, host), "a"});
  const auto before = choose_members(members, 64, random_source{1});
  auto reversed = members;
  std::reverse(reversed.begin(), reversed.end());
  CHECK(choose_members(reversed, 64, random_source{1}) == before);
  CHECK(choose_members(members, 64, random_source{2}) != before);
  for (std::size_t gone = 0; gone < members.size(); gone += 7) {
    auto fewer = members;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(gone));
    const auto after = choose_members(fewer, 64, random_source{1});
    std::vector<endpoint> lost;
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(lost));
    CHECK(lost.size() <= 2);
  }
}
