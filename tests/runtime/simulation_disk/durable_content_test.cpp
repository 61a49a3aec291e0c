#include "runtime/simulation_disk/durable_content.hpp"
#include "tests/runtime/simulation_disk/crash_outcomes.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace troupe;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

std::string text(const std::vector<std::byte>& content) {
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

// As many letters as sectors, so that outcomes can be told apart at a glance.
std::string sectors(std::string_view letters) {
  std::string out;
  for (const char letter : letters)
    out.append(sector_size, letter);
  return out;
}

// One letter a sector, '0' for zeros, '?' for one that is mixed; "+n" for n bytes after the last whole one.
std::string summary(const std::string& content) {
  std::string out;
  for (std::size_t begin = 0; begin < content.size(); begin += sector_size) {
    const std::string one = content.substr(begin, sector_size);
    if (one.size() < sector_size) {
      out += "+" + std::to_string(one.size());
    } else if (one == std::string(sector_size, one[0])) {
      out += one[0] == '\0' ? '0' : one[0];
    } else {
      out += '?';
    }
  }
  return out;
}

template <class Prepare>
std::set<std::string> outcomes(Prepare prepare) {
  std::set<std::string> out;
  for (all_choices choices; choices.more(); choices.next()) {
    durable_content content;
    prepare(content);
    content.crash(choices);
    CHECK(content.live() == content.stable());
    CHECK(content.unsynced_bytes() == 0);
    out.insert(summary(text(content.live())));
  }
  return out;
}

} // namespace

TEST_CASE("what was synced survives every crash") {
  CHECK(outcomes([](durable_content& content) {
          content.write(0, bytes(sectors("ab")));
          content.truncate(sector_size);
          content.write(sector_size, bytes(sectors("c")));
          content.sync();
        })
        == std::set<std::string>{"ac"});
}

TEST_CASE("an unsynced write over synced bytes survives in any of its sectors") {
  CHECK(outcomes([](durable_content& content) {
          content.write(0, bytes(sectors("abcd")));
          content.sync();
          content.write(sector_size, bytes(sectors("XYZ")));
        })
        == std::set<std::string>{"abcd", "aXcd", "abYd", "abcZ", "aXYd", "aXcZ", "abYZ", "aXYZ"});
}

TEST_CASE("an unsynced write past the end may leave its size, or a hole") {
  CHECK(outcomes([](durable_content& content) {
          content.write(0, bytes(sectors("a")));
          content.sync();
          content.write(sector_size, bytes(sectors("XY")));
        })
        == std::set<std::string>{"a", "aX", "aX0", "a0Y", "aXY", "a00"});
}

TEST_CASE("unsynced writes survive in no order") {
  CHECK(outcomes([](durable_content& content) {
          content.write(0, bytes(sectors("a")));
          content.sync();
          content.write(0, bytes(sectors("X")));
          content.write(0, bytes(sectors("Y")));
        })
        == std::set<std::string>{"a", "X", "Y"});
  const auto two = outcomes([](durable_content& content) {
    content.write(0, bytes(sectors("ab")));
    content.sync();
    content.write(0, bytes(sectors("X")));
    content.write(sector_size, bytes(sectors("Y")));
  });
  CHECK(two == std::set<std::string>{"ab", "Xb", "aY", "XY"});
}

TEST_CASE("a truncation survives or not, whatever becomes of writes around it") {
  CHECK(outcomes([](durable_content& content) {
          content.write(0, bytes(sectors("abc")));
          content.sync();
          content.truncate(sector_size);
        })
        == std::set<std::string>{"abc", "a"});
  CHECK(outcomes([](durable_content& content) {
          content.write(0, bytes(sectors("ab")));
          content.sync();
          content.truncate(0);
          content.write(0, bytes(sectors("X")));
        })
        == std::set<std::string>{"ab", "Xb", "", "0", "X"});
}

TEST_CASE("a write within a sector is not torn") {
  const auto found = outcomes([](durable_content& content) {
    content.write(0, bytes(sectors("a")));
    content.sync();
    content.write(100, bytes("XYZ"));
  });
  CHECK(found == std::set<std::string>{"a", "?"});
}

