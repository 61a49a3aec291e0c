#include "discovery/seeds/seed_merge.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

std::vector<endpoint> list(std::initializer_list<const char*> texts) {
  std::vector<endpoint> out;
  for (const char* each : texts)
    out.push_back(endpoint::parse(each).value());
  return out;
}

} // namespace

TEST_CASE("groups are merged one of each in turn, without repetition") {
  const std::vector<std::vector<endpoint>> groups{
    list({"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"}), {}, list({"10.0.0.1:1", "[::1]:1"})};
  CHECK(merge_seeds(groups, {}, 10) == list({"10.0.0.1:1", "[::1]:1", "10.0.0.2:1", "10.0.0.3:1"}));
  CHECK(merge_seeds({}, {}, 10).empty());
}

TEST_CASE("a large group hides no other at the limit") {
  std::vector<std::vector<endpoint>> groups(2);
  for (std::uint8_t i = 1; i < 100; ++i)
    groups[0].push_back({ip_address::v4(10, 0, 0, i), 1});
  groups[1] = list({"10.1.0.1:1", "10.1.0.2:1"});
  CHECK(merge_seeds(groups, {}, 4) == list({"10.0.0.1:1", "10.1.0.1:1", "10.0.0.2:1", "10.1.0.2:1"}));
}

TEST_CASE("the node itself and what cannot be dialed are left out") {
  const std::vector<std::vector<endpoint>> groups{list({"10.0.0.1:1", "127.0.0.1:7", "127.0.0.1:8", "[::1]:7",
                                                        "10.0.0.1:7", "10.0.0.1:0", "0.0.0.0:9", "[::]:9"})};
  CHECK(merge_seeds(groups, list({"10.0.0.1:1"}), 10)
        == list({"127.0.0.1:7", "127.0.0.1:8", "[::1]:7", "10.0.0.1:7"}));
  CHECK(merge_seeds(groups, list({"0.0.0.0:7"}), 10) == list({"10.0.0.1:1", "127.0.0.1:8", "10.0.0.1:7"}));
}
