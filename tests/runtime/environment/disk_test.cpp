#include "runtime/environment/real_environment.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <thread>
#include <unistd.h>

using namespace troupe;

namespace {

// A folder of this test's own, removed afterwards.
class folder {
public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "troupe_disk_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

private:
  std::string path_;
};

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

std::string content(file& from, std::uint64_t offset = 0, std::size_t size = 100) {
  std::string out(size, '?');
  auto got = from.read_at(offset, std::as_writable_bytes(std::span{out}));
  REQUIRE(got.has_value());
  out.resize(*got);
  return out;
}

} // namespace

TEST_CASE("a file is written and read at any position") {
  folder here;
  real_environment world;
  auto& disk = world.get().disk;
  auto opened = disk.open(here / "a", open_mode::create);
  REQUIRE(opened.has_value());
  file& a = **opened;
  CHECK(a.path() == here / "a");
  CHECK(content(a).empty());
  CHECK(a.write_at(3, bytes("def")).ok());
  CHECK(content(a) == std::string("\0\0\0def", 6));
  CHECK(a.write_at(0, bytes("abc")).ok());
  CHECK(content(a) == "abcdef");
  CHECK(content(a, 4) == "ef");
  CHECK(content(a, 6).empty());
  CHECK(content(a, 1000).empty());
  CHECK(content(a, 1, 2) == "bc");
  CHECK(*a.size() == 6);
  CHECK(a.sync().ok());
}

TEST_CASE("append goes to the end, also after truncate and in a file opened again") {
  folder here;
  real_environment world;
  auto& disk = world.get().disk;
  {
    auto opened = disk.open(here / "a", open_mode::create_new);
    REQUIRE(opened.has_value());
    file& a = **opened;
    CHECK(*a.append(bytes("one")) == 0);
    CHECK(*a.append(bytes("two")) == 3);
    CHECK(a.truncate(4).ok());
    CHECK(*a.append(bytes("!")) == 4);
    CHECK(a.write_at(8, bytes("z")).ok());
    CHECK(*a.append(bytes("end")) == 9);
  }
  auto again = disk.open(here / "a", open_mode::read_write);
  REQUIRE(again.has_value());
  CHECK(*(*again)->append(bytes("?")) == 12);
  CHECK(content(**again) == std::string("onet!\0\0\0zend?", 13));
}

TEST_CASE("appends from several threads do not overlap") {
  folder here;
  real_environment world;
  auto opened = world.get().disk.open(here / "a", open_mode::create);
  REQUIRE(opened.has_value());
  file& a = **opened;
  auto write = [&](char letter) {
    for (int i = 0; i < 100; ++i) {
      if (!a.append(bytes(std::string(3, letter)))) return;
    }
  };
  std::thread other{write, 'x'};
  write('y');
  other.join();
  const std::string all = content(a, 0, 1000);
  REQUIRE(all.size() == 600);
  for (std::size_t i = 0; i < all.size(); i += 3)
    CHECK((all[i] == all[i + 1] && all[i] == all[i + 2]));
}

TEST_CASE("each open mode does what it says") {
  folder here;
  real_environment world;
  auto& disk = world.get().disk;
  const auto path = here / "a";
  CHECK(disk.open(path, open_mode::read).error()
        == status(status_code::not_found, "cannot open '" + path + "': No such file or directory"));
  CHECK(disk.open(path, open_mode::read_write).error().code() == status_code::not_found);
  CHECK((*disk.open(path, open_mode::create_new))->write_at(0, bytes("abc")).ok());
  CHECK(disk.open(path, open_mode::create_new).error()
        == status(status_code::already_exists, "cannot open '" + path + "': File exists"));
  CHECK(content(**disk.open(path, open_mode::create)) == "abc");
  const status refused = (*disk.open(path, open_mode::read))->write_at(0, bytes("x"));
  CHECK(refused.message() == "cannot write to '" + path + "': Bad file descriptor");
  CHECK(content(**disk.open(path, open_mode::create_empty)).empty());
  CHECK(disk.open(here.path(), open_mode::read).error()
        == status(status_code::failed_precondition, "cannot open '" + here.path() + "': Is a directory"));
  CHECK(disk.open(path + "/b", open_mode::read).error().code() == status_code::failed_precondition);
}

