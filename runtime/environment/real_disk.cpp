#include "runtime/environment/disk_error.hpp"
#include "runtime/environment/real_parts.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <mutex>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe {
namespace {

// Repeats a system call that a signal interrupted.
template <class Call>
auto uninterrupted(Call call) {
  while (true) {
    const auto out = call();
    if (out >= 0 || errno != EINTR) return out;
  }
}

class descriptor {
public:
  explicit descriptor(int number) noexcept : number_(number) {}
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&&) = delete;
  int get() const noexcept { return number_; }

private:
  int number_;
};

class real_file final : public file {
public:
  real_file(std::string path, descriptor handle, std::uint64_t size)
    : path_(std::move(path)), handle_(std::move(handle)), end_(size) {}

  result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const auto got = uninterrupted([&] {
        return ::pread(handle_.get(), into.data() + done, into.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (got < 0) return disk_failure("read", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  status write_at(std::uint64_t offset, std::span<const std::byte> from) override {
    if (from.empty()) return {}; // extends nothing, so the next append() goes where it would have gone
    std::size_t done = 0;
    while (done < from.size()) {
      const auto put = uninterrupted([&] {
        return ::pwrite(handle_.get(), from.data() + done, from.size() - done,
                        static_cast<off_t>(offset + done));
      });
      if (put < 0) return disk_failure("write to", path_, errno);
      done += static_cast<std::size_t>(put);
    }
    std::lock_guard hold{mutex_};
    end_ = std::max(end_, offset + from.size());
    return {};
  }

  result<std::uint64_t> append(std::span<const std::byte> from) override {
    // The range is taken first, so that writers write side by side. After an error the range stays taken:
    // what lies there is unknown, and the next append must not be mixed into it.
    std::uint64_t begin = 0;
    {
      std::lock_guard hold{mutex_};
      begin = end_;
      end_ += from.size();
    }
    if (status s = write_at(begin, from); !s.ok()) return s;
    return begin;
  }

  status sync() override {
    {
      std::lock_guard hold{mutex_};
      if (!sync_failure_.ok()) return sync_failure_;
    }
    if (uninterrupted([&] { return ::fdatasync(handle_.get()); }) == 0) return {};
    status why = disk_failure("sync", path_, errno);
    std::lock_guard hold{mutex_};
    if (sync_failure_.ok()) sync_failure_ = why;
    return sync_failure_;
  }

  status truncate(std::uint64_t size) override {
    std::lock_guard hold{mutex_};
    if (uninterrupted([&] { return ::ftruncate(handle_.get(), static_cast<off_t>(size)); }) < 0) {
      return disk_failure("truncate", path_, errno);
    }
    end_ = size;
    return {};
  }

  result<std::uint64_t> size() const override {
    struct stat facts {};
    if (::fstat(handle_.get(), &facts) < 0) return disk_failure("read the size of", path_, errno);
    return static_cast<std::uint64_t>(facts.st_size);
  }

  const std::string& path() const noexcept override { return path_; }

private:
  const std::string path_;
  const descriptor handle_;
  mutable std::mutex mutex_; // guards what follows
  std::uint64_t end_;
  status sync_failure_;
};

class real_lock final : public disk_lock {
public:
  explicit real_lock(descriptor handle) : handle_(std::move(handle)) {}

private:
  const descriptor handle_; // closing it gives the lock back
};

int flags_of(open_mode mode) noexcept {
  switch (mode) {
  case open_mode::read:
    return O_RDONLY;
  case open_mode::read_write:
    return O_RDWR;
  case open_mode::create:
    return O_RDWR | O_CREAT;
  case open_mode::create_new:
    return O_RDWR | O_CREAT | O_EXCL;
  case open_mode::create_empty:
    return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

class real_disk final : public disk {
public:
  result<std::unique_ptr<file>> open(std::string_view path, open_mode mode) override {
    std::string name{path};
    descriptor handle{uninterrupted([&] { return ::open(name.c_str(), flags_of(mode) | O_CLOEXEC, 0644); })};
    if (handle.get() < 0) return disk_failure("open", path, errno);
    struct stat facts {};
    if (::fstat(handle.get(), &facts) < 0) return disk_failure("open", path, errno);
    if (S_ISDIR(facts.st_mode))
      return disk_failure("open", path, EISDIR); // reading one would fail later, less clearly
    return std::unique_ptr<file>{std::make_unique<real_file>(std::move(name), std::move(handle),
                                                             static_cast<std::uint64_t>(facts.st_size))};
  }

  status rename(std::string_view from, std::string_view to) override {
    if (::rename(std::string{from}.c_str(), std::string{to}.c_str()) == 0) return {};
    return rename_failure(from, to, errno);
  }

  status remove(std::string_view path) override {
    if (::remove(std::string{path}.c_str()) == 0) return {};
    return disk_failure("remove", path, errno);
  }

  result<bool> exists(std::string_view path) override {
    struct stat facts {};
    if (::stat(std::string{path}.c_str(), &facts) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return disk_failure("look at", path, errno);
  }

  result<std::vector<std::string>> list(std::string_view folder) override {
    DIR* stream = ::opendir(std::string{folder}.c_str());
    if (stream == nullptr) return disk_failure("list", folder, errno);
    const std::unique_ptr<DIR, int (*)(DIR*)> closer{stream, &::closedir};
    std::vector<std::string> names;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(stream);
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return disk_failure("list", folder, errno);
    std::sort(names.begin(), names.end());
    return names;
  }

  status create_folders(std::string_view path) override {
    const std::string whole{path};
    for (std::size_t end = whole.find('/', 1);; end = whole.find('/', end + 1)) {
      const std::string part = whole.substr(0, end);
      if (!part.empty() && ::mkdir(part.c_str(), 0755) < 0 && errno != EEXIST) {
        return disk_failure("create the folder", part, errno);
      }
      if (end == std::string::npos) break;
    }
    struct stat facts {};
    if (::stat(whole.c_str(), &facts) < 0) return disk_failure("create the folder", path, errno);
    if (!S_ISDIR(facts.st_mode)) return disk_failure("create the folder", path, ENOTDIR);
    return {};
  }

  status sync_directory(std::string_view folder) override {
    const std::string name{folder};
    const descriptor handle{
      uninterrupted([&] { return ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })};
    if (handle.get() < 0) return disk_failure("sync the folder", folder, errno);
    if (uninterrupted([&] { return ::fsync(handle.get()); }) < 0)
      return disk_failure("sync the folder", folder, errno);
    return {};
  }

  result<std::unique_ptr<disk_lock>> lock(std::string_view path) override {
    const std::string name{path};
    descriptor handle{
      uninterrupted([&] { return ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644); })};
    if (handle.get() < 0) return disk_failure("lock", path, errno);
    // flock, not fcntl: its locks belong to the open file, so they also keep two nodes of one process apart.
    if (uninterrupted([&] { return ::flock(handle.get(), LOCK_EX | LOCK_NB); }) < 0) {
      if (errno == EWOULDBLOCK) return failed_precondition("cannot lock '{}': another node holds it", path);
      return disk_failure("lock", path, errno);
    }
    return std::unique_ptr<disk_lock>{std::make_unique<real_lock>(std::move(handle))};
  }
};

} // namespace

std::unique_ptr<disk> make_real_disk() { return std::make_unique<real_disk>(); }

} // namespace troupe
