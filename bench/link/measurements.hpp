// How the programs of the link benchmark are told what to measure: all alike, so that run.py can let them
// take turns.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <string>

namespace bench {

// The bytes that a message carries.
inline constexpr std::size_t payload_bytes = 64;

// How many messages a sender may be ahead of its receiver. Larger windows made neither Troupe nor Erlang
// faster, and Troupe slower.
inline constexpr std::uint32_t window = 1024;

// Measures something `count` times; gives the number to print: messages a second, or microseconds a round
// trip.
using measurement = std::function<double(std::uint64_t count)>;

// Says "ready", then reads lines "MEASUREMENT COUNT" and prints a number for each, until its input ends.
// Gives the exit code of the program: 2 for a line that it does not understand.
inline int answer_measurements(const std::map<std::string, measurement>& known) {
  std::puts("ready");
  std::fflush(stdout);
  char name[64];
  unsigned long long count = 0;
  while (std::scanf("%63s %llu", name, &count) == 2) {
    const auto found = known.find(name);
    if (found == known.end() || count == 0) {
      std::fprintf(stderr, "there is no measurement '%s %llu'\n", name, count);
      return 2;
    }
    std::printf("%.3f\n", found->second(count));
    std::fflush(stdout);
  }
  return std::feof(stdin) ? 0 : 2;
}

class stopwatch {
public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }
  double microseconds_each(std::uint64_t count) const { return seconds() * 1e6 / static_cast<double>(count); }
  double a_second(std::uint64_t count) const { return static_cast<double>(count) / seconds(); }

private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

} // namespace bench
