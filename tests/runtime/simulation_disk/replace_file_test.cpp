// replace_file() (runtime/environment) at every point where the power may go, and every way that crash may
// end.
#include "runtime/simulation_disk/simulated_disk.hpp"
#include "tests/runtime/simulation_disk/crash_outcomes.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>

using namespace troupe;

namespace {

// Three sectors, the last one not full, so that it can be torn.
std::string version(char letter) { return std::string(2 * sector_size + 100, letter); }

using replacing = std::function<status(disk&, std::string_view path, std::string_view content)>;

// What is found, "-" for no file, "?" for what nobody wrote; with a "!" when the program was told that all is
// well.
std::set<std::string> outcomes(const replacing& replace, bool existed) {
  std::set<std::string> found;
  for (std::uint64_t operations = 0; operations < 12; ++operations) {
    for (all_choices choices; choices.more(); choices.next()) {
      simulated_disk disk{random_source{1}};
      if (existed) REQUIRE(replace_file(disk, "/a", version('o')).ok());
      disk.cut_power_after(operations);
      const bool done = replace(disk, "/a", version('n')).ok();
      disk.crash(choices);
      disk.power_on();
      const auto content = read_file(disk, "/a", 10'000);
      std::string name = "?";
      if (!content) name = "-";
      if (content && (*content == version('o') || *content == version('n'))) name = content->substr(0, 1);
      found.insert(name + (done ? "!" : ""));
    }
  }
  return found;
}

status without_sync(disk& to, std::string_view path, std::string_view content) {
  const std::string fresh = std::string{path} + ".new";
  {
    auto opened = to.open(fresh, open_mode::create_empty);
    if (!opened) return opened.error();
    if (status s = (*opened)->write_at(0, std::as_bytes(std::span{content})); !s.ok()) return s;
  }
  if (status s = to.rename(fresh, path); !s.ok()) return s;
  return to.sync_directory(folder_of(path));
}

status without_folder_sync(disk& to, std::string_view path, std::string_view content) {
  const std::string fresh = std::string{path} + ".new";
  {
    auto opened = to.open(fresh, open_mode::create_empty);
    if (!opened) return opened.error();
    if (status s = (*opened)->write_at(0, std::as_bytes(std::span{content})); !s.ok()) return s;
    if (status s = (*opened)->sync(); !s.ok()) return s;
  }
  return to.rename(fresh, path);
}

status in_place(disk& to, std::string_view path, std::string_view content) {
  auto opened = to.open(path, open_mode::create_empty);
  if (!opened) return opened.error();
  if (status s = (*opened)->write_at(0, std::as_bytes(std::span{content})); !s.ok()) return s;
  if (status s = (*opened)->sync(); !s.ok()) return s;
  return to.sync_directory(folder_of(path));
}

using set = std::set<std::string>;

} // namespace

TEST_CASE("replace_file() leaves the old content or the new at every crash point") {
  CHECK(outcomes(replace_file, true) == set{"o", "n", "n!"});
  CHECK(outcomes(replace_file, false) == set{"-", "n", "n!"});
}

TEST_CASE("ways to replace a file that forget something are caught") {
  CHECK(outcomes(without_sync, true).contains("?!"));
  CHECK(outcomes(without_folder_sync, true) == set{"o", "n!", "o!"});
  CHECK(outcomes(in_place, true).contains("?"));
}

TEST_CASE("replace_file() gets over what an earlier crash left behind, fault after fault") {
  std::map<std::string, int> found;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    random_source chance{seed};
    simulated_disk disk{random_source{seed},
                        {.faults = {.write_error = 0.05, .sync_failure = 0.05, .full = 0.05}}};
    std::string acknowledged;
    std::set<std::string> possible{""};
    for (int i = 0; i < 10; ++i) {
      const std::string content(static_cast<std::size_t>(1 + chance.below(2000)), static_cast<char>('a' + i));
      disk.cut_power_after(chance.below(20));
      if (replace_file(disk, "/a", content).ok()) {
        possible = {content};
      } else {
        possible.insert(content);
      }
      if (chance.chance(0.5)) {
        disk.crash();
        disk.power_on();
        REQUIRE(disk.set_faults({}).ok());
        const auto now = read_file(disk, "/a", 10'000);
        REQUIRE((possible.contains(now ? *now : "")));
        possible = {now ? *now : ""};
        ++found[now ? "a file" : "none"];
        REQUIRE(disk.set_faults({.write_error = 0.05, .sync_failure = 0.05, .full = 0.05}).ok());
      }
    }
  }
  CHECK(found["a file"] > 1000);
  CHECK(found["none"] > 100);
}
