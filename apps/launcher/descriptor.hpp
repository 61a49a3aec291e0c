// A file descriptor that is closed with its owner.
#pragma once

#include <array>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace troupe::launcher {

class descriptor {
public:
  descriptor() noexcept = default;
  // Takes it over; -1: none.
  explicit descriptor(int number) noexcept : number_(number) {}
  ~descriptor() { close(); }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  descriptor(descriptor&& from) noexcept : number_(std::exchange(from.number_, -1)) {}
  descriptor& operator=(descriptor&& from) noexcept {
    std::swap(number_, from.number_);
    return *this;
  }

  void open(int number) noexcept {
    close();
    number_ = number;
  }
  void close() noexcept {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }
  int get() const noexcept { return number_; }

private:
  int number_ = -1;
};

struct pipe_ends {
  descriptor out; // to read from
  descriptor in;  // to write to

  // Not inherited by other programs. False: errno says why.
  bool open() noexcept {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    out.open(ends[0]);
    in.open(ends[1]);
    return true;
  }
};

} // namespace troupe::launcher
