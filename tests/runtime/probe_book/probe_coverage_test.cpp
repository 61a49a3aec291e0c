#include "runtime/probe_book/probe_coverage.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

probe_site site(probe_kind kind, std::string_view text, std::uint32_t line) {
  return {kind, text, "runtime/test/a.cpp", line};
}

void count(probe_coverage& into, const probe_site& at, std::uint64_t reached, std::uint64_t held) {
  into.at(at).reached += reached;
  into.at(at).held += held;
}

} // namespace

TEST_CASE("coverage of many runs adds up") {
  const auto a = site(probe_kind::always, "a", 1);
  const auto s = site(probe_kind::sometimes, "s", 2);
  probe_coverage one;
  one.add_run();
  count(one, a, 3, 2);
  one.add({a, 5, 3});
  probe_coverage two;
  two.add_run();
  count(two, a, 4, 4);
  count(two, s, 1, 0);

  probe_coverage total{1};
  total.merge(one);
  total.merge(two);
  CHECK(total.runs() == 2);
  CHECK(total.total(probe_kind::always, "a") == probe_counts{7, 6});
  CHECK(total.total(probe_kind::sometimes, "s") == probe_counts{1, 0});
  CHECK(total.total(probe_kind::sometimes, "a") == probe_counts{0, 0});
  CHECK_FALSE(total.ok());
  CHECK(two.ok());

  total.merge(one);
  CHECK(total.violations().size() == 1); // at its bound
  CHECK(total.total(probe_kind::always, "a") == probe_counts{10, 8});
  total.merge(total);
  CHECK(total.total(probe_kind::always, "a") == probe_counts{20, 16});
  CHECK(total.runs() == 6);
}

TEST_CASE("the same place compiled twice is one, the same text at two places is two") {
  probe_coverage book;
  const probe_site first = site(probe_kind::sometimes, "s", 2);
  const probe_site again = first;
  count(book, first, 1, 0);
  count(book, again, 1, 1);
  count(book, site(probe_kind::sometimes, "s", 3), 1, 1);
  REQUIRE(book.records().size() == 2);
  CHECK(book.records()[0].counts == probe_counts{2, 1});
  CHECK(book.total(probe_kind::sometimes, "s") == probe_counts{3, 2});
}

TEST_CASE("the report tells what was violated, never seen and never reached") {
  probe_coverage book;
  for (int i = 0; i < 3; ++i)
    book.add_run();
  const auto broken = site(probe_kind::always, "credit is never negative", 10);
  count(book, broken, 100, 98);
  book.add({broken, 77, 4});
  count(book, site(probe_kind::always, "holds", 11), 5, 5);
  count(book, site(probe_kind::unreachable, "no way", 12), 1, 0);
  count(book, site(probe_kind::unreachable, "nowhere", 13), 0, 0);
  count(book, site(probe_kind::sometimes, "seen", 20), 9, 2);
  count(book, site(probe_kind::sometimes, "unseen", 21), 9, 0);
  count(book, site(probe_kind::sometimes, "not there", 22), 0, 0);
  count(book, site(probe_kind::buggify, "link.flush_late", 30), 8, 1);
  count(book, site(probe_kind::planted_bug, "reply_sent_twice", 40), 8, 0);
  CHECK(book.report() == R"(probes in 3 runs
always: 2 places, 1 violated, 0 never reached
  VIOLATED       runtime/test/a.cpp:10 "credit is never negative": 2 of 100 times, first with seed 77
unreachable: 2 places, 1 violated, 1 never reached
  VIOLATED       runtime/test/a.cpp:12 "no way": 1 of 1 times
sometimes: 3 places, 1 never true, 1 never reached
  never reached  runtime/test/a.cpp:22 "not there"
  true           runtime/test/a.cpp:20 "seen": 2 of 9 times
  never true     runtime/test/a.cpp:21 "unseen": reached 9 times
buggify: 1 places, 0 never fired, 0 never reached
  fired          runtime/test/a.cpp:30 "link.flush_late": 1 of 8 times
planted bugs: 1 places, 1 never fired, 0 never reached
  never fired    runtime/test/a.cpp:40 "reply_sent_twice": reached 8 times
)");
}

TEST_CASE("an empty book reports that nothing was seen") {
  const probe_coverage book;
  CHECK(book.ok());
  CHECK(book.report() == "probes in 0 runs\n");
}
