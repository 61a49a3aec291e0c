#include "runtime/simulation_disk/simulated_disk.hpp"
#include "tests/runtime/simulation_disk/crash_outcomes.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

std::unique_ptr<file> open(simulated_disk& disk, std::string_view path, open_mode mode = open_mode::create) {
  auto opened = disk.open(path, mode);
  REQUIRE(opened.has_value());
  return std::move(*opened);
}

std::string content(simulated_disk& disk, std::string_view path) {
  const auto out = read_file(disk, path, 1 << 20);
  return out ? *out : "(" + std::string{to_string(out.error().code())} + ")";
}

void restart(simulated_disk& disk) {
  disk.crash();
  disk.power_on();
}

} // namespace

TEST_CASE("what was synced is there after a crash, content and name each for itself") {
  simulated_disk disk{random_source{1}};
  CHECK(replace_file(disk, "/a", "synced").ok());
  const auto b = open(disk, "/b");
  CHECK(b->write_at(0, bytes("content only")).ok());
  CHECK(b->sync().ok());
  const auto c = open(disk, "/c");
  CHECK(disk.sync_directory("/").ok());
  CHECK(c->write_at(0, bytes("name only")).ok());
  const auto d = open(disk, "/d");
  CHECK(d->write_at(0, bytes("content only")).ok());
  CHECK(d->sync().ok());

  same_choice none{false};
  disk.crash(none);
  disk.power_on();
  CHECK(*disk.list("/") == std::vector<std::string>{"a", "b", "c"});
  CHECK(content(disk, "/a") == "synced");
  CHECK(content(disk, "/b") == "content only");
  CHECK(content(disk, "/c") == "");
}

TEST_CASE("without power everything fails and changes nothing") {
  simulated_disk disk{random_source{1}};
  CHECK(replace_file(disk, "/a", "1").ok());
  const auto a = open(disk, "/a");
  disk.crash();
  CHECK_FALSE(disk.has_power());
  const auto before = disk.digest();
  const auto unavailable = [](const status& s) { return s.code() == status_code::unavailable; };
  CHECK(disk.open("/b", open_mode::create).error()
        == status(status_code::unavailable, "cannot open '/b': the disk has no power"));
  CHECK(unavailable(disk.rename("/a", "/b")));
  CHECK(unavailable(disk.remove("/a")));
  CHECK(unavailable(disk.exists("/a").error()));
  CHECK(unavailable(disk.list("/").error()));
  CHECK(unavailable(disk.create_folders("/d")));
  CHECK(unavailable(disk.sync_directory("/")));
  CHECK(unavailable(disk.lock("/l").error()));
  CHECK(disk.digest() == before);
  disk.power_on();
  CHECK(disk.has_power());
  CHECK(content(disk, "/a") == "1");
}

TEST_CASE("a file opened before a crash fails for ever") {
  simulated_disk disk{random_source{1}};
  CHECK(replace_file(disk, "/a", "1").ok());
  const auto a = open(disk, "/a");
  const auto check = [&] {
    const auto refused = [](const status& s, std::string_view what) {
      return s
             == status(status_code::unavailable,
                       "cannot " + std::string{what} + " '/a': it was opened before a crash");
    };
    std::byte one[1];
    CHECK(refused(a->read_at(0, one).error(), "read"));
    CHECK(refused(a->write_at(0, bytes("x")), "write to"));
    CHECK(refused(a->append(bytes("x")).error(), "write to"));
    CHECK(refused(a->sync(), "sync"));
    CHECK(refused(a->truncate(0), "truncate"));
    CHECK(refused(a->size().error(), "read the size of"));
    CHECK(a->path() == "/a");
  };
  disk.crash();
  check();
  disk.power_on();
  check();
  CHECK(content(disk, "/a") == "1");
  restart(disk);
  check();
}

TEST_CASE("a crash gives locks back, and the old owner takes nothing away") {
  simulated_disk disk{random_source{1}};
  auto old = disk.lock("/lock");
  REQUIRE(old.has_value());
  CHECK(disk.sync_directory("/").ok());
  restart(disk);
  auto fresh = disk.lock("/lock");
  REQUIRE(fresh.has_value());
  old->reset();
  CHECK(disk.lock("/lock").error().code() == status_code::failed_precondition);
}

TEST_CASE("files and locks may outlive the disk") {
  std::unique_ptr<file> a;
  std::unique_ptr<disk_lock> lock;
  {
    simulated_disk disk{random_source{1}};
    a = open(disk, "/a");
    lock = std::move(*disk.lock("/lock"));
  }
  CHECK(a->write_at(0, bytes("x")).ok());
}