TEST_CASE("a full device and a failed sync are told, the sync every time") {
  real_environment world;
  auto opened =
    world.get().disk.open("/dev/full", open_mode::read_write); // always full, and cannot be synced
  REQUIRE(opened.has_value());
  CHECK((*opened)->write_at(0, bytes("x"))
        == status(status_code::resource_exhausted, "cannot write to '/dev/full': No space left on device"));
  CHECK((*opened)->append(bytes("x")).error().code() == status_code::resource_exhausted);
  const status failed = (*opened)->sync();
  CHECK(failed == status(status_code::invalid_argument, "cannot sync '/dev/full': Invalid argument"));
  CHECK((*opened)->sync() == failed);
}

TEST_CASE("names are made, listed, renamed and removed") {
  folder here;
  real_environment world;
  auto& disk = world.get().disk;
  CHECK(disk.create_folders(here / "x/y/z").ok());
  CHECK(disk.create_folders(here / "x/y/z").ok());
  CHECK(*disk.exists(here / "x/y/z"));
  CHECK_FALSE(*disk.exists(here / "x/y/w"));
  CHECK(replace_file(disk, here / "x/b", "1").ok());
  CHECK(replace_file(disk, here / "x/a", "2").ok());
  CHECK(*disk.list(here / "x") == std::vector<std::string>{"a", "b", "y"});
  CHECK(disk.rename(here / "x/a", here / "x/b").ok());
  CHECK(*disk.list(here / "x") == std::vector<std::string>{"b", "y"});
  CHECK(*read_file(disk, here / "x/b", 10) == "2");
  CHECK(disk.sync_directory(here / "x").ok());
  CHECK(disk.remove(here / "x").code() == status_code::failed_precondition);
  CHECK(disk.remove(here / "x/b").ok());
  CHECK(disk.remove(here / "x/b").code() == status_code::not_found);
  CHECK(disk.list(here / "nowhere").error().code() == status_code::not_found);
  CHECK(disk.sync_directory(here / "nowhere").code() == status_code::not_found);
  CHECK(replace_file(disk, here / "f", "").ok());
  CHECK(disk.create_folders(here / "f").code() == status_code::failed_precondition);
  CHECK(disk.create_folders(here / "f/g").code() == status_code::failed_precondition);
  CHECK(disk.rename(here / "no", here / "where")
        == status(status_code::not_found, "cannot rename '" + (here / "no") + "' to '" + (here / "where")
                                            + "': No such file or directory"));
}

TEST_CASE("a whole file is read up to a limit, and replaced in one step") {
  folder here;
  real_environment world;
  auto& disk = world.get().disk;
  const auto path = here / "a";
  const std::string large(200'000, 'x');
  CHECK(replace_file(disk, path, large).ok());
  CHECK(*read_file(disk, path, large.size()) == large);
  CHECK(read_file(disk, path, large.size() - 1).error()
        == status(status_code::resource_exhausted, "'" + path + "' has more than 199999 bytes"));
  CHECK(replace_file(disk, path, "").ok());
  CHECK(read_file(disk, path, 0)->empty());
  CHECK_FALSE(*disk.exists(path + ".new"));
  CHECK(read_file(disk, here / "none", 1).error().code() == status_code::not_found);
  CHECK_FALSE(read_file(disk, "/proc/self/status", 100'000)->empty()); // a file whose size is said to be 0
}

TEST_CASE("a lock is held by one owner, also within a process") {
  folder here;
  real_environment world;
  auto& disk = world.get().disk;
  const auto path = here / "lock";
  auto held = disk.lock(path);
  REQUIRE(held.has_value());
  CHECK(disk.lock(path).error()
        == status(status_code::failed_precondition, "cannot lock '" + path + "': another node holds it"));
  held->reset();
  CHECK(disk.lock(path).has_value());
}

TEST_CASE("the folder of a path") {
  CHECK(folder_of("a") == ".");
  CHECK(folder_of("a/b") == "a");
  CHECK(folder_of("/a") == "/");
  CHECK(folder_of("/a/b/") == "/a");
  CHECK(folder_of("/") == "/");
}
