#include "runtime/simulation_disk/simulated_disk.hpp"
#include "tests/runtime/simulation_disk/crash_outcomes.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <set>

using namespace troupe;
using namespace std::chrono_literals;

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

void lose_everything(simulated_disk& disk) {
  same_choice none{false};
  disk.crash(none);
  disk.power_on();
}

} // namespace

TEST_CASE("no fault strikes unless it is asked for") {
  simulated_disk disk{random_source{1}, {.on_stall = [](duration) { FAIL("no stall was asked for"); }}};
  for (int i = 0; i < 500; ++i)
    CHECK(replace_file(disk, "/a", "x").ok());
  CHECK(disk.counters().struck == std::array<std::uint64_t, disk_fault_count>{});
}

TEST_CASE("each fault strikes as often as its probability says") {
  const auto strikes = [](disk_fault fault, double probability) {
    disk_faults faults;
    double* const fields[] = {&faults.read_error, &faults.write_error, &faults.sync_failure,
                              &faults.lost_sync,  &faults.bit_rot,     &faults.stall,
                              &faults.full};
    *fields[static_cast<std::size_t>(fault)] = probability;
    disk_fault_dice dice{random_source{7}, faults};
    std::uint64_t count = 0;
    for (int i = 0; i < 2000; ++i) {
      for (std::size_t each = 0; each < disk_fault_count; ++each) {
        const bool struck = dice.strikes(static_cast<disk_fault>(each));
        if (each != static_cast<std::size_t>(fault)) CHECK_FALSE(struck);
        count += struck ? 1 : 0;
      }
    }
    CHECK(dice.struck(fault) == count);
    return count;
  };
  for (std::size_t each = 0; each < disk_fault_count; ++each) {
    const auto fault = static_cast<disk_fault>(each);
    CHECK(strikes(fault, 0) == 0);
    CHECK(strikes(fault, 1) == 2000);
    CHECK(strikes(fault, 0.25) > 420);
    CHECK(strikes(fault, 0.25) < 580);
  }
}

TEST_CASE("a forced fault strikes so often and shifts nothing else") {
  const auto run = [](bool forced) {
    disk_fault_dice dice{random_source{7}, {.write_error = 0.5}};
    if (forced) dice.force(disk_fault::write_error, 3);
    std::string out;
    for (int i = 0; i < 50; ++i)
      out += dice.strikes(disk_fault::write_error) ? '1' : '0';
    return out;
  };
  CHECK(run(true).substr(0, 3) == "111");
  CHECK(run(true).substr(3) == run(false).substr(3));
}

TEST_CASE("faults have names, and ranges that are checked") {
  CHECK(to_string(disk_fault::read_error) == "read_error");
  CHECK(to_string(disk_fault::full) == "full");
  CHECK(disk_faults{}.validate().ok());
  CHECK(disk_faults{.stall = 1.5}.validate()
        == status(status_code::invalid_argument, "stall is 1.5; give a probability from 0 to 1"));
  CHECK(disk_faults{.bit_rot = -0.1}.validate().code() == status_code::invalid_argument);
  CHECK_FALSE(disk_faults{.kept_write = 0.6, .torn_write = 0.6}.validate().ok());
  CHECK_FALSE(disk_faults{.stall_min = 2s, .stall_max = 1s}.validate().ok());
  simulated_disk disk{random_source{1}};
  CHECK_FALSE(disk.set_faults({.full = 2}).ok());
  CHECK(disk.faults() == disk_faults{});
  CHECK(disk.set_faults({.full = 1}).ok());
  CHECK(disk.faults().full == 1);
}

TEST_CASE("a read error is DATA_LOSS, and goes away") {
  std::vector<std::string> told;
  simulated_disk disk{random_source{1}, {.on_fault = [&](disk_fault fault, std::string_view path) {
                        told.push_back(std::string{to_string(fault)} + " " + std::string{path});
                      }}};
  CHECK(replace_file(disk, "/a", "x").ok());
  const auto a = open(disk, "/a");
  std::byte one[1];
  disk.strike(disk_fault::read_error, 2);
  CHECK(a->read_at(0, one).error() == status(status_code::data_loss, "cannot read '/a': Input/output error"));
  CHECK(disk.list("/").error().code() == status_code::data_loss);
  CHECK(*a->read_at(0, one) == 1);
  CHECK(disk.list("/").has_value());
  disk.strike(disk_fault::read_error, 2);
  CHECK(disk.exists("/a").error().code() == status_code::data_loss);
  CHECK(disk.open("/a", open_mode::read).error().code() == status_code::data_loss);
  CHECK(disk.counters().of(disk_fault::read_error) == 4);
  CHECK(told == std::vector<std::string>{"read_error /a", "read_error /", "read_error /a", "read_error /a"});
}

