// Programs that use the disk rightly lose nothing through thousands of crashes; those that forget one step
// are caught.
#include "runtime/environment/xoshiro.hpp"
#include "runtime/simulation_disk/simulated_disk.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <optional>

using namespace troupe;

namespace {

// What an author of a log may forget.
struct mistakes {
  bool no_sync = false;               // of the file, before a record is acknowledged
  bool no_folder_sync = false;        // after the log was made or renamed
  bool no_checksum = false;           // trusts what it finds
  bool syncs_again_elsewhere = false; // takes a sync of the file opened anew for that which failed
};

// A log of numbers: each record is the number, as many bytes made from it as it says, and a checksum. Records
// are numbered from 1; a log is dropped for a new one when it is long.
class write_ahead_log {
public:
  write_ahead_log(disk& on, mistakes made) : disk_(on), mistakes_(made) {}

  // Opens it as after a boot: the last number that is in it. Nothing: the disk failed.
  std::optional<std::uint64_t> recover() {
    for (const char* folder : {"/data", "/"}) {
      if (!disk_.create_folders("/data").ok()) return {};
      if (!mistakes_.no_folder_sync && !disk_.sync_directory(folder).ok()) return {};
    }
    auto opened = disk_.open(name, open_mode::create);
    if (!opened) return {};
    file_ = std::move(*opened);
    if (!mistakes_.no_folder_sync && !disk_.sync_directory("/data").ok()) return {};
    std::vector<std::byte> all(64 * 1024);
    const auto got = file_->read_at(0, all);
    if (!got) return {};
    std::span<const std::byte> rest{all.data(), *got};
    std::uint64_t last = 0;
    end_ = 0;
    while (true) {
      const std::uint64_t number = first_record(rest);
      if (number == 0 || (last != 0 && number != last + 1)) break;
      last = number;
      end_ += size_of(last);
      rest = rest.subspan(size_of(last));
    }
    if (!file_->truncate(end_).ok() || !file_->sync().ok()) return {};
    return last;
  }

  // Appends and acknowledges a record: true when it must never be lost from now on.
  bool write(std::uint64_t number) {
    std::vector<std::byte> record(size_of(number));
    std::memcpy(record.data(), &number, sizeof number);
    splitmix64 filler{number};
    for (std::size_t i = sizeof number; i < record.size() - sizeof number; ++i)
      record[i] = static_cast<std::byte>(filler.next() & 0xFF);
    const std::uint64_t sum = checksum(std::span{record}.first(record.size() - sizeof number));
    std::memcpy(record.data() + record.size() - sizeof sum, &sum, sizeof sum);
    if (!file_->write_at(end_, record).ok()) return false;
    if (!mistakes_.no_sync && !file_->sync().ok()) {
      if (!mistakes_.syncs_again_elsewhere) return false;
      auto again = disk_.open(name, open_mode::read_write);
      if (!again || !(*again)->sync().ok()) return false;
    }
    end_ += record.size();
    return true;
  }

