#include "runtime/shrink/shrink.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <numeric>
#include <set>

using namespace troupe;
using enum shrink_verdict;

namespace {

using indices = kept_indices;

bool includes(const indices& some, const indices& needed) { return std::ranges::includes(some, needed); }

indices_test fails_with(indices needed) {
  return
    [needed = std::move(needed)](const indices& some) { return includes(some, needed) ? fails : passes; };
}

// The definition of 1-minimality, asked of the test itself.
bool is_minimal(const indices& kept, const indices_test& test) {
  if (test(kept) != fails) return false;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    auto without = kept;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    if (test(without) == fails) return false;
  }
  return true;
}

} // namespace

TEST_CASE("what is needed is found, and nothing else") {
  const indices needed{1, 7, 8};
  const auto out = shrink_indices(9, fails_with(needed));
  CHECK(out.kept == needed);
  CHECK(out.reproduced);
  CHECK(out.minimal);
}

TEST_CASE("a test that does not fail is left alone after one run") {
  for (const auto verdict : {passes, unresolved}) {
    const auto out = shrink_indices(5, [&](const indices&) { return verdict; });
    CHECK_FALSE(out.reproduced);
    CHECK_FALSE(out.minimal);
    CHECK(out.kept == indices{0, 1, 2, 3, 4});
    CHECK(out.runs == 1);
  }
}

TEST_CASE("a test that always fails needs nothing") {
  const auto out = shrink_indices(1000, [](const indices&) { return fails; });
  CHECK(out.kept.empty());
  CHECK(out.minimal);
  CHECK(out.runs == 2);
  CHECK(shrink_indices(0, [](const indices&) { return fails; }).minimal);
}

TEST_CASE("one of many is found by halving") {
  // Both halves may have to be asked, and at the end that nothing is enough.
  for (std::size_t which = 0; which < 1024; which += 37) {
    const auto out = shrink_indices(1024, fails_with({which}));
    CHECK(out.kept == indices{which});
    CHECK(out.runs <= 2 + 2 * 10);
  }
}

TEST_CASE("all of them may be needed") {
  const auto out = shrink_indices(4, fails_with({0, 1, 2, 3}));
  CHECK(out.kept.size() == 4);
  CHECK(out.minimal);
}

TEST_CASE("what is unresolved is not taken") {
  // The paper's figure: parts without 0 cannot be judged.
  const auto test = [](const indices& some) {
    if (some.empty()) return passes;
    return !std::ranges::binary_search(some, 0U) ? unresolved : includes(some, {0, 5}) ? fails : passes;
  };
  CHECK(shrink_indices(8, test).kept == indices{0, 5});
}

TEST_CASE("the bound on runs ends it with the best so far") {
  std::size_t asked = 0;
  const auto test = [&](const indices& some) {
    ++asked;
    return includes(some, {3, 40}) ? fails : passes;
  };
  const auto out = shrink_indices(64, test, {.runs = 10});
  CHECK(asked == 10);
  CHECK(out.runs == 10);
  CHECK_FALSE(out.minimal);
  CHECK(includes(out.kept, {3, 40}));
  CHECK(out.kept.size() < 64);
}

TEST_CASE("a monotone test: exactly its smallest cause, 1-minimal, nothing asked twice") {
  rc::check([] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 60);
    const auto chosen = *rc::gen::container<std::set<std::size_t>>(rc::gen::inRange<std::size_t>(0, count));
    const indices needed{chosen.begin(), chosen.end()};
    std::set<indices> asked;
    const auto out = shrink_indices(count,
                                    [&](const indices& some) {
                                      RC_ASSERT(asked.insert(some).second);
                                      RC_ASSERT(std::ranges::is_sorted(some));
                                      return fails_with(needed)(some);
                                    },
                                    {.runs = 100'000});
    RC_ASSERT(out.kept == needed);
    RC_ASSERT(out.minimal);
    RC_ASSERT(out.runs == asked.size());
    RC_ASSERT(out.runs <= count * count + 3 * count + 2);
  });
}

