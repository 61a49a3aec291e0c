#include "runtime/linearizability/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

namespace {

// Columns that one event takes: enough to tell neighbours apart.
constexpr std::size_t event_width = 2;

// UTF-8 continues a character with bytes of this form; they take no column of their own.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
    text.begin(), text.end(), [](char each) { return (static_cast<unsigned char>(each) & 0xc0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t width) {
  const auto own = width_of(text);
  return own < width ? text + std::string(width - own, ' ') : text;
}

std::string time_text(duration time) {
  return fmt::format("{}.{:06}", time.count() / 1'000'000, std::abs(time.count() % 1'000'000));
}

class drawing {
public:
  drawing(const std::vector<timeline_row>& rows, std::uint32_t last) : rows_(rows), last_(last) {
    for (const auto& row : rows_) {
      for (const auto& when : {row.called, row.ended}) {
        if (when == history_moment::never()) continue;
        if (when.event <= last_) events_.push_back(when.event);
        timed_ = timed_ || when.time != duration{};
      }
    }
    std::sort(events_.begin(), events_.end());
  }

  std::string draw() const {
    std::vector<std::vector<std::string>> cells{{"", "client", "operation"}};
    if (timed_) cells[0].insert(cells[0].end(), {"called ms", "ended ms"});
    cells[0].emplace_back("order of events");
    for (const auto& row : rows_) {
      auto& out = cells.emplace_back(std::vector{row.mark, std::to_string(row.client), row.text});
      if (timed_) {
        out.push_back(time_text(row.called.time));
        out.push_back(row.ended == history_moment::never() ? "-" : time_text(row.ended.time));
      }
      out.push_back(line_of(row));
    }
    std::vector<std::size_t> widths(cells[0].size());
    for (const auto& row : cells)
      for (std::size_t i = 0; i < row.size(); ++i)
        widths[i] = std::max(widths[i], width_of(row[i]));
    std::string out;
    for (const auto& row : cells) {
      std::string line = " ";
      for (std::size_t i = 0; i < row.size(); ++i)
        line += " " + padded(row[i], widths[i]);
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  }

private:
  std::size_t column_of(std::uint32_t event) const {
    return event_width
           * static_cast<std::size_t>(std::lower_bound(events_.begin(), events_.end(), event)
                                      - events_.begin());
  }

  std::string line_of(const timeline_row& row) const {
    const auto begin = column_of(row.called.event);
    const bool ends = row.ended != history_moment::never();
    const bool in_sight = ends && row.ended.event <= last_;
    const auto end = in_sight ? column_of(row.ended.event) : event_width * events_.size();
    return std::string(begin, ' ') + "|" + std::string(end - begin - 1, '-')
           + (in_sight ? "|"
              : ends   ? ">"
                       : "?");
  }

  const std::vector<timeline_row>& rows_;
  std::uint32_t last_;
  std::vector<std::uint32_t> events_; // of these rows, ascending
  bool timed_ = false;
};

} // namespace

std::string draw_timeline(const std::vector<timeline_row>& rows, std::uint32_t last) {
  return drawing{rows, last}.draw();
}

} // namespace troupe