  // Starts over behind `last` once the log is long, so that a test does not read megabytes again and again.
  bool compact(std::uint64_t last) {
    if (end_ < 20'000) return true;
    auto opened = disk_.open("/data/fresh", open_mode::create_empty);
    if (!opened) return false;
    const std::unique_ptr<file> old = std::exchange(file_, std::move(*opened));
    end_ = 0;
    if (!write(last) || !disk_.rename("/data/fresh", name).ok()) return false;
    return mistakes_.no_folder_sync || disk_.sync_directory("/data").ok();
  }

  // Whether recover() took something for a record that nobody wrote.
  bool took_garbage() const { return took_garbage_; }

private:
  static constexpr const char* name = "/data/log";

  static std::size_t size_of(std::uint64_t number) {
    return 16 + static_cast<std::size_t>(splitmix64{number}.next() % 1500);
  }

  static std::uint64_t checksum(std::span<const std::byte> bytes) {
    std::uint64_t sum = 1;
    for (const std::byte one : bytes)
      sum = splitmix64{sum ^ std::to_integer<std::uint64_t>(one)}.next();
    return sum;
  }

  // The number of the first record, 0 when there is none that is whole.
  std::uint64_t first_record(std::span<const std::byte> in) {
    std::uint64_t number = 0;
    std::uint64_t sum = 0;
    if (in.size() < sizeof number) return 0;
    std::memcpy(&number, in.data(), sizeof number);
    const std::size_t size = size_of(number);
    if (number == 0 || in.size() < size) return 0;
    std::memcpy(&sum, in.data() + size - sizeof sum, sizeof sum);
    if (sum == checksum(in.first(size - sizeof sum))) return number;
    took_garbage_ = took_garbage_ || mistakes_.no_checksum;
    return mistakes_.no_checksum ? number : 0;
  }

  disk& disk_;
  mistakes mistakes_;
  std::unique_ptr<file> file_;
  std::uint64_t end_ = 0;
  bool took_garbage_ = false;
};

struct outcome {
  std::uint64_t crashes = 0;
  std::uint64_t acknowledged = 0;
  std::optional<std::uint64_t>
    lost_at; // the crash after which an acknowledged record was missing, or one was made up
};

// Lives through so many crashes, each at a random operation, until a record is lost.
outcome live(std::uint64_t seed, std::uint64_t crashes, mistakes made, const disk_faults& faults = {}) {
  const random_source random{seed};
  simulated_disk disk{random.split("disk"), {.faults = faults}};
  random_source chance = random.split("program");
  outcome out;
  std::uint64_t acknowledged = 0;
  for (; out.crashes < crashes; ++out.crashes) {
    disk.cut_power_after(chance.below(60));
    write_ahead_log log{disk, made};
    if (const auto last = log.recover()) {
      // One that was written and not acknowledged may be there as well.
      if (*last < acknowledged || *last > acknowledged + 1 || log.took_garbage()) {
        out.lost_at = out.crashes;
        break;
      }
      acknowledged = *last;
      while (log.compact(acknowledged) && log.write(acknowledged + 1))
        ++acknowledged;
    }
    disk.crash();
    disk.power_on();
  }
  out.acknowledged = acknowledged;
  return out;
}

constexpr disk_faults failing{.read_error = 0.002, .write_error = 0.01, .sync_failure = 0.01, .full = 0.002};

} // namespace

TEST_CASE("a log that syncs as it should loses nothing in 10,000 crashes") {
  const outcome calm = live(1, 5000, {});
  CHECK_FALSE(calm.lost_at.has_value());
  CHECK(calm.crashes == 5000);
  CHECK(calm.acknowledged > 20'000);
  const outcome stormy = live(2, 5000, {}, failing);
  CHECK_FALSE(stormy.lost_at.has_value());
  CHECK(stormy.acknowledged > 10'000);
}

TEST_CASE("a log that forgets a step is caught") {
  const auto caught_within = [](std::uint64_t crashes, mistakes made, const disk_faults& faults = {}) {
    const outcome found = live(3, crashes, made, faults);
    CAPTURE(found.crashes, found.acknowledged);
    CHECK(found.lost_at.has_value());
  };
  SECTION("the sync of the file") { caught_within(20, {.no_sync = true}); }
  SECTION("the sync of the folders") { caught_within(100, {.no_folder_sync = true}); }
  SECTION("the checksum") { caught_within(500, {.no_checksum = true}); }
  SECTION("that a failed sync cannot be made good") {
    caught_within(500, {.syncs_again_elsewhere = true}, failing);
  }
}

TEST_CASE("no discipline helps against a device that lies, or that rots") {
  CHECK(live(4, 200, {}, {.lost_sync = 0.05}).lost_at.has_value());
  CHECK(live(5, 200, {}, {.bit_rot = 0.02}).lost_at.has_value());
}