TEST_CASE("a write error leaves any of the write's sectors, and the next append begins behind it") {
  std::set<std::string> found;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    simulated_disk disk{random_source{seed}};
    const auto a = open(disk, "/a");
    CHECK(a->write_at(0, bytes(std::string(2 * sector_size, 'a'))).ok());
    disk.strike(disk_fault::write_error);
    CHECK(a->write_at(0, bytes(std::string(2 * sector_size, 'X')))
          == status(status_code::data_loss, "cannot write to '/a': Input/output error"));
    const std::string now = content(disk, "/a");
    found.insert(std::string{now[0], now[sector_size]});
    CHECK(now[0] == now[sector_size - 1]);

    disk.strike(disk_fault::write_error);
    CHECK(a->append(bytes(std::string(3 * sector_size, 'Y'))).error().code() == status_code::data_loss);
    CHECK(*a->append(bytes("Z")) == 5 * sector_size);
  }
  CHECK(found == std::set<std::string>{"aa", "aX", "Xa", "XX"});
}

TEST_CASE("changes of names fail without effect") {
  simulated_disk disk{random_source{1}};
  CHECK(replace_file(disk, "/a", "x").ok());
  const auto before = disk.digest();
  disk.strike(disk_fault::write_error, 6);
  CHECK(disk.rename("/a", "/b")
        == status(status_code::data_loss, "cannot rename '/a' to '/b': Input/output error"));
  CHECK(disk.remove("/a").code() == status_code::data_loss);
  CHECK(disk.open("/b", open_mode::create).error().code() == status_code::data_loss);
  CHECK(disk.open("/a", open_mode::create_empty).error().code() == status_code::data_loss);
  CHECK(disk.create_folders("/d/e").code() == status_code::data_loss);
  CHECK((*disk.open("/a", open_mode::create))->truncate(0).code() == status_code::data_loss);
  CHECK(disk.digest() == before);
  CHECK(disk.remove("/a").ok());
}

TEST_CASE("a file whose sync failed stays failed until it is opened anew, and what it lost stays lost") {
  simulated_disk disk{random_source{1}, {.faults = {.kept_write = 0, .torn_write = 0}}};
  CHECK(replace_file(disk, "/a", "old").ok());
  const auto a = open(disk, "/a");
  const auto also_open = open(disk, "/a");
  CHECK(a->write_at(0, bytes("NEW")).ok());
  disk.strike(disk_fault::sync_failure);
  const status failed{status_code::data_loss, "cannot sync '/a': Input/output error"};
  CHECK(a->sync() == failed);
  CHECK(a->sync() == failed);
  CHECK(also_open->sync() == failed);
  CHECK(also_open->sync() == failed);
  CHECK(disk.counters().of(disk_fault::sync_failure) == 1);
  CHECK(disk.set_faults({.sync_failure = 1, .kept_write = 0, .torn_write = 0}).ok());
  CHECK(a->sync() == failed);
  CHECK(disk.counters().of(disk_fault::sync_failure) == 1); // it is the old failure
  CHECK(disk.set_faults({.kept_write = 0, .torn_write = 0}).ok());

  const auto again = open(disk, "/a");
  CHECK(again->sync().ok());
  CHECK(content(disk, "/a") == "NEW"); // so it seems
  CHECK(again->append(bytes("!")).has_value());
  CHECK(again->sync().ok());
  CHECK(a->sync() == failed);
  lose_everything(disk);
  CHECK(content(disk, "/a") == "old!");
  CHECK(open(disk, "/a")->sync().ok());
}