TEST_CASE("crashes leave any subset of unsynced names and writes, each seed its own") {
  std::set<std::string> found;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    simulated_disk disk{random_source{seed}};
    CHECK(replace_file(disk, "/a", "old").ok());
    const auto a = open(disk, "/a");
    CHECK(a->write_at(0, bytes("new")).ok());
    const auto b = open(disk, "/b");
    restart(disk);
    found.insert(content(disk, "/a") + (*disk.exists("/b") ? " b" : ""));
  }
  CHECK(found == std::set<std::string>{"old", "new", "old b", "new b"});
}

TEST_CASE("power may be cut after any operation") {
  simulated_disk disk{random_source{1}};
  disk.cut_power_after(2);
  const auto a = open(disk, "/a");
  CHECK(a->write_at(0, bytes("x")).ok());
  CHECK(a->sync() == status(status_code::unavailable, "cannot sync '/a': the disk has no power"));
  CHECK(a->sync().code() == status_code::unavailable);
  CHECK_FALSE(disk.has_power());
  CHECK(disk.counters().crashes == 0);
  disk.power_on(); // what was not synced is gone, or not
  CHECK(disk.counters().crashes == 1);
  CHECK(a->sync() == status(status_code::unavailable, "cannot sync '/a': it was opened before a crash"));
  for (int i = 0; i < 10; ++i) // the cut is over
    CHECK(disk.exists("/").has_value());

  disk.cut_power_after(0);
  CHECK(disk.exists("/").error().code() == status_code::unavailable);
  disk.crash();
  disk.crash();
  CHECK(disk.counters().crashes == 2);
  disk.power_on();
  disk.power_on();
  CHECK(disk.counters().crashes == 2);
  CHECK(disk.exists("/").has_value());
}

TEST_CASE("the working folder is there from the beginning and after every crash") {
  simulated_disk disk{random_source{1}, {.working_folder = "/var/lib//node/"}};
  CHECK(replace_file(disk, "a", "1").ok());
  same_choice none{false};
  disk.crash(none);
  disk.power_on();
  CHECK(content(disk, "a") == "1");
  CHECK(content(disk, "/var/lib/node/a") == "1");
  CHECK(content(disk, "../node/./a") == "1");
  CHECK(*disk.list(".") == std::vector<std::string>{"a"});
  CHECK(disk.sync_directory(".").ok());
  CHECK(disk.remove("/").code() == status_code::failed_precondition);
  CHECK(disk.rename("/", "/x").code() == status_code::failed_precondition);
  CHECK(disk.remove(".").code() == status_code::invalid_argument);
  CHECK(*disk.list("/../..") == std::vector<std::string>{"var"});
}

TEST_CASE("what is used follows files that grow, shrink, go and are found after a crash") {
  simulated_disk disk{random_source{1}, {.capacity = 1000}};
  auto a = open(disk, "/a");
  CHECK(a->write_at(100, bytes("x")).ok());
  CHECK(disk.used() == 101);
  CHECK(a->truncate(50).ok());
  CHECK(disk.used() == 50);
  CHECK(a->sync().ok());
  CHECK(disk.sync_directory("/").ok());
  CHECK(a->truncate(800).ok());
  CHECK(disk.used() == 800);
  CHECK(disk.remove("/a").ok());
  CHECK(disk.used() == 800); // still open
  a.reset();
  CHECK(disk.used() == 0);

  same_choice none{false};
  disk.crash(none);
  CHECK(disk.used() == 50);
  disk.power_on();
  CHECK(replace_file(disk, "/b", std::string(100, 'b')).ok());
  CHECK(disk.used() == 150);
  CHECK(disk.rename("/b", "/a").ok());
  CHECK(disk.used() == 100);
  CHECK(disk.open("/a", open_mode::create_empty).has_value());
  CHECK(disk.used() == 0);
}

