#include "runtime/simulation_disk/durable_names.hpp"
#include "tests/runtime/simulation_disk/crash_outcomes.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace troupe;

namespace {

disk_node_ptr file() { return std::make_shared<disk_node>(false); }
disk_node_ptr folder() { return std::make_shared<disk_node>(true); }

// "a b/ b/c": every path that programs see, folders with a slash.
std::string summary(const disk_node& at, const std::string& above = "") {
  std::string out;
  for (const auto& [name, node] : at.names) {
    out += (out.empty() ? "" : " ") + above + name + (node->is_folder ? "/" : "");
    if (const std::string below = summary(*node, above + name + "/"); !below.empty()) out += " " + below;
  }
  return out;
}

template <class Prepare>
std::set<std::string> outcomes(Prepare prepare) {
  std::set<std::string> out;
  for (all_choices choices; choices.more(); choices.next()) {
    durable_names names;
    prepare(names);
    const std::size_t unsynced = names.unsynced();
    const name_tally tally = names.crash(choices);
    CHECK(tally.kept + tally.lost == unsynced);
    CHECK(names.unsynced() == 0);
    out.insert(summary(*names.root()));
  }
  return out;
}

using states = std::set<std::string>;

} // namespace

TEST_CASE("names of a synced folder survive every crash, those of others need not") {
  CHECK(outcomes([](durable_names& names) {
          names.add(names.root(), "a", file());
          names.add(names.root(), "b", file());
          names.rename(names.root(), "b", names.root(), "c");
          names.sync(names.root());
        })
        == states{"a c"});
  CHECK(outcomes([](durable_names& names) {
          names.add(names.root(), "d", folder());
          names.sync(names.root());
          names.add(names.root()->names["d"], "a", file());
          names.add(names.root(), "b", file());
          names.sync(names.root());
        })
        == states{"b d/", "b d/ d/a"});
}

TEST_CASE("unsynced names survive in any subset") {
  CHECK(outcomes([](durable_names& names) {
          names.add(names.root(), "a", file());
          names.add(names.root(), "b", file());
          names.add(names.root(), "c", file());
        })
        == states{"", "a", "b", "c", "a b", "a c", "b c", "a b c"});
}

TEST_CASE("changes of one file survive in their order") {
  CHECK(outcomes([](durable_names& names) {
          names.add(names.root(), "a", file());
          names.rename(names.root(), "a", names.root(), "b");
          names.rename(names.root(), "b", names.root(), "c");
          names.remove(names.root(), "c");
        })
        == states{"", "a", "b", "c"});
}

TEST_CASE("a rename over a file leaves the one or the other under the name") {
  int old_ones = 0;
  int new_ones = 0;
  for (all_choices choices; choices.more(); choices.next()) {
    durable_names names;
    const auto before = file();
    const auto after = file();
    names.add(names.root(), "a", before);
    names.sync(names.root());
    names.add(names.root(), "a.new", after);
    names.rename(names.root(), "a.new", names.root(), "a");
    CHECK(before->linked == false);
    names.crash(choices);
    const auto& found = names.root()->names;
    REQUIRE(found.contains("a"));
    CHECK((found.at("a") == before || found.at("a") == after));
    if (found.at("a") == before) ++old_ones;
    if (found.at("a") == after) {
      ++new_ones;
      CHECK(found.size() == 1);
    }
  }
  CHECK(old_ones == 2); // with and without a.new
  CHECK(new_ones == 1);
}

TEST_CASE("a removed name may come back, and go although another took its place") {
  CHECK(outcomes([](durable_names& names) {
          names.add(names.root(), "a", file());
          names.sync(names.root());
          names.remove(names.root(), "a");
        })
        == states{"", "a"});
  CHECK(outcomes([](durable_names& names) {
          names.add(names.root(), "a", file());
          names.sync(names.root());
          names.remove(names.root(), "a");
          names.add(names.root(), "a", folder());
        })
        == states{"", "a", "a/"});
}

TEST_CASE("a new folder that is lost takes along what was synced in it") {
  CHECK(outcomes([](durable_names& names) {
          const auto d = folder();
          names.add(names.root(), "d", d);
          names.add(d, "a", file());
          names.sync(d);
        })
        == states{"", "d/ d/a"});
}

