// Random programs: on the real disk and the simulated one they get the same answers; and no file that was
// only moved about is ever lost.
#include "runtime/environment/real_environment.hpp"
#include "runtime/simulation_disk/simulated_disk.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <map>
#include <unistd.h>

using namespace troupe;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

// What was answered: values, or codes with messages.
std::string told(const status& s) { return s.to_string(); }
template <class T, class Show>
std::string told(const result<T>& r, Show show) {
  return r ? show(*r) : r.error().to_string();
}

class program {
public:
  program(disk& on, std::string folder, std::uint64_t seed)
    : disk_(on), folder_(std::move(folder)), random_(seed) {}

  // One step: what it did and what the answer was, with the folder's own name left out.
  std::string step() {
    std::string out = act();
    for (std::size_t at = 0; (at = out.find(folder_, at)) != std::string::npos;)
      out.replace(at, folder_.size(), "HERE");
    return out;
  }

private:
  std::string path() {
    static constexpr const char* names[] = {"a", "b",   "c",      "d/a",  "d/b", "d/e/a",
                                            "d", "d/e", "f/../a", "./d/", "a/",  "f"};
    return folder_ + "/" + names[random_.below(std::size(names))];
  }

  std::string act() {
    const std::string at = path();
    switch (random_.below(12)) {
    case 0:
    case 1:
      return "open " + at + ": " + open(at);
    case 2:
      return "close: " + std::to_string(open_.erase(static_cast<int>(random_.below(4))));
    case 3: {
      const std::string to = path();
      return told(disk_.rename(at, to));
    }
    case 4:
      return "remove: " + told(disk_.remove(at));
    case 5:
      return "exists: " + told(disk_.exists(at), [](bool b) { return std::string{b ? "yes" : "no"}; });
    case 6:
      return "list: " + told(disk_.list(at), [](const auto& names) {
               std::string out;
               for (const auto& name : names)
                 out += name + " ";
               return out;
             });
    case 7:
      return "create_folders: " + told(disk_.create_folders(at));
    case 8: {
      const auto lock = disk_.lock(at);
      return "lock: " + told(status_of(lock));
    }
    default:
      return use();
    }
  }

  std::string open(const std::string& at) {
    const auto mode = static_cast<open_mode>(random_.below(5));
    const auto slot = static_cast<int>(random_.below(4));
    auto opened = disk_.open(at, mode);
    if (!opened) return opened.error().to_string();
    open_[slot] = std::move(*opened);
    return "opened as " + std::to_string(static_cast<int>(mode));
  }

  std::string use() {
    const auto slot = static_cast<int>(random_.below(4));
    const auto what = random_.below(4);
    const std::uint64_t offset = random_.below(1500);
    const std::string text(static_cast<std::size_t>(1 + random_.below(1200)),
                           static_cast<char>('a' + random_.below(26)));
    if (!open_.contains(slot)) return "nothing open";
    file& one = *open_[slot];
    switch (what) {
    case 0:
      return "write: " + told(one.write_at(offset, bytes(text)));
    case 1:
      return "truncate: " + told(one.truncate(offset));
    case 2:
      return "size: " + told(one.size(), [](std::uint64_t size) { return std::to_string(size); });
    default: {
      std::string into(text.size(), '?');
      const auto got = one.read_at(offset, std::as_writable_bytes(std::span{into}));
      return "read: " + told(got, [&](std::size_t size) { return into.substr(0, size); });
    }
    }
  }

  disk& disk_;
  const std::string folder_;
  random_source random_;
  std::map<int, std::unique_ptr<file>> open_;
};

// Every file below a folder, with its content.
void collect(disk& from, const std::string& folder, std::multimap<std::string, std::string>& out) {
  const auto names = from.list(folder + "/");
  REQUIRE(names.has_value());
  for (const auto& name : *names) {
    const std::string path = folder + "/" + name;
    if (from.list(path)) {
      collect(from, path, out);
    } else {
      out.emplace(*read_file(from, path, 1000), path);
    }
  }
}

} // namespace

TEST_CASE("random programs get the same answers from the real disk and the simulated one") {
  real_environment world;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::string folder = (std::filesystem::temp_directory_path() / "troupe_disk_XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    {
      simulated_disk simulated{random_source{seed}};
      REQUIRE(simulated.create_folders(folder).ok());
      program on_real{world.get().disk, folder, seed};
      program on_simulated{simulated, folder, seed};
      for (int i = 0; i < 300; ++i) {
        const std::string expected = on_real.step();
        const std::string got = on_simulated.step();
        if (expected != got) {
          CAPTURE(seed, i);
          CHECK(got == expected);
          break;
        }
      }
    }
    std::filesystem::remove_all(folder);
  }
}

TEST_CASE("files that are only moved about, with their folders or alone, survive every crash once") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    random_source chance{seed};
    simulated_disk disk{random_source{seed}};
    const std::vector<std::string> folders{"/a", "/a/b", "/c", "/c/d"};
    for (const auto& folder : folders)
      REQUIRE(disk.create_folders(folder).ok());
    for (int i = 0; i < 5; ++i)
      REQUIRE(replace_file(disk, folders[static_cast<std::size_t>(i) % 4] + "/" + std::to_string(i),
                           "file " + std::to_string(i))
                .ok());
    for (const char* folder : {"/", "/a", "/c"})
      REQUIRE(disk.sync_directory(folder).ok());

    for (int crash = 0; crash < 5; ++crash) {
      for (int step = 0; step < 12; ++step) {
        std::multimap<std::string, std::string> files;
        collect(disk, "", files);
        auto from = files.begin();
        std::advance(from, static_cast<std::ptrdiff_t>(chance.below(files.size())));
        std::string source = from->second;
        if (chance.chance(0.4)) source = folder_of(source); // a folder, with all that is in it
        std::string target = folder_of(
          std::next(files.begin(), static_cast<std::ptrdiff_t>(chance.below(files.size())))->second);
        target += "/new" + std::to_string(crash * 100 + step);
        if (chance.chance(0.3))
          static_cast<void>(disk.create_folders(folder_of(target) + "/made" + std::to_string(step)));
        static_cast<void>(disk.rename(source, target)); // refused when it makes no sense
        if (chance.chance(0.2)) static_cast<void>(disk.remove(folder_of(source)));
        if (chance.chance(0.2)) static_cast<void>(disk.sync_directory(folder_of(target)));
        if (chance.chance(0.1)) static_cast<void>(disk.sync_directory(folder_of(source)));
      }
      disk.crash();
      disk.power_on();
      std::multimap<std::string, std::string> found;
      collect(disk, "", found);
      CAPTURE(seed, crash);
      REQUIRE(found.size() == 5);
      for (int i = 0; i < 5; ++i)
        REQUIRE(found.count("file " + std::to_string(i)) == 1);
    }
  }
}
