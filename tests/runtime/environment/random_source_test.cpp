#include "runtime/environment/random_source.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

using namespace troupe;

TEST_CASE("the generators give the published reference values") {
  // Of the authors' C programs, run with seed 1234567 and with state {1, 2, 3, 4}.
  splitmix64 mixer{1234567};
  for (const std::uint64_t expected : {6457827717110365317U, 3203168211198807973U, 9817491932198370423U,
                                       4593380528125082431U, 16408922859458223821U}) {
    CHECK(mixer.next() == expected);
  }
  xoshiro256 generator{std::array<std::uint64_t, 4>{1, 2, 3, 4}};
  for (const std::uint64_t expected : {11520U, 0U, 1509978240U}) {
    CHECK(generator.next() == expected);
  }
  for (const std::uint64_t expected : {1215971899390074240U, 1216172134540287360U, 607988272756665600U,
                                       16172922978634559625U, 8476171486693032832U}) {
    CHECK(generator.next() == expected);
  }
}

TEST_CASE("one seed repeats everything") {
  random_source a{42};
  random_source b{42};
  random_source c{43};
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto value = a.next();
    CHECK(value == b.next());
    differs |= value != c.next();
  }
  CHECK(differs);
}

TEST_CASE("a split stream depends on the seed, the name and the index, not on what was drawn") {
  random_source root{42};
  const auto early = root.split("membership").next();
  for (int i = 0; i < 10; ++i)
    root.next();
  CHECK(root.split("membership").next() == early);
  std::set<std::uint64_t> firsts{early};
  for (std::uint64_t i = 0; i < 1000; ++i)
    firsts.insert(root.split("edge", i).next());
  firsts.insert(root.split("edg").next());
  firsts.insert(random_source{43}.split("membership").next());
  firsts.insert(root.split("membership").split("membership").next());
  CHECK(firsts.size() == 1004);
}

TEST_CASE("below is in range and without bias") {
  random_source random{1};
  CHECK(random.below(0) == 0);
  CHECK(random.below(1) == 0);
  // With a bound of 3/4 of the range a biased method shows at once: the remainder of a division gives values
  // below 2^62 half of the time, a multiplication without the rejected interval gives multiples of 3 half of
  // the time.
  const std::uint64_t bound = 3ULL << 62;
  int low = 0;
  int multiples = 0;
  constexpr int draws = 30000;
  for (int i = 0; i < draws; ++i) {
    const auto value = random.below(bound);
    REQUIRE(value < bound);
    low += value < (1ULL << 62);
    multiples += value % 3 == 0;
  }
  CHECK(std::abs(low - draws / 3) < 500); // 6 standard deviations
  CHECK(std::abs(multiples - draws / 3) < 500);
  std::array<int, 10> buckets{};
  for (int i = 0; i < draws; ++i)
    ++buckets[random.below(10)];
  for (const int count : buckets)
    CHECK(std::abs(count - draws / 10) < 320);
}

TEST_CASE("between includes both ends and takes any range") {
  random_source random{2};
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i)
    seen.insert(random.between(-1, 2));
  CHECK(seen == std::set<std::int64_t>{-1, 0, 1, 2});
  CHECK(random.between(5, 5) == 5);
  CHECK(random.between(6, 5) == 6);
  using limits = std::numeric_limits<std::int64_t>;
  bool negative = false;
  bool positive = false;
  for (int i = 0; i < 100; ++i)
    (random.between(limits::min(), limits::max()) < 0 ? negative : positive) = true;
  CHECK((negative && positive));
}

TEST_CASE("uniform and chance keep to their range") {
  random_source random{3};
  double sum = 0;
  int heads = 0;
  for (int i = 0; i < 10000; ++i) {
    const double value = random.uniform();
    REQUIRE((value >= 0 && value < 1));
    sum += value;
    heads += random.chance(0.25);
    REQUIRE_FALSE(random.chance(0));
    REQUIRE_FALSE(random.chance(-1));
    REQUIRE_FALSE(random.chance(std::nan("")));
    REQUIRE(random.chance(1));
  }
  CHECK(sum / 10000 == Approx(0.5).margin(0.02));
  CHECK(std::abs(heads - 2500) < 270);
}

TEST_CASE("fill writes every byte, little end first, and shuffle keeps the elements") {
  random_source random{4};
  random_source same{4};
  std::array<std::byte, 11> bytes{};
  random.fill(bytes);
  const auto word = same.next();
  for (std::size_t i = 0; i < 8; ++i)
    CHECK(bytes[i] == static_cast<std::byte>(word >> (8 * i)));
  const auto rest = same.next();
  for (std::size_t i = 8; i < 11; ++i)
    CHECK(bytes[i] == static_cast<std::byte>(rest >> (8 * (i - 8))));

  std::array<int, 4> cards{1, 2, 3, 4};
  std::set<std::array<int, 4>> orders;
  for (int i = 0; i < 1000; ++i) {
    random.shuffle(cards);
    orders.insert(cards);
  }
  CHECK(orders.size() == 24);
}
