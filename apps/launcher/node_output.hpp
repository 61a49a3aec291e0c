// What a node prints, line by line: into its log file, and with its name in front for the terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace troupe::launcher {

inline constexpr std::size_t longest_output_line = 16 * 1024; // a longer one is broken

// Splits a stream of bytes into lines. Pure.
class line_splitter {
public:
  // Calls `line` with each line that is complete, without its line feed.
  template <class Line>
  void add(std::string_view bytes, Line&& line) {
    for (const char c : bytes) {
      if (c == '\n') {
        flush(line);
        continue;
      }
      rest_ += c;
      if (rest_.size() == longest_output_line) flush(line);
    }
  }
  // At the end: what has no line feed.
  template <class Line>
  void finish(Line&& line) {
    if (!rest_.empty()) flush(line);
  }

private:
  template <class Line>
  void flush(Line& line) {
    line(std::string_view{rest_});
    rest_.clear();
  }

  std::string rest_;
};

// "front    | ", in one of a few colours. Pure.
std::string line_prefix(std::string_view name, std::size_t width, std::size_t index, bool colours);

// A file of lines that does not grow without end: beyond `limit` bytes it becomes FILE.1, in place of an
// earlier one.
class rotated_log {
public:
  // Appends to what is there. Failures to write are ignored: the terminal has the lines too.
  explicit rotated_log(std::string file, std::uint64_t limit = 16 * 1024 * 1024);
  void add(std::string_view line);
  // Until then a reader may miss the last lines.
  void flush() { out_.flush(); }

private:
  std::string file_;
  std::uint64_t limit_;
  std::uint64_t size_ = 0;
  std::ofstream out_;
};

} // namespace troupe::launcher
