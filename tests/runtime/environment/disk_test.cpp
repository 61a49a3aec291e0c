#include "runtime/environment/real_environment.hpp"
#include "tests/runtime/environment/disk_under_test.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <unistd.h>

using namespace troupe;

namespace {

// A folder of this test's own, removed afterwards.
class real_disk_under_test final : public disk_under_test {
public:
  real_disk_under_test() {
    std::string name = (std::filesystem::temp_directory_path() / "troupe_disk_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~real_disk_under_test() override { std::filesystem::remove_all(path_); }

  troupe::disk& disk() override { return world_.get().disk; }
  const std::string& folder() const override { return path_; }

private:
  real_environment world_;
  std::string path_;
};

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

} // namespace

std::unique_ptr<disk_under_test> make_disk_under_test() { return std::make_unique<real_disk_under_test>(); }

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

TEST_CASE("a file whose size is said to be 0 is read to its end") {
  real_environment world;
  CHECK_FALSE(read_file(world.get().disk, "/proc/self/status", 100'000)->empty());
}

TEST_CASE("the folder of a path") {
  CHECK(folder_of("a") == ".");
  CHECK(folder_of("a/b") == "a");
  CHECK(folder_of("/a") == "/");
  CHECK(folder_of("/a/b/") == "/a");
  CHECK(folder_of("/") == "/");
}
