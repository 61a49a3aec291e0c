#include "runtime/probe_book/probe_book.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>

using namespace troupe;

namespace {

probe_site buggify_site(std::string_view name, double probability = -1) {
  return {probe_kind::buggify, name, "runtime/test/a.cpp", 1, probability};
}

// The answers of a book to one place, as text.
std::string answers(probe_book& book, const probe_site& site, int number = 64) {
  std::string out;
  for (int i = 0; i < number; ++i)
    out += book.buggify(site) ? '1' : '0';
  return out;
}

const probe_book_options always_enabled{.enable_probability = 1};

} // namespace

TEST_CASE("a quarter of the rare paths is enabled and then taken a quarter of the times") {
  int enabled = 0;
  int fired = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    probe_book book{random_source{seed}};
    const auto site = buggify_site("x.y");
    const std::string said = answers(book, site, 100);
    const bool is_enabled = book.enabled_buggifies() == std::vector<std::string>{"x.y"};
    enabled += is_enabled ? 1 : 0;
    const auto ones = static_cast<int>(std::count(said.begin(), said.end(), '1'));
    if (!is_enabled) CHECK(ones == 0);
    fired += ones;
    CHECK(book.coverage().total(probe_kind::buggify, "x.y") == probe_counts{100, std::uint64_t(ones)});
  }
  CHECK(enabled > 430); // 500 expected, deviation 19
  CHECK(enabled < 570);
  CHECK(fired > enabled * 23);
  CHECK(fired < enabled * 27);
}

TEST_CASE("a place may bring its own probability, and both may be chosen") {
  const auto never = buggify_site("never", 0.0);
  const auto certain = buggify_site("certain", 1.0);
  probe_book book{random_source{1}, always_enabled};
  CHECK(answers(book, never, 10) == "0000000000");
  CHECK(answers(book, certain, 10) == "1111111111");

  probe_book off{random_source{1}, {.enable_probability = 0}};
  CHECK(answers(off, certain, 10) == "0000000000");
  CHECK(off.enabled_buggifies().empty());

  probe_book sure{random_source{1}, {.enable_probability = 1, .fire_probability = 1}};
  const auto plain = buggify_site("plain");
  CHECK(answers(sure, plain, 10) == "1111111111");
}

TEST_CASE("the same seed gives the same answers, another seed others") {
  const auto site = buggify_site("a");
  const auto run = [&](std::uint64_t seed) {
    probe_book book{random_source{seed}, always_enabled};
    return answers(book, site);
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}

TEST_CASE("places do not influence one another, nor does where they are or who is disabled") {
  const auto a = buggify_site("a");
  const auto b = buggify_site("b");
  probe_site moved = a;
  moved.line = 99;
  moved.file = "elsewhere.cpp";

  probe_book alone{random_source{7}, always_enabled};
  const std::string expected = answers(alone, a);
  CHECK(answers(alone, b) != expected);

  probe_book mixed{random_source{7}, always_enabled};
  std::string got;
  for (int i = 0; i < 64; ++i) {
    mixed.buggify(b);
    got += mixed.buggify(i % 2 == 0 ? a : moved) ? '1' : '0'; // one name is one stream
  }
  CHECK(got == expected);

  probe_book without_b{random_source{7}, {.enable_probability = 1, .disabled_buggifies = {"b"}}};
  CHECK(answers(without_b, b).find('1') == std::string::npos);
  CHECK(answers(without_b, a) == expected);
}

TEST_CASE("planted bugs are on when named") {
  probe_book book{random_source{1}, {.planted_bugs = {"two"}}};
  const probe_site one{probe_kind::planted_bug, "one", "a.cpp", 1};
  const probe_site two{probe_kind::planted_bug, "two", "a.cpp", 2};
  CHECK_FALSE(book.planted(one));
  CHECK(book.planted(two));
  CHECK(book.planted(two));
  CHECK(book.coverage().total(probe_kind::planted_bug, "one") == probe_counts{1, 0});
  CHECK(book.coverage().total(probe_kind::planted_bug, "two") == probe_counts{2, 2});
}

TEST_CASE("the first violation of each place is kept and told, all are counted") {
  std::vector<std::string> told;
  probe_book book{random_source{1},
                  {.seed = 77, .max_violations = 2, .on_violation = [&](const probe_violation& violation) {
                     told.push_back(std::string{violation.site.text});
                   }}};
  const probe_site a{probe_kind::always, "a", "a.cpp", 1};
  const probe_site b{probe_kind::unreachable, "b", "a.cpp", 2};
  const probe_site c{probe_kind::always, "c", "a.cpp", 3};
  book.always(a, true);
  CHECK(book.coverage().ok());
  book.always(a, true);
  book.always(a, false);
  book.always(a, true);
  book.always(a, false);
  book.always(b, false);
  book.always(c, false);
  CHECK_FALSE(book.coverage().ok());
  CHECK(told == std::vector<std::string>{"a", "b", "c"});
  const auto& kept = book.coverage().violations();
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].site.text == "a");
  CHECK(kept[0].seed == 77);
  CHECK(kept[0].visit == 3);
  CHECK(kept[1].site.text == "b");
  CHECK(kept[1].visit == 1);
  CHECK(book.coverage().total(probe_kind::always, "a") == probe_counts{5, 3});
}

