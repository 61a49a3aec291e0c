#include "discovery/split_brain/split_brain_strategy.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using strategy = split_brain_strategy;

namespace {

// "a b | c d": who is here, and who is not. The age is that of the alphabet backwards: the last one is the
// oldest.
std::vector<split_brain_member> view(std::string_view text) {
  std::vector<split_brain_member> out;
  bool reachable = true;
  for (const char each : text) {
    if (each == '|') reachable = false;
    if (each < 'a' || each > 'z') continue;
    out.push_back({std::string(1, each), static_cast<std::uint64_t>('z' - each + 1), {}, reachable});
  }
  return out;
}

bool stays(const split_brain_rules& rules, std::string_view text) { return judge(rules, view(text)).stays; }

split_brain_rules rules_of(strategy which, std::size_t members) {
  split_brain_rules out;
  out.strategy = which;
  out.referee = "b";
  out.quorum = members / 2 + 1;
  return out;
}

// Calls f(sides) with each way to break n members into sides: sides[i] is that of member i.
template <class F>
void each_partition(std::size_t n, F f, std::vector<std::size_t> sides = {}, std::size_t used = 0) {
  if (sides.size() == n) return f(sides, used);
  sides.push_back(0);
  for (std::size_t side = 0; side <= used; ++side) {
    sides.back() = side;
    each_partition(n, f, sides, std::max(used, side + 1));
  }
}

} // namespace

TEST_CASE("keep-majority: more than half stays; of two halves the one with the first name") {
  const split_brain_rules rules;
  CHECK(stays(rules, "a b c | d e"));
  CHECK_FALSE(stays(rules, "d e | a b c"));
  CHECK(stays(rules, "a d | b c"));
  CHECK_FALSE(stays(rules, "b c | a d"));
  CHECK_FALSE(stays(rules, "a | b c"));
  CHECK(stays(rules, "a b c"));
  CHECK(
    judge(rules, view("b c | a d")).reason
    == "keep-majority: 2 members are here and as many elsewhere; a, whose name comes first, is elsewhere");
}

TEST_CASE("keep-oldest: the side of the oldest stays, unless it is alone there") {
  split_brain_rules rules;
  rules.strategy = strategy::keep_oldest;
  CHECK(stays(rules, "d e | a b c"));
  CHECK_FALSE(stays(rules, "a b c | d e"));
  CHECK_FALSE(stays(rules, "e | a b c d"));
  CHECK(stays(rules, "a b c d | e"));
  CHECK_FALSE(stays(rules, "a b c | d e"));
  CHECK(stays(rules, "e"));
  CHECK(judge(rules, view("a b | e")).reason == "keep-oldest: e is elsewhere, alone");
  rules.oldest_alone_loses = false;
  CHECK(stays(rules, "e | a b c d"));
  CHECK_FALSE(stays(rules, "a b c d | e"));
}

TEST_CASE("keep-oldest: of members that started at once, the first name is the oldest") {
  split_brain_rules rules;
  rules.strategy = strategy::keep_oldest;
  std::vector<split_brain_member> members{
    {"b", 1, {}, true}, {"c", 1, {}, true}, {"a", 1, {}, false}, {"d", 1, {}, false}};
  CHECK_FALSE(judge(rules, members).stays);
  for (auto& each : members)
    each.reachable = !each.reachable;
  CHECK(judge(rules, members).stays);
}

TEST_CASE("keep-referee: the side that sees the referee stays") {
  auto rules = rules_of(strategy::keep_referee, 3);
  CHECK(stays(rules, "b | a c"));
  CHECK_FALSE(stays(rules, "a c | b"));
  CHECK_FALSE(stays(rules, "a c"));
}

TEST_CASE("static-quorum: a side with so many members stays; with too many members nobody does") {
  auto rules = rules_of(strategy::static_quorum, 5);
  CHECK(stays(rules, "a b c | d e"));
  CHECK_FALSE(stays(rules, "d e | a b c"));
  CHECK_FALSE(stays(rules, "a b | c"));
  CHECK_FALSE(stays(rules, "a b c d | e f"));
  CHECK(judge(rules, view("a b c d | e f")).reason
        == "static-quorum: with 6 members, two sides could have the quorum of 3; raise it to 4");
}

TEST_CASE("down-all: nobody stays") { CHECK_FALSE(stays(rules_of(strategy::down_all, 3), "a b | c")); }

TEST_CASE("only members with the role count") {
  split_brain_rules rules;
  rules.role = "storage";
  auto members = view("a b c | d e");
  members[3].roles = members[4].roles = {"storage", "other"};
  members[0].roles = {"storage"};
  members[1].roles = {"other"};
  CHECK_FALSE(judge(rules, members).stays);
  members[1].roles = members[2].roles = {"storage"};
  CHECK(judge(rules, members).stays);
}

TEST_CASE("of all ways to break a cluster, none leaves two sides that stay") {
  for (const auto which :
       {strategy::keep_majority, strategy::keep_oldest, strategy::keep_referee, strategy::static_quorum}) {
    for (const bool alone_loses : {false, true}) {
      std::size_t somebody = 0, partitions = 0;
      for (std::size_t n = 1; n <= 7; ++n) {
        auto rules = rules_of(which, n);
        rules.oldest_alone_loses = alone_loses;
        each_partition(n, [&](const std::vector<std::size_t>& sides, std::size_t count) {
          std::size_t staying = 0;
          for (std::size_t side = 0; side < count; ++side) {
            auto members = view(std::string_view{"abcdefg"}.substr(0, n));
            for (std::size_t i = 0; i < n; ++i)
              members[i].reachable = sides[i] == side;
            staying += judge(rules, members).stays;
          }
          if (staying > 1) FAIL(to_string(which) << ": " << staying << " sides of " << n << " members stay");
          somebody += staying;
          ++partitions;
          if (count == 1 && which != strategy::keep_referee) CHECK(staying == 1);
          // In two parts one stays always, and that is what these are for.
          if (count == 2 && (which == strategy::keep_majority || which == strategy::keep_oldest))
            CHECK(staying == 1);
        });
      }
      CHECK(somebody > partitions / 4);
    }
  }
}

TEST_CASE("strategies and losses have names") {
  for (const auto each : {strategy::keep_majority, strategy::keep_oldest, strategy::keep_referee,
                          strategy::static_quorum, strategy::down_all})
    CHECK(parse_split_brain_strategy(to_string(each)).value() == each);
  for (const auto each : {split_brain_loss::leave, split_brain_loss::restart, split_brain_loss::read_only})
    CHECK(parse_split_brain_loss(to_string(each)).value() == each);
  CHECK(parse_split_brain_strategy("keep").error().message()
        == "'keep' is no split-brain strategy; there are keep-majority, keep-oldest, keep-referee, "
           "static-quorum, "
           "down-all");
  CHECK_FALSE(parse_split_brain_loss("stay").has_value());
}

TEST_CASE("a strategy needs its parameter") {
  split_brain_rules rules;
  CHECK(check(rules).ok());
  rules.strategy = strategy::keep_referee;
  CHECK_FALSE(check(rules).ok());
  rules.referee = "a";
  CHECK(check(rules).ok());
  rules.strategy = strategy::static_quorum;
  CHECK_FALSE(check(rules).ok());
  rules.quorum = 2;
  CHECK(check(rules).ok());
}