TEST_CASE("tearing goes by the sectors of the file, not of the write") {
  std::set<std::string> found;
  for (all_choices choices; choices.more(); choices.next()) {
    durable_content content;
    content.write(0, bytes(sectors("aa")));
    content.sync();
    content.write(sector_size - 1, bytes("XY"));
    content.crash(choices);
    found.insert(text(content.live()).substr(sector_size - 1, 2));
  }
  CHECK(found == std::set<std::string>{"aa", "Xa", "aY", "XY"});
}

TEST_CASE("a crash tells what it did") {
  durable_content content;
  content.write(0, bytes(sectors("abc")));
  content.truncate(1);
  content.write(0, bytes("x"));
  durable_content copy = content;
  same_choice all{true};
  same_choice none{false};
  CHECK(content.crash(all) == write_tally{3, 0, 0});
  CHECK(text(content.live()) == "x");
  CHECK(copy.crash(none) == write_tally{0, 3, 0});
  CHECK(copy.size() == 0);

  std::uint64_t torn = 0;
  for (all_choices choices; choices.more(); choices.next()) {
    durable_content one;
    one.write(0, bytes(sectors("ab")));
    torn += one.crash(choices).torn;
  }
  CHECK(torn == 6); // four ways to lose sectors; the two that lose the last one, with the size kept or not
}

TEST_CASE("programs see what a failed sync lost until the crash") {
  durable_content content;
  content.write(0, bytes("old"));
  content.sync();
  content.write(0, bytes("NEW"));
  same_choice none{false};
  same_choice all{true};
  content.fail_sync(none);
  CHECK(text(content.live()) == "NEW");
  content.write(3, bytes("!"));
  content.sync(); // a later sync does not bring it back
  CHECK(text(content.live()) == "NEW!");
  content.crash(all);
  CHECK(text(content.live()) == "old!");
}

TEST_CASE("what exceeds the bound is written back, the oldest first") {
  durable_content content;
  for (int i = 0; i < 100; ++i) {
    content.write(static_cast<std::uint64_t>(i) * 100,
                  bytes(std::string(100, static_cast<char>('a' + i % 26))));
    content.write_back(1000);
    CHECK(content.unsynced_bytes() <= 1000);
  }
  CHECK(content.unsynced_bytes() > 500);
  const std::uint64_t written = content.stable().size();
  CHECK(written >= 9000);
  CHECK(written < 10'000);
  const std::string before = text(content.live());
  same_choice none{false};
  content.crash(none);
  CHECK(text(content.live()) == before.substr(0, written));

  for (int i = 0; i < 1000; ++i) { // truncations have no bytes, but are held as well
    content.truncate(static_cast<std::uint64_t>(i));
    content.write_back(1000);
  }
  CHECK(content.unsynced_bytes() <= 1000);
}

TEST_CASE("bits flip at rest, and newer bytes are written over them") {
  durable_content content;
  content.write(0, bytes("aaaa"));
  CHECK_FALSE(content.flip(0, 0)); // nothing is at rest yet
  content.sync();
  CHECK(content.flip(1, 1));
  CHECK(text(content.live()) == "acaa");
  CHECK_FALSE(content.flip(4, 0));
  content.write(2, bytes("b"));
  CHECK(content.flip(2, 1));
  CHECK(text(content.live()) == "acba");
  CHECK(text(content.stable()) == "acca");
  content.sync();
  CHECK(text(content.stable()) == "acba");
}

TEST_CASE("chance decides with the given probabilities") {
  const random_source random{5};
  const auto count = [&](double kept, double torn) {
    random_crash_choices choices{random, kept, torn};
    std::vector<int> out(3);
    for (int i = 0; i < 3000; ++i)
      ++out[static_cast<std::size_t>(choices.fate_of_write())];
    return out;
  };
  CHECK(count(1, 0) == std::vector<int>{0, 3000, 0});
  CHECK(count(0, 1) == std::vector<int>{0, 0, 3000});
  CHECK(count(0, 0) == std::vector<int>{3000, 0, 0});
  for (const int one : count(1.0 / 3, 1.0 / 3)) {
    CHECK(one > 900);
    CHECK(one < 1100);
  }
  random_crash_choices choices{random, 0, 0};
  std::set<std::size_t> seen;
  for (int i = 0; i < 200; ++i)
    seen.insert(choices.changes_in_order(3));
  CHECK(seen == std::set<std::size_t>{0, 1, 2, 3});
}