TEST_CASE("part of what a failed sync was to write may be there") {
  std::set<std::string> found;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    simulated_disk disk{random_source{seed}};
    CHECK(replace_file(disk, "/a", "ab").ok());
    const auto a = open(disk, "/a");
    CHECK(a->write_at(0, bytes("X")).ok());
    CHECK(a->write_at(1, bytes("Y")).ok());
    disk.strike(disk_fault::sync_failure);
    CHECK_FALSE(a->sync().ok());
    lose_everything(disk);
    found.insert(content(disk, "/a"));
  }
  CHECK(found == std::set<std::string>{"ab", "Xb", "aY", "XY"});
}

TEST_CASE("a folder's sync that failed may be repeated") {
  simulated_disk disk{random_source{1}};
  const auto a = open(disk, "/a");
  disk.strike(disk_fault::sync_failure);
  CHECK(disk.sync_directory("/")
        == status(status_code::data_loss, "cannot sync the folder '/': Input/output error"));
  CHECK(disk.sync_directory("/").ok());
  lose_everything(disk);
  CHECK(*disk.exists("/a"));
}

TEST_CASE("a device that lies about a sync loses what it acknowledged") {
  simulated_disk disk{random_source{1}};
  CHECK(replace_file(disk, "/a", "old").ok());
  auto a = open(disk, "/a");
  CHECK(a->write_at(0, bytes("new")).ok());
  disk.strike(disk_fault::lost_sync, 2);
  CHECK(a->sync().ok());
  const auto b = open(disk, "/b");
  CHECK(disk.sync_directory("/").ok());
  lose_everything(disk);
  CHECK(content(disk, "/a") == "old");
  CHECK_FALSE(*disk.exists("/b"));

  a = open(disk, "/a"); // a later honest sync brings all of it
  CHECK(a->write_at(0, bytes("new")).ok());
  disk.strike(disk_fault::lost_sync);
  CHECK(a->sync().ok());
  CHECK(a->sync().ok());
  lose_everything(disk);
  CHECK(content(disk, "/a") == "new");
}

TEST_CASE("rot flips bits that are synced, now and after a crash") {
  simulated_disk disk{random_source{1}};
  CHECK(disk.rot(5) == 0); // there is nothing
  const std::string before(100, 'a');
  CHECK(replace_file(disk, "/a", before).ok());
  CHECK(replace_file(disk, "/b", before).ok());
  CHECK(disk.rot(3) == 3);
  CHECK(disk.counters().of(disk_fault::bit_rot) == 3);
  const auto flipped = [&] {
    const std::string now = content(disk, "/a") + content(disk, "/b");
    int bits = 0;
    for (const char c : now)
      bits += std::popcount(static_cast<unsigned char>(c ^ 'a'));
    return bits;
  };
  const int bits = flipped();
  CHECK((bits == 3 || bits == 1)); // one may hit twice
  lose_everything(disk);
  CHECK(flipped() == bits);

  CHECK(disk.flip("/none", 0, 0).code() == status_code::not_found);
  CHECK(disk.flip("/a", 100, 0)
        == status(status_code::out_of_range, "'/a' has 100 synced bytes, so none at 100"));
  const std::string now = content(disk, "/a");
  CHECK(disk.flip("/a", 7, 0).ok());
  CHECK(content(disk, "/a")[7] == static_cast<char>(now[7] ^ 1));
  CHECK(disk.counters().of(disk_fault::bit_rot) == 4);
}

TEST_CASE("a read finds rot where it looks, and it stays") {
  simulated_disk disk{random_source{1}};
  CHECK(replace_file(disk, "/a", std::string(4096, 'a')).ok());
  const auto a = open(disk, "/a");
  disk.strike(disk_fault::bit_rot);
  std::string some(16, '?');
  CHECK(*a->read_at(1000, std::as_writable_bytes(std::span{some})) == 16);
  CHECK(some != std::string(16, 'a'));
  std::string again(16, '?');
  CHECK(*a->read_at(1000, std::as_writable_bytes(std::span{again})) == 16);
  CHECK(again == some);
  lose_everything(disk);
  CHECK(content(disk, "/a").substr(1000, 16) == some);
}

