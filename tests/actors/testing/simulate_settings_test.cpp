// What the environment may say to simulate().
#include "actors/testing/simulate_settings.hpp"
#include "actors/testing/trace_difference.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace troupe::detail;

namespace {

simulate_settings read(std::map<std::string, std::string> variables) {
  return read_simulate_settings([&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

using seeds = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("without variables the test decides") {
  CHECK(read({}).chosen(3) == seeds{1, 2, 3});
  CHECK_FALSE(read({}).once);
  CHECK(read({{"TROUPE_SIM_SEED", ""}}).chosen(1) == seeds{1});
}

TEST_CASE("seeds are chosen by number, count, beginning and shard") {
  CHECK(read({{"TROUPE_SIM_SEED", "17"}}).chosen(3) == seeds{17});
  CHECK(read({{"TROUPE_SIM_SEED", "17"}, {"TROUPE_SIM_SHARD", "2/2"}}).chosen(3) == seeds{17});
  CHECK(read({{"TROUPE_SIM_SEEDS", "2"}}).chosen(3) == seeds{1, 2});
  CHECK(read({{"TROUPE_SIM_SEEDS", "2"}, {"TROUPE_SIM_FIRST_SEED", "100"}}).chosen(3) == seeds{100, 101});
  CHECK(read({{"TROUPE_SIM_SHARD", "1/3"}}).chosen(7) == seeds{1, 4, 7});
  CHECK(read({{"TROUPE_SIM_SHARD", "3/3"}}).chosen(7) == seeds{3, 6});
  CHECK(read({{"TROUPE_SIM_SHARD", "3/3"}}).chosen(2).empty());
}

TEST_CASE("other variables") {
  const auto all = read({{"TROUPE_SIM_ONCE", "1"},
                         {"TROUPE_SIM_TRACE", "t"},
                         {"TROUPE_SIM_PLAN", "p"},
                         {"TROUPE_SIM_PLAN_OUT", "o"},
                         {"TROUPE_SIM_LOG", "debug"},
                         {"TROUPE_SIM_PLANTED_BUGS", "a,,b_c"},
                         {"TROUPE_SIM_COVERAGE", "1"}});
  CHECK(all.once);
  CHECK(all.coverage);
  CHECK(all.trace_file == "t");
  CHECK(all.plan_file == "p");
  CHECK(all.plan_out_file == "o");
  CHECK(all.level == troupe::log_level::debug);
  CHECK(all.planted_bugs == std::vector<std::string>{"a", "b_c"});
  CHECK_FALSE(read({{"TROUPE_SIM_ONCE", "0"}}).once);
  CHECK(read({}).cpu_limit.count() == 60);
  CHECK(read({{"TROUPE_SIM_CPU_LIMIT", "0"}}).cpu_limit.count() == 0);
}

TEST_CASE("nonsense is refused, naming the variable") {
  using pair = std::pair<std::string, std::string>;
  const auto wrong = GENERATE(values<pair>({{"TROUPE_SIM_SEED", "x"},
                                            {"TROUPE_SIM_SEED", "-1"},
                                            {"TROUPE_SIM_SEED", "1 "},
                                            {"TROUPE_SIM_SEEDS", "0"},
                                            {"TROUPE_SIM_SEEDS", "10000001"},
                                            {"TROUPE_SIM_SHARD", "1"},
                                            {"TROUPE_SIM_SHARD", "0/2"},
                                            {"TROUPE_SIM_SHARD", "3/2"},
                                            {"TROUPE_SIM_SHARD", "1/"},
                                            {"TROUPE_SIM_LOG", "loud"},
                                            {"TROUPE_SIM_CPU_LIMIT", "1000001"}}));
  CHECK_THROWS_WITH(read({wrong}), Catch::Contains(wrong.first));
}

TEST_CASE("two texts part at a line") {
  CHECK_FALSE(first_difference("", ""));
  CHECK_FALSE(first_difference("a\nb\n", "a\nb\n"));
  const auto found = first_difference("1\n2\n3\n4\n5\n6\n7\nx\n9\n", "1\n2\n3\n4\n5\n6\n7\ny\n9\n");
  REQUIRE(found);
  CHECK(*found
        == "the first event that differs is number 8, after\n  3\n  4\n  5\n  6\n  7\none run:   x\nthe "
           "other: y\n");
  CHECK(first_difference("a\n", "a\nb\n")
        == "the first event that differs is number 2, after\n  a\none run:   (has ended)\nthe other: b\n");
  CHECK(first_difference("a\nb\n", "a\n")
        == "the first event that differs is number 2, after\n  a\none run:   b\nthe other: (has ended)\n");
}