TEST_CASE("the digest is that of all names and bytes, seen and synced") {
  const auto make = [](std::uint64_t seed) { return std::make_unique<simulated_disk>(random_source{seed}); };
  std::set<std::uint64_t> digests;
  const auto fresh = [&](const simulated_disk& disk) { return digests.insert(disk.digest()).second; };
  const auto disk = make(1);
  CHECK(fresh(*disk));
  const auto a = open(*disk, "/a");
  CHECK(fresh(*disk));
  CHECK(a->write_at(0, bytes("x")).ok());
  CHECK(fresh(*disk));
  CHECK(a->sync().ok());
  CHECK(disk->sync_directory("/").ok());
  CHECK(fresh(*disk));
  CHECK(a->write_at(0, bytes("y")).ok());
  CHECK(fresh(*disk));
  CHECK(a->write_at(0, bytes("x")).ok());
  CHECK_FALSE(fresh(*disk));
  CHECK(a->truncate(2).ok());
  CHECK(fresh(*disk));
  CHECK(disk->rename("/a", "/b").ok());
  CHECK(fresh(*disk));
  CHECK(disk->create_folders("/d").ok());
  CHECK(fresh(*disk));

  const auto other = make(2); // how it came about does not matter
  const auto b = open(*other, "/a");
  CHECK(b->write_at(0, bytes("x")).ok());
  CHECK(b->sync().ok());
  CHECK(other->sync_directory("/").ok());
  CHECK_FALSE(fresh(*other));
}

TEST_CASE("the digest is the same on every machine") { // worked out by hand, that is, by another program
  simulated_disk disk{random_source{1}};
  CHECK(disk.digest() == 0xA706DD2F4D197E6F);
  const auto a = open(disk, "/a");
  CHECK(a->write_at(0, bytes("01234")).ok());
  CHECK(a->sync().ok());
  CHECK(disk.sync_directory("/").ok());
  CHECK(a->append(bytes("56789")).has_value());
  CHECK(disk.digest() == 0xB81E87A4B513856C);
}

TEST_CASE("the same seed and the same program end in the same bytes, other seeds elsewhere") {
  const auto run = [](std::uint64_t seed) {
    simulated_disk disk{random_source{seed},
                        {.faults = {.read_error = 0.02,
                                    .write_error = 0.05,
                                    .sync_failure = 0.05,
                                    .lost_sync = 0.1,
                                    .bit_rot = 0.05,
                                    .stall = 0.1,
                                    .full = 0.3}}};
    random_source program{99};
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < 20; ++i) {
        const std::string path = "/" + std::string(1, static_cast<char>('a' + program.below(4)));
        const auto opened = disk.open(path, open_mode::create);
        if (!opened) continue;
        static_cast<void>(
          (*opened)->write_at(program.below(3000), bytes(std::string(program.below(2000), 'x'))));
        std::byte some[100];
        static_cast<void>((*opened)->read_at(0, some));
        if (program.chance(0.6)) static_cast<void>((*opened)->sync());
        if (program.chance(0.3)) static_cast<void>(disk.sync_directory("/"));
      }
      restart(disk);
    }
    return std::pair{disk.digest(), disk.counters()};
  };
  const auto [digest, counters] = run(1);
  CHECK(run(1) == std::pair{digest, counters});
  CHECK(run(2).first != digest);
  CHECK(counters.crashes == 20);
  CHECK(counters.writes_torn > 0);
  for (std::size_t each = 0; each < disk_fault_count; ++each) {
    CAPTURE(to_string(static_cast<disk_fault>(each)));
    CHECK(counters.struck[each] > 0);
  }
}

TEST_CASE("what an earlier crash drew does not change a later one") {
  const auto second_crash = [](bool more_in_the_first) {
    simulated_disk disk{random_source{4}};
    const auto a = open(disk, "/a");
    CHECK(disk.sync_directory("/").ok());
    if (more_in_the_first) CHECK(a->write_at(0, bytes(std::string(10'000, 'x'))).ok());
    restart(disk);
    const auto b = open(disk, "/a", open_mode::create_empty);
    CHECK(b->sync().ok());
    CHECK(b->write_at(0, bytes(std::string(100 * sector_size, 'y'))).ok());
    disk.crash();
    return disk.digest();
  };
  CHECK(second_crash(false) == second_crash(true));
}

TEST_CASE("counters tell what programs did") {
  simulated_disk disk{random_source{1}};
  const auto a = open(disk, "/a");
  CHECK(a->write_at(0, bytes("abc")).ok());
  CHECK(a->append(bytes("de")).has_value());
  CHECK(a->truncate(4).ok());
  CHECK(a->sync().ok());
  CHECK(disk.sync_directory("/").ok());
  std::byte some[10];
  CHECK(*a->read_at(1, some) == 3);
  const auto counted = disk.counters();
  CHECK(counted.operations == 7);
  CHECK(counted.writes == 3);
  CHECK(counted.bytes_written == 5);
  CHECK(counted.reads == 1);
  CHECK(counted.bytes_read == 3);
  CHECK(counted.syncs == 1);
  CHECK(counted.folder_syncs == 1);
}
