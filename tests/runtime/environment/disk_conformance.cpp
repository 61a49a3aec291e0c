// The promises of runtime/environment/disk.hpp, one by one. Runs against every disk there is: each test
// program says by make_disk_under_test() which.
#include "tests/runtime/environment/disk_under_test.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace troupe;

namespace {

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
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  auto opened = disk.open(*here / "a", open_mode::create);
  REQUIRE(opened.has_value());
  file& a = **opened;
  CHECK(a.path() == *here / "a");
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
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  {
    auto opened = disk.open(*here / "a", open_mode::create_new);
    REQUIRE(opened.has_value());
    file& a = **opened;
    CHECK(*a.append(bytes("one")) == 0);
    CHECK(*a.append(bytes("two")) == 3);
    CHECK(a.truncate(4).ok());
    CHECK(*a.append(bytes("!")) == 4);
    CHECK(a.write_at(8, bytes("z")).ok());
    CHECK(*a.append(bytes("end")) == 9);
  }
  auto again = disk.open(*here / "a", open_mode::read_write);
  REQUIRE(again.has_value());
  CHECK(*(*again)->append(bytes("?")) == 12);
  CHECK(content(**again) == std::string("onet!\0\0\0zend?", 13));
}

TEST_CASE("appends from several threads do not overlap") {
  const auto here = make_disk_under_test();
  auto opened = here->disk().open(*here / "a", open_mode::create);
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
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  const auto path = *here / "a";
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
  CHECK(disk.open(here->folder(), open_mode::read).error()
        == status(status_code::failed_precondition, "cannot open '" + here->folder() + "': Is a directory"));
  CHECK(disk.open(path + "/b", open_mode::read).error().code() == status_code::failed_precondition);
}

TEST_CASE("names are made, listed, renamed and removed") {
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  CHECK(disk.create_folders(*here / "x/y/z").ok());
  CHECK(disk.create_folders(*here / "x/y/z").ok());
  CHECK(*disk.exists(*here / "x/y/z"));
  CHECK_FALSE(*disk.exists(*here / "x/y/w"));
  CHECK(replace_file(disk, *here / "x/b", "1").ok());
  CHECK(replace_file(disk, *here / "x/a", "2").ok());
  CHECK(*disk.list(*here / "x") == std::vector<std::string>{"a", "b", "y"});
  CHECK(disk.rename(*here / "x/a", *here / "x/b").ok());
  CHECK(*disk.list(*here / "x") == std::vector<std::string>{"b", "y"});
  CHECK(*read_file(disk, *here / "x/b", 10) == "2");
  CHECK(disk.sync_directory(*here / "x").ok());
  CHECK(disk.remove(*here / "x").code() == status_code::failed_precondition);
  CHECK(disk.remove(*here / "x/b").ok());
  CHECK(disk.remove(*here / "x/b").code() == status_code::not_found);
  CHECK(disk.list(*here / "nowhere").error().code() == status_code::not_found);
  CHECK(disk.sync_directory(*here / "nowhere").code() == status_code::not_found);
  CHECK(replace_file(disk, *here / "f", "").ok());
  CHECK(disk.create_folders(*here / "f").code() == status_code::failed_precondition);
  CHECK(disk.create_folders(*here / "f/g").code() == status_code::failed_precondition);
  CHECK(disk.rename(*here / "no", *here / "where")
        == status(status_code::not_found, "cannot rename '" + (*here / "no") + "' to '" + (*here / "where")
                                            + "': No such file or directory"));
}

