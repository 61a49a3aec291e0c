#include "tests/runtime/probe/probed.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

using namespace troupe;

namespace {

// Notes whom it heard, and says yes or no to everything.
class notes final : public probe_listener {
public:
  explicit notes(bool answer = false) : answer_(answer) {}

  bool buggify(const probe_site& site) noexcept override { return note(site, answer_); }
  bool planted(const probe_site& site) noexcept override { return note(site, answer_); }
  void always(const probe_site& site, bool held) noexcept override { note(site, held); }
  void sometimes(const probe_site& site, bool held) noexcept override { note(site, held); }

  std::vector<std::pair<const probe_site*, bool>> heard;

private:
  bool note(const probe_site& site, bool value) {
    heard.emplace_back(&site, value);
    return value;
  }

  bool answer_;
};

int evaluations = 0;
bool evaluated(bool value) {
  ++evaluations;
  return value;
}

} // namespace

TEST_CASE("without a listener a probe does nothing and evaluates nothing") {
  REQUIRE(current_probe_listener() == nullptr);
  evaluations = 0;
  CHECK_FALSE(TROUPE_BUGGIFY("test.unheard"));
  CHECK_FALSE(TROUPE_PLANTED_BUG("unheard"));
  TROUPE_ALWAYS(evaluated(false), "unheard always");
  TROUPE_SOMETIMES(evaluated(true), "unheard sometimes");
  TROUPE_UNREACHABLE("unheard unreachable");
  CHECK(evaluations == 0);
}

#if TROUPE_PROBES

namespace {

std::vector<probe_site> registered(std::string_view text) {
  auto all = registered_probe_sites();
  std::erase_if(all, [&](const probe_site& site) { return site.text != text; });
  return all;
}

} // namespace

TEST_CASE("a listener hears kind, text, place and outcome of a probe") {
  notes told{true};
  const scoped_probe_listener scope{told};
  CHECK(current_probe_listener() == &told);
  const std::uint32_t line = __LINE__;
  CHECK(TROUPE_BUGGIFY("test.rare"));
  CHECK(TROUPE_BUGGIFY("test.often", 0.75));
  CHECK(TROUPE_PLANTED_BUG("a_defect"));
  TROUPE_ALWAYS(1 < 2, "one is less than two");
  TROUPE_SOMETIMES((std::pair<int, int>{1, 2}.first > 2), "one is more than two");
  TROUPE_UNREACHABLE("nowhere");

  REQUIRE(told.heard.size() == 6);
  const auto check = [&](std::size_t index, probe_kind kind, std::string_view text, bool value) {
    const auto& [site, outcome] = told.heard[index];
    CHECK(site->kind == kind);
    CHECK(site->text == text);
    CHECK(site->file == "runtime/probe/probe_test.cpp");
    CHECK(site->line == line + 1 + index);
    CHECK(outcome == value);
  };
  check(0, probe_kind::buggify, "test.rare", true);
  check(1, probe_kind::buggify, "test.often", true);
  check(2, probe_kind::planted_bug, "a_defect", true);
  check(3, probe_kind::always, "one is less than two", true);
  check(4, probe_kind::sometimes, "one is more than two", false);
  check(5, probe_kind::unreachable, "nowhere", false);
  CHECK(told.heard[0].first->probability < 0);
  CHECK(told.heard[1].first->probability == 0.75);
}

TEST_CASE("a condition is evaluated once for a listener, and may throw") {
  notes told;
  const scoped_probe_listener scope{told};
  evaluations = 0;
  TROUPE_ALWAYS(evaluated(true), "evaluated once");
  TROUPE_SOMETIMES(evaluated(true), "evaluated once, too");
  CHECK(evaluations == 2);
  CHECK_THROWS_AS(TROUPE_ALWAYS((throw std::string{"x"}, true), "throws"), std::string);
  CHECK(told.heard.size() == 2);
}

TEST_CASE("a place keeps its identity, and scopes nest") {
  notes outer, inner;
  const auto come_by = [] { return TROUPE_BUGGIFY("test.same_place"); };
  {
    const scoped_probe_listener first{outer};
    come_by();
    {
      const scoped_probe_listener second{inner};
      come_by();
    }
    come_by();
  }
  come_by();
  REQUIRE(outer.heard.size() == 2);
  REQUIRE(inner.heard.size() == 1);
  CHECK(outer.heard[0].first == outer.heard[1].first);
  CHECK(outer.heard[0].first == inner.heard[0].first);
}

TEST_CASE("probes work in headers, templates and destructors, in other files, and beside captures") {
  notes told{true};
  bool well = true;
  {
    const scoped_probe_listener scope{told};
    CHECK(probed_in_a_header());
    CHECK(probed_elsewhere());
    CHECK(probed_in_a_template(3));
    CHECK(probed_in_a_template(0.5));
    CHECK(probed_in_a_header_elsewhere());
    const probed_at_its_end end{well};
    well = false;
    const auto [a, b] = std::pair{1, 2};
    TROUPE_ALWAYS(a < b, "structured bindings are in order");
  }
  std::vector<std::string_view> texts;
  for (const auto& [site, outcome] : told.heard)
    texts.push_back(site->text);
  CHECK(std::count(texts.begin(), texts.end(), "a template saw more than nothing") == 3);
  REQUIRE(told.heard.size() == 10);
  CHECK(told.heard.back().first->text == "what is destroyed was well");
  CHECK_FALSE(told.heard.back().second);
}

TEST_CASE("a thread without a listener is not heard") {
  notes told{true};
  const scoped_probe_listener scope{told};
  bool answer = true;
  bool listener = true;
  std::thread other{[&] {
    answer = TROUPE_BUGGIFY("test.other_thread");
    listener = current_probe_listener() != nullptr;
  }};
  other.join();
  CHECK_FALSE(answer);
  CHECK_FALSE(listener);
  CHECK(told.heard.empty());
}

TEST_CASE("every place of the program is registered, whether or not it was reached") {
  const auto never = [] { return TROUPE_PLANTED_BUG("never_reached"); };
  static_cast<void>(never);
  const auto found = registered("never_reached");
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == probe_kind::planted_bug);
  CHECK(found[0].file == "runtime/probe/probe_test.cpp");
  CHECK(registered("planted_elsewhere").size() == 1);
  CHECK(registered("planted_elsewhere")[0].file == "runtime/probe/probed.cpp");

  // Compiled twice each.
  REQUIRE(registered("test.in_a_header").size() == 1);
  CHECK(registered("test.in_a_header")[0].file == "runtime/probe/probed.hpp");
  CHECK(registered("a template saw more than nothing").size() == 1);

  const auto all = registered_probe_sites();
  CHECK(std::is_sorted(all.begin(), all.end(), [](const probe_site& a, const probe_site& b) {
    return std::pair{a.kind, a.text} < std::pair{b.kind, b.text};
  }));
}

#else

TEST_CASE("without probes nobody is heard and nothing is registered") {
  notes told{true};
  const scoped_probe_listener scope{told};
  CHECK_FALSE(TROUPE_BUGGIFY("test.rare"));
  TROUPE_ALWAYS(evaluated(false), "one");
  CHECK(told.heard.empty());
  CHECK(registered_probe_sites().empty());
}

#endif

TEST_CASE("the kinds have names") {
  CHECK(to_string(probe_kind::buggify) == "buggify");
  CHECK(to_string(probe_kind::planted_bug) == "planted_bug");
  CHECK(to_string(probe_kind::always) == "always");
  CHECK(to_string(probe_kind::sometimes) == "sometimes");
  CHECK(to_string(probe_kind::unreachable) == "unreachable");
}