TEST_CASE("any test: the result fails and is 1-minimal") {
  rc::check([] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 10);
    const auto verdicts =
      *rc::gen::container<std::vector<int>>(std::size_t{1} << count, rc::gen::inRange(0, 3));
    const indices_test test = [&](const indices& some) {
      if (some.size() == count) return fails;
      std::size_t at = 0;
      for (const auto each : some)
        at |= std::size_t{1} << each;
      return static_cast<shrink_verdict>(verdicts[at]);
    };
    const auto out = shrink_indices(count, test, {.runs = 100'000});
    RC_ASSERT(out.reproduced);
    RC_ASSERT(out.minimal);
    RC_ASSERT(is_minimal(out.kept, test));
  });
}

TEST_CASE("any test and any bound: the result fails, within the bound") {
  rc::check([] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 10);
    const auto runs = *rc::gen::inRange<std::size_t>(1, 30);
    const auto needed = *rc::gen::inRange<std::size_t>(0, count);
    std::size_t asked = 0;
    const indices_test test = [&](const indices& some) {
      ++asked;
      return includes(some, {needed}) && some.size() != 2 ? fails : passes;
    };
    if (count == 2) return;
    const auto out = shrink_indices(count, test, {.runs = runs});
    RC_ASSERT(asked <= runs);
    RC_ASSERT(test(out.kept) == fails);
    if (out.minimal) RC_ASSERT(is_minimal(out.kept, test));
  });
}

namespace {

// Numbers get simpler towards zero.
std::vector<int> simpler_numbers(const int& number) {
  std::vector<int> out;
  for (const auto each : {0, number / 2, number - 1})
    if (each >= 0 && each < number && (out.empty() || out.back() != each)) out.push_back(each);
  return out;
}

} // namespace

TEST_CASE("items of the shortest list are made simpler") {
  // Fails while some item is at least 17 and another one, later, at least 5.
  const auto test = [](const std::vector<int>& some) {
    const auto large = std::ranges::find_if(some, [](int each) { return each >= 17; });
    return large != some.end() && std::any_of(large + 1, some.end(), [](int each) { return each >= 5; })
             ? fails
             : passes;
  };
  const auto out = shrink_list<int>({1, 90, 3, 60, 2, 70}, test, simpler_numbers);
  CHECK(out.items == std::vector<int>{17, 5});
  REQUIRE(out.origins.size() == 2);
  CHECK(out.origins[0] < out.origins[1]);
  CHECK(out.reproduced);
  CHECK(out.minimal);
}

TEST_CASE("a simpler item may make another superfluous") {
  // With 10 the second is needed; with less than 5 it is not.
  const auto test = [](const std::vector<int>& some) {
    if (some.empty() || some[0] < 1) return passes;
    return some.size() == 2 || some[0] < 5 ? fails : passes;
  };
  const auto out = shrink_list<int>({10, 10}, test, simpler_numbers);
  CHECK(out.items == std::vector<int>{1});
  CHECK(out.minimal);
}

TEST_CASE("making simpler keeps to the bound and says that it came first") {
  std::size_t asked = 0;
  const auto test = [&](const std::vector<int>& some) {
    ++asked;
    return !some.empty() && some[0] >= 100 ? fails : passes;
  };
  const auto out = shrink_list<int>({1'000'000}, test, simpler_numbers, {.runs = 12});
  CHECK(asked == 12);
  CHECK(out.runs == 12);
  CHECK_FALSE(out.minimal);
  CHECK(out.items.at(0) >= 100);
  CHECK(out.items.at(0) < 1'000'000);
}

TEST_CASE("any list: no item can be left out or made simpler") {
  rc::check([] {
    const auto items = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 40)));
    const auto sum = std::accumulate(items.begin(), items.end(), 0);
    const auto needed = *rc::gen::inRange(0, sum + 1);
    const auto odd = *rc::gen::inRange(1, 4);
    // Not monotone: the sum modulo something matters, too.
    const auto test = [&](const std::vector<int>& some) {
      const auto total = std::accumulate(some.begin(), some.end(), 0);
      if (some == items) return fails;
      return total >= needed && total % odd == 0 ? fails : passes;
    };
    const auto out = shrink_list<int>(items, test, simpler_numbers, {.runs = 1'000'000});
    RC_ASSERT(out.minimal);
    RC_ASSERT(test(out.items) == fails);
    for (std::size_t i = 0; i < out.items.size(); ++i) {
      auto without = out.items;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      RC_ASSERT(test(without) == passes);
      for (const auto candidate : simpler_numbers(out.items[i])) {
        auto other = out.items;
        other[i] = candidate;
        RC_ASSERT(test(other) == passes);
      }
    }
  });
}