TEST_CASE("a name that moves between folders is in the one or the other") {
  const auto prepare = [](durable_names& names, std::string_view synced) {
    names.add(names.root(), "x", folder());
    names.add(names.root(), "y", folder());
    names.sync(names.root());
    const auto x = names.root()->names["x"];
    const auto y = names.root()->names["y"];
    names.add(x, "a", file());
    names.sync(x);
    names.rename(x, "a", y, "a");
    if (synced == "x") names.sync(x);
    if (synced == "y") names.sync(y);
    if (synced == "root") names.sync(names.root());
  };
  CHECK(outcomes([&](durable_names& names) { prepare(names, ""); }) == states{"x/ x/a y/", "x/ y/ y/a"});
  CHECK(outcomes([&](durable_names& names) { prepare(names, "root"); }) == states{"x/ x/a y/", "x/ y/ y/a"});
  CHECK(outcomes([&](durable_names& names) { prepare(names, "x"); }) == states{"x/ y/ y/a"});
  CHECK(outcomes([&](durable_names& names) { prepare(names, "y"); }) == states{"x/ y/ y/a"});
}

TEST_CASE("a file moved into a new folder is not lost with it") {
  const auto prepare = [](durable_names& names, bool synced) {
    names.add(names.root(), "a", file());
    names.sync(names.root());
    const auto d = folder();
    names.add(names.root(), "d", d);
    names.add(names.root(), "b", file());
    names.rename(names.root(), "a", d, "a");
    names.add(names.root(), "c", file());
    if (synced) names.sync(d);
  };
  CHECK(outcomes([&](durable_names& names) { prepare(names, false); })
        == states{"a", "a d/", "a b d/", "b d/ d/a", "b c d/ d/a"});
  CHECK(outcomes([&](durable_names& names) { prepare(names, true); }) == states{"b d/ d/a", "b c d/ d/a"});
}

TEST_CASE("folders that move do not get into themselves") {
  // m goes out of a, then a into m: the second without the first would be a circle.
  CHECK(outcomes([](durable_names& names) {
          const auto a = folder();
          const auto m = folder();
          names.add(names.root(), "a", a);
          names.add(a, "m", m);
          names.add(m, "f", file());
          names.sync(names.root());
          names.sync(a);
          names.sync(m);
          names.rename(a, "m", names.root(), "m");
          names.rename(names.root(), "a", m, "a");
          names.sync(folder()); // of one that has nothing to do with it
        })
        == states{"a/ a/m/ a/m/f", "a/ m/ m/f", "m/ m/a/ m/f"});
}

TEST_CASE("folders whose two tables form a circle are freed") {
  const auto a = folder();
  const std::weak_ptr<disk_node> watched = a;
  {
    durable_names names;
    const auto m = folder();
    names.add(names.root(), "a", a);
    names.add(a, "m", m);
    names.sync(names.root());
    names.sync(a);
    names.rename(a, "m", names.root(), "m");
    names.rename(names.root(), "a", m, "a");
  }
  CHECK(watched.use_count() == 1);
}

TEST_CASE("beyond the bound the oldest changes of names are written back") {
  durable_names names{10};
  for (int i = 0; i < 100; ++i)
    names.add(names.root(), std::to_string(1000 + i), file());
  CHECK(names.unsynced() == 10);
  same_choice none{false};
  CHECK(names.crash(none) == name_tally{0, 10});
  CHECK(names.root()->names.size() == 90);
  CHECK(names.count() == 91);
  CHECK(names.root()->names.contains("1089"));
}

TEST_CASE("stable files are visited in the order of paths") {
  durable_names names;
  const auto d = folder();
  names.add(names.root(), "d", d);
  names.add(names.root(), "e", file());
  names.add(names.root(), "a", file());
  names.add(d, "x", file());
  names.sync(names.root());
  names.sync(d);
  names.add(names.root(), "unsynced", file());
  std::vector<std::string> paths;
  names.for_each_stable_file([&](const std::string& path, disk_node&) { paths.push_back(path); });
  CHECK(paths == std::vector<std::string>{"/a", "/d/x", "/e"});
}