TEST_CASE("a stall takes its time before the operation has an effect") {
  std::vector<duration> stalls;
  simulated_disk* disk = nullptr;
  std::uint64_t seen = 0;
  simulated_disk made{random_source{1},
                      {.faults = {.stall_min = 5ms, .stall_max = 7ms}, .on_stall = [&](duration length) {
                         stalls.push_back(length);
                         seen = disk->used(); // the disk may be used meanwhile
                       }}};
  disk = &made;
  const auto a = open(made, "/a");
  CHECK(a->write_at(0, bytes("abc")).ok());
  made.strike(disk_fault::stall);
  CHECK(a->write_at(0, bytes("abcdef")).ok());
  CHECK(seen == 3);
  REQUIRE(stalls.size() == 1);
  CHECK(stalls[0] >= 5ms);
  CHECK(stalls[0] <= 7ms);
  CHECK(made.set_faults({.stall = 1, .stall_min = 2ms, .stall_max = 2ms}).ok());
  std::byte one[1];
  CHECK(*a->read_at(0, one) == 1);
  CHECK(a->sync().ok());
  CHECK(made.exists("/a").has_value());
  CHECK(stalls.size() == 4);
  CHECK(stalls.back() == 2ms);
}

TEST_CASE("a crash in the middle of a stall ends the operation") {
  simulated_disk* disk = nullptr;
  simulated_disk made{random_source{1}, {.on_stall = [&](duration) {
                        disk->crash();
                        disk->power_on();
                      }}};
  disk = &made;
  CHECK(replace_file(made, "/a", "old").ok());
  const auto a = open(made, "/a");
  made.strike(disk_fault::stall);
  CHECK(a->write_at(0, bytes("new")).code() == status_code::unavailable);
  CHECK(content(made, "/a") == "old");
}

TEST_CASE("a full disk takes what fits, and nothing new") {
  simulated_disk disk{random_source{1}, {.capacity = 10}};
  const auto a = open(disk, "/a");
  CHECK(a->write_at(0, bytes("12345678")).ok());
  CHECK(a->append(bytes("9abcdef")).error()
        == status(status_code::resource_exhausted, "cannot write to '/a': No space left on device"));
  CHECK(content(disk, "/a") == "123456789a");
  CHECK(disk.used() == 10);
  CHECK(a->write_at(0, bytes("XYZ")).ok()); // in place
  CHECK(a->write_at(1'000'000, bytes("x")).code() == status_code::resource_exhausted);
  CHECK(a->truncate(11).code() == status_code::resource_exhausted);
  CHECK(*a->size() == 10);
  CHECK(disk.open("/b", open_mode::create).error()
        == status(status_code::resource_exhausted, "cannot open '/b': No space left on device"));
  CHECK(disk.create_folders("/d").code() == status_code::resource_exhausted);
  CHECK(disk.rename("/a", "/b").ok());
  CHECK(a->truncate(5).ok());
  disk.set_capacity(7);
  CHECK(disk.capacity() == 7);
  CHECK(*a->append(bytes("!")) == 5);
  CHECK(a->append(bytes("!!")).error().code() == status_code::resource_exhausted);
  CHECK(disk.used() == 7);
  disk.set_capacity(3);
  CHECK(a->write_at(0, bytes("abc")).ok());
  CHECK(disk.remove("/b").ok());
}

TEST_CASE("full strikes by chance, too") {
  simulated_disk disk{random_source{1}};
  const auto a = open(disk, "/a");
  disk.strike(disk_fault::full, 2);
  CHECK(a->write_at(0, bytes("x")).code() == status_code::resource_exhausted);
  CHECK(disk.create_folders("/d").code() == status_code::resource_exhausted);
  CHECK(a->write_at(0, bytes("x")).ok());
  disk.strike(disk_fault::full);
  CHECK(a->write_at(0, bytes("y")).ok()); // nothing grows
  CHECK(a->truncate(0).ok());
  CHECK(a->truncate(1).code() == status_code::resource_exhausted);
}

TEST_CASE("there are only so many names") {
  simulated_disk disk{random_source{1}, {.max_names = 4}};
  CHECK(disk.create_folders("/a/b/c").ok());
  CHECK(disk.open("/d", open_mode::create).error().code() == status_code::resource_exhausted);
  CHECK(disk.remove("/a/b/c").ok());
  CHECK(disk.open("/d", open_mode::create).has_value());
  CHECK(disk.lock("/e").error().code() == status_code::resource_exhausted);
  lose_everything(disk);
  CHECK(disk.create_folders("/x/y/z").ok());
  CHECK(disk.create_folders("/w").code() == status_code::resource_exhausted);
}