TEST_CASE("a sometimes that is false is no violation") {
  probe_book book{random_source{1}};
  const probe_site site{probe_kind::sometimes, "s", "a.cpp", 1};
  book.sometimes(site, false);
  book.sometimes(site, true);
  book.sometimes(site, false);
  CHECK(book.coverage().ok());
  CHECK(book.coverage().total(probe_kind::sometimes, "s") == probe_counts{3, 1});
  CHECK(book.coverage().runs() == 1);
}

TEST_CASE("thousands of places keep their own answers") {
  std::deque<std::string> names;
  std::deque<probe_site> sites;
  probe_book book{random_source{3}};
  for (int i = 0; i < 3000; ++i) {
    names.push_back("place." + std::to_string(i));
    sites.push_back(buggify_site(names.back()));
    book.buggify(sites.back());
  }
  const auto enabled = book.enabled_buggifies().size();
  CHECK(enabled > 600); // 750 expected, deviation 24
  CHECK(enabled < 900);
}

#if TROUPE_PROBES
TEST_CASE("a book listens to the macros of its thread") {
  probe_book book{random_source{1},
                  {.enable_probability = 1, .fire_probability = 1, .planted_bugs = {"in_book_test"}}};
  const auto code = [](int value) {
    TROUPE_ALWAYS(value < 3, "value is small");
    TROUPE_SOMETIMES(value == 2, "value is two");
    if (TROUPE_PLANTED_BUG("in_book_test")) ++value;
    if (TROUPE_BUGGIFY("test.book")) ++value;
    return value;
  };
  CHECK(code(1) == 1);
  {
    const scoped_probe_listener scope{book};
    CHECK(code(2) == 4);
    CHECK(code(3) == 5);
  }
  CHECK(book.coverage().total(probe_kind::always, "value is small") == probe_counts{2, 1});
  CHECK(book.coverage().total(probe_kind::sometimes, "value is two") == probe_counts{2, 1});
  REQUIRE(book.coverage().violations().size() == 1);
  CHECK(book.coverage().violations()[0].site.file == "runtime/probe_book/probe_book_test.cpp");
  CHECK(planted_bug_names() == std::vector<std::string>{"in_book_test"});

  auto total = registered_probes();
  CHECK(total.total(probe_kind::always, "value is small") == probe_counts{0, 0});
  total.merge(book.coverage());
  CHECK(total.total(probe_kind::always, "value is small") == probe_counts{2, 1});
  CHECK(total.records().size() == registered_probe_sites().size());
}
#endif
