// The source with the real network and disk: no name server is needed.
#include "discovery/seeds/last_known_members.hpp"
#include "discovery/seeds/seed_source.hpp"
#include "runtime/environment/real_environment.hpp"
#include "tests/discovery/seeds/seed_answers.hpp"

#include <filesystem>
#include <future>
#include <optional>
#include <unistd.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

class folder {
public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "troupe_seeds_XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~folder() { std::filesystem::remove_all(path); }
  std::string path;
};

// Runs a source until its list fits; the list.
seed_list list_when(const environment& world, seed_settings settings,
                    std::function<bool(const seed_list&)> fits) {
  auto loop = world.network.open_loop("seeds");
  std::promise<seed_list> found;
  std::unique_ptr<seed_source> source;
  bool done = false; // of the loop
  loop->run([&] {
    auto started = seed_source::start(
      {std::move(settings), {}, {}}, world, *loop,
      [&](const seed_list& now) {
        if (done || !fits(now)) return;
        done = true;
        found.set_value(now);
      },
      nullptr, nullptr);
    if (started) source = std::move(*started);
  });
  REQUIRE(source != nullptr);
  auto outcome = found.get_future();
  const bool came = outcome.wait_for(30s) == std::future_status::ready;
  loop->run([&] { source.reset(); });
  loop.reset();
  REQUIRE(came);
  return outcome.get();
}

} // namespace

TEST_CASE("addresses, localhost and a file are found by the real network and disk") {
  real_environment real;
  const auto world = real.get();
  folder temporary;
  const auto path = temporary.path + "/seeds";
  REQUIRE(replace_file(world.disk, path, "# ours\n192.0.2.1:9\n").ok());
  const auto path_entry = "file:" + path;
  const auto list = list_when(world, settings_of({"127.0.0.1:7", "dns:localhost:8", path_entry.c_str()}),
                              [](const seed_list& now) { return now.settled; });
  const auto text = text_of(list);
  CHECK_THAT(text, Catch::Matchers::Contains("127.0.0.1:7") && Catch::Matchers::Contains("192.0.2.1:9"));
  const bool v4 = text.find("127.0.0.1:8") != std::string::npos;
  const bool v6 = text.find("[::1]:8") != std::string::npos;
  CHECK((v4 || v6));
}

TEST_CASE("a file that is replaced is noticed") {
  real_environment real;
  const auto world = real.get();
  folder temporary;
  const auto path = temporary.path + "/seeds";
  REQUIRE(replace_file(world.disk, path, "192.0.2.1:9\n").ok());
  const auto path_entry = "file:" + path;
  auto settings = settings_of({path_entry.c_str()});
  settings.file_poll = 100ms;
  std::string first;
  const auto list = list_when(world, settings, [&](const seed_list& now) {
    if (now.settled && first.empty()) {
      first = text_of(now);
      return !replace_file(world.disk, path, "192.0.2.2:9\n").ok();
    }
    return now.settled;
  });
  CHECK(first == "192.0.2.1:9 settled");
  CHECK(text_of(list) == "192.0.2.2:9 settled");
}

TEST_CASE("a source goes away while its look-ups are under way") {
  for (int i = 0; i < 20; ++i) {
    real_environment real;
    const auto world = real.get();
    auto loop = world.network.open_loop("seeds");
    std::unique_ptr<seed_source> source;
    loop->run([&] {
      auto started = seed_source::start(
        {settings_of({"localhost:1", "localhost.:2", "ip6-localhost:3"}), {}, {}}, world, *loop,
        [](const seed_list&) {}, nullptr, nullptr);
      if (started) source = std::move(*started);
    });
    REQUIRE(source != nullptr);
    std::promise<void> asked; // the first turn of the source comes before this
    loop->post([&] { asked.set_value(); });
    asked.get_future().get();
    loop->run([&] { source.reset(); });
    loop.reset();
  }
}

TEST_CASE("a source needs settings that are in range, and a listener") {
  real_environment real;
  const auto world = real.get();
  auto loop = world.network.open_loop("seeds");
  std::optional<status> no_listener;
  std::optional<status> no_range;
  loop->run([&] {
    no_listener = status_of(seed_source::start({}, world, *loop, nullptr, nullptr, nullptr));
    no_range = status_of(seed_source::start(
      {seed_settings{.refresh = 0s}, {}, {}}, world, *loop, [](const seed_list&) {}, nullptr, nullptr));
  });
  CHECK(no_listener->code() == status_code::invalid_argument);
  CHECK(no_range->code() == status_code::invalid_argument);
}

TEST_CASE("members are remembered on the real disk, in a folder that is made") {
  real_environment real;
  const auto world = real.get();
  folder temporary;
  const auto path = temporary.path + "/data/members";
  auto loop = world.network.open_loop("seeds");
  std::vector<endpoint> before;
  std::vector<endpoint> after;
  loop->run([&] {
    {
      auto known = last_known_members::open({.path = path, .own = {at("10.0.0.1:1")}}, world, *loop, nullptr);
      before = (*known)->read();
      (*known)->remember({{at("10.0.0.1:1"), "a"}, {at("10.0.0.2:1"), "a"}});
    }
    auto known = last_known_members::open({.path = path}, world, *loop, nullptr);
    after = (*known)->read();
  });
  CHECK(before.empty());
  CHECK(after == std::vector{at("10.0.0.2:1")});
}