TEST_CASE("a whole file is read up to a limit, and replaced in one step") {
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  const auto path = *here / "a";
  const std::string large(200'000, 'x');
  CHECK(replace_file(disk, path, large).ok());
  CHECK(*read_file(disk, path, large.size()) == large);
  CHECK(read_file(disk, path, large.size() - 1).error()
        == status(status_code::resource_exhausted, "'" + path + "' has more than 199999 bytes"));
  CHECK(replace_file(disk, path, "").ok());
  CHECK(read_file(disk, path, 0)->empty());
  CHECK_FALSE(*disk.exists(path + ".new"));
  CHECK(read_file(disk, *here / "none", 1).error().code() == status_code::not_found);
}

TEST_CASE("a lock is held by one owner, also within a process") {
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  const auto path = *here / "lock";
  auto held = disk.lock(path);
  REQUIRE(held.has_value());
  CHECK(disk.lock(path).error()
        == status(status_code::failed_precondition, "cannot lock '" + path + "': another node holds it"));
  held->reset();
  CHECK(disk.lock(path).has_value());
}

TEST_CASE("a file is cut and extended with zeros") {
  const auto here = make_disk_under_test();
  auto opened = here->disk().open(*here / "a", open_mode::create);
  REQUIRE(opened.has_value());
  file& a = **opened;
  CHECK(a.write_at(0, bytes("abcdef")).ok());
  CHECK(a.truncate(2).ok());
  CHECK(content(a) == "ab");
  CHECK(a.truncate(5).ok());
  CHECK(content(a) == std::string("ab\0\0\0", 5));
  CHECK(*a.size() == 5);
  CHECK(a.truncate(0).ok());
  CHECK(*a.size() == 0);
  CHECK(a.sync().ok());
}

TEST_CASE("a file opened for reading refuses changes, and is synced nevertheless") {
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  const auto path = *here / "a";
  CHECK(replace_file(disk, path, "abc").ok());
  auto opened = disk.open(path, open_mode::read);
  REQUIRE(opened.has_value());
  file& a = **opened;
  CHECK(a.write_at(0, bytes("x"))
        == status(status_code::internal, "cannot write to '" + path + "': Bad file descriptor"));
  CHECK(a.append(bytes("x")).error().code() == status_code::internal);
  CHECK(a.truncate(1)
        == status(status_code::invalid_argument, "cannot truncate '" + path + "': Invalid argument"));
  CHECK(a.sync().ok());
  CHECK(content(a) == "abc");
}

TEST_CASE("offsets that no file has are refused") {
  const auto here = make_disk_under_test();
  auto opened = here->disk().open(*here / "a", open_mode::create);
  REQUIRE(opened.has_value());
  file& a = **opened;
  constexpr std::uint64_t too_far = std::uint64_t{1} << 63;
  std::byte one[1];
  CHECK(a.read_at(too_far, one).error().code() == status_code::invalid_argument);
  CHECK(a.write_at(too_far, bytes("x")).code() == status_code::invalid_argument);
  CHECK(a.write_at(too_far - 1, bytes("x")).code() == status_code::invalid_argument);
  CHECK(a.truncate(too_far).code() == status_code::invalid_argument);
  CHECK(a.read_at(too_far - 1, one).error().code() == status_code::invalid_argument);
  CHECK(*a.read_at(too_far - 2, one) == 0);
  CHECK(*a.size() == 0);
}

TEST_CASE("nothing read and nothing written is no error") {
  const auto here = make_disk_under_test();
  auto opened = here->disk().open(*here / "a", open_mode::create);
  REQUIRE(opened.has_value());
  CHECK(*(*opened)->read_at(0, {}) == 0);
  CHECK((*opened)->write_at(0, {}).ok());
  CHECK(*(*opened)->append({}) == 0);
  CHECK((*opened)->write_at(7, {}).ok());
  CHECK(*(*opened)->append({}) == 0);
  CHECK(*(*opened)->size() == 0);
}

TEST_CASE("two open files of one name see each other's writes") {
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  auto first = disk.open(*here / "a", open_mode::create);
  auto second = disk.open(*here / "a", open_mode::read_write);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK((*first)->write_at(0, bytes("abc")).ok());
  CHECK((*second)->write_at(1, bytes("X")).ok());
  CHECK(content(**first) == "aXc");
  CHECK(*(*second)->size() == 3);
  CHECK(disk.open(*here / "a", open_mode::create_empty).has_value());
  CHECK(content(**first).empty());
}

TEST_CASE("an open file outlives its name") {
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  CHECK(replace_file(disk, *here / "a", "abc").ok());
  CHECK(replace_file(disk, *here / "b", "other").ok());
  auto opened = disk.open(*here / "a", open_mode::read_write);
  REQUIRE(opened.has_value());
  file& a = **opened;
  CHECK(disk.rename(*here / "a", *here / "c").ok());
  CHECK(a.write_at(0, bytes("A")).ok());
  CHECK(*read_file(disk, *here / "c", 10) == "Abc");
  CHECK(a.path() == *here / "a");
  CHECK(disk.rename(*here / "b", *here / "c").ok());
  CHECK(*read_file(disk, *here / "c", 10) == "other");
  CHECK(content(a) == "Abc");
  CHECK(a.append(bytes("!")).has_value());
  CHECK(content(a) == "Abc!");
  CHECK(a.sync().ok());
  CHECK(*disk.list(here->folder()) == std::vector<std::string>{"c"});
}

TEST_CASE("folders are renamed over empty folders only, and never into themselves") {
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  CHECK(disk.create_folders(*here / "a/b").ok());
  CHECK(disk.create_folders(*here / "empty").ok());
  CHECK(disk.create_folders(*here / "full/x").ok());
  CHECK(replace_file(disk, *here / "a/b/f", "1").ok());
  CHECK(replace_file(disk, *here / "file", "2").ok());
  CHECK(disk.rename(*here / "a", *here / "a/b/c").code() == status_code::invalid_argument);
  CHECK(disk.rename(*here / "a", *here / "a/c").code() == status_code::invalid_argument);
  CHECK(disk.rename(*here / "a/b", *here / "a").code() == status_code::failed_precondition);
  CHECK(disk.rename(*here / "a", *here / "full").code() == status_code::failed_precondition);
  CHECK(disk.rename(*here / "a", *here / "file").code() == status_code::failed_precondition);
  CHECK(disk.rename(*here / "file", *here / "empty").code() == status_code::failed_precondition);
  CHECK(disk.rename(*here / "a", *here / "nowhere/a").code() == status_code::not_found);
  CHECK(disk.rename(*here / "a", *here / "file/a").code() == status_code::failed_precondition);
  CHECK(disk.rename(*here / "file", *here / "file").ok());
  CHECK(disk.rename(*here / "a", *here / "a").ok());
  CHECK(disk.rename(*here / "file", *here / "new/").code() == status_code::failed_precondition);
  CHECK(disk.rename(*here / "a", *here / "empty").ok());
  CHECK(*read_file(disk, *here / "empty/b/f", 10) == "1");
  CHECK(disk.rename(*here / "empty/b", *here / "full/x/b").ok());
  CHECK(*read_file(disk, *here / "full/x/b/f", 10) == "1");
  CHECK(disk.list(*here / "empty")->empty());
  CHECK(disk.sync_directory(*here / "full/x").ok());
}

TEST_CASE("paths may have dots and slashes, and must make sense") {
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  CHECK(disk.create_folders(*here / "x/y/").ok());
  CHECK(replace_file(disk, *here / "x/f", "1").ok());
  CHECK(*read_file(disk, *here / "x/./y//../f", 10) == "1");
  CHECK(*read_file(disk, *here / "../" + here->folder().substr(here->folder().rfind('/') + 1) + "/x/f", 10)
        == "1");
  CHECK(*disk.exists(*here / "x/y/"));
  CHECK(*disk.exists(*here / "x/y/.."));
  CHECK_FALSE(*disk.exists(*here / "x/f/"));
  CHECK_FALSE(*disk.exists(*here / "x/f/."));
  CHECK_FALSE(*disk.exists(*here / "x/none/../f"));
  CHECK_FALSE(*disk.exists(""));
  CHECK(*disk.exists("/"));
  CHECK(disk.open("", open_mode::create).error().code() == status_code::not_found);
  CHECK(disk.open(*here / "x/f/", open_mode::read).error().code() == status_code::failed_precondition);
  CHECK(disk.open(*here / "x/new/", open_mode::create).error().code() == status_code::failed_precondition);
  CHECK(disk.open(*here / "none/new", open_mode::create).error().code() == status_code::not_found);
  CHECK(disk.open(*here / "x", open_mode::create_new).error().code() == status_code::already_exists);
  CHECK(disk.open(*here / "x", open_mode::create).error().code() == status_code::failed_precondition);
  CHECK(disk.list(*here / "x/f").error().code() == status_code::failed_precondition);
  CHECK(disk.sync_directory(*here / "x/f").code() == status_code::failed_precondition);
  CHECK(disk.remove(*here / "x/f/").code() == status_code::failed_precondition);
  CHECK(disk.create_folders("").code() == status_code::not_found);
  const std::string longest(255, 'n');
  CHECK(replace_file(disk, *here / std::string(251, 'n'), "1").ok());
  CHECK(disk.open(*here / longest, open_mode::create).has_value());
  CHECK(disk.open(*here / (longest + "n"), open_mode::create).error().code()
        == status_code::invalid_argument);
  CHECK(disk.exists(*here / (longest + "n")).error().code() == status_code::invalid_argument);
  std::string deep = here->folder();
  while (deep.size() < 4096)
    deep += "/.";
  CHECK(disk.exists(deep).error().code() == status_code::invalid_argument);
}

TEST_CASE("a lock is of the file, not of its name") {
  const auto here = make_disk_under_test();
  disk& disk = here->disk();
  const auto path = *here / "lock";
  CHECK(disk.lock(here->folder()).error().code() == status_code::failed_precondition);
  CHECK(disk.lock(*here / "none/lock").error().code() == status_code::not_found);
  auto held = disk.lock(path);
  REQUIRE(held.has_value());
  CHECK(*disk.exists(path));
  CHECK(disk.open(path, open_mode::read_write).has_value());
  CHECK(disk.rename(path, *here / "moved").ok());
  CHECK(disk.lock(*here / "moved").error().code() == status_code::failed_precondition);
  auto other = disk.lock(path);
  CHECK(other.has_value());
  CHECK(disk.remove(*here / "moved").ok());
  held->reset();
  other->reset();
  CHECK(disk.lock(path).has_value());
}
