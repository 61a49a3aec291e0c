#include "apps/launcher/node_output.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

namespace troupe::launcher {

std::string line_prefix(std::string_view name, std::size_t width, std::size_t index, bool colours) {
  constexpr std::array numbers{36, 33, 32, 35, 34,
                               96, 93, 92, 95, 94}; // of ANSI colours; red is for failures
  const auto plain = fmt::format("{:<{}} | ", name, width);
  return colours ? fmt::format("\x1b[{}m{}\x1b[0m", numbers[index % numbers.size()], plain) : plain;
}

rotated_log::rotated_log(std::string file, std::uint64_t limit)
  : file_(std::move(file)), limit_(limit), out_(file_, std::ios::binary | std::ios::app) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file_, error);
  if (!error) size_ = size;
}

void rotated_log::add(std::string_view line) {
  if (size_ + line.size() + 1 > limit_ && size_ > 0) {
    out_.close();
    std::error_code error;
    std::filesystem::rename(file_, file_ + ".1", error);
    out_.open(file_, std::ios::binary | std::ios::trunc);
    size_ = 0;
  }
  out_ << line << '\n';
  size_ += line.size() + 1;
}

} // namespace troupe::launcher
