#include "apps/troupe/text_table.hpp"

#include <algorithm>

namespace troupe::cli {

namespace {

std::string_view shown(const std::string& cell) {
  return cell.empty() ? std::string_view{"-"} : std::string_view{cell};
}

} // namespace

std::string text_table::to_string() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t column = 0; column < widths.size(); ++column)
      widths[column] = std::max(widths[column], shown(row[column]).size());
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t column = 0; column < widths.size(); ++column) {
      const auto cell = shown(row[column]);
      line += cell;
      line.append(widths[column] - cell.size() + 2, ' ');
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

} // namespace troupe::cli
