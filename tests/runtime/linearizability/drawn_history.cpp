#include "tests/runtime/linearizability/drawn_history.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <tuple>

namespace drawn {

namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in{text};
  std::vector<std::string> out;
  for (std::string word; in >> word;)
    out.push_back(word);
  return out;
}

// One client's line: its number, then its operations.
void read_client(const std::string& line, drawing& out) {
  INFO(line);
  std::size_t digits = 0;
  const auto client = static_cast<std::uint32_t>(std::stoul(line, &digits));
  for (auto begin = line.find_first_not_of(' ', digits); begin != std::string::npos;) {
    REQUIRE(line[begin] == '|');
    const auto end = line.find_first_of("|?#", begin + 1);
    REQUIRE(end != std::string::npos);
    auto text = line.substr(begin + 1, end - begin - 1);
    const auto first = text.find_first_not_of('-');
    REQUIRE(first != std::string::npos);
    text = text.substr(first, text.find_last_not_of('-') - first + 1);
    operation one{client, {}, troupe::operation_outcome::completed, text.front() == '!'};
    one.words = words_of(one.blocked ? text.substr(1) : text);
    if (line[end] == '?') one.outcome = troupe::operation_outcome::unknown;
    if (line[end] == '#') one.outcome = troupe::operation_outcome::failed;
    out.events.push_back({begin, false, out.operations.size()});
    if (line[end] != '?') out.events.push_back({end, true, out.operations.size()});
    out.operations.push_back(std::move(one));
    begin = line.find_first_not_of(' ', end + 1);
  }
}

} // namespace

std::vector<drawing> read_drawings(const std::string& file) {
  std::ifstream in{std::string{TROUPE_TEST_FOLDER} + "/" + file};
  REQUIRE(in);
  std::vector<drawing> out;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("=== ")) {
      out.push_back({line.substr(4), {}, {}, {}});
      continue;
    }
    REQUIRE_FALSE(out.empty());
    if (out.back().verdict.empty())
      out.back().verdict = line;
    else
      read_client(line, out.back());
  }
  for (auto& each : out) {
    std::stable_sort(each.events.begin(), each.events.end(), [](const event& a, const event& b) {
      return std::tie(a.column, a.end) < std::tie(b.column, b.end);
    });
  }
  return out;
}

} // namespace drawn
