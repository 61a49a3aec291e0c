#include "tests/planted_bugs/journal.hpp"

#include "runtime/probe/probe.hpp"

#include <boost/crc.hpp>

#include <cstring>
#include <span>

namespace planted_bugs {

namespace {

constexpr std::size_t head_size = 8;
constexpr std::uint64_t largest_journal = 16u << 20;

std::uint32_t checksum(std::string_view bytes) {
  boost::crc_32_type out;
  out.process_bytes(bytes.data(), bytes.size());
  return out.checksum();
}

std::string encode(const ledger::Line& line) {
  const auto body = line.SerializeAsString();
  const auto size = static_cast<std::uint32_t>(body.size());
  const auto sum = checksum(body);
  std::string out(head_size, '\0');
  std::memcpy(out.data(), &size, sizeof size);
  std::memcpy(out.data() + sizeof size, &sum, sizeof sum);
  return out + body;
}

// The bytes of the first line, taken from `rest`; empty when it is not whole.
std::string_view take_body(std::string_view& rest) {
  if (rest.size() < head_size) return {};
  std::uint32_t size = 0;
  std::uint32_t sum = 0;
  std::memcpy(&size, rest.data(), sizeof size);
  std::memcpy(&sum, rest.data() + sizeof size, sizeof sum);
  if (size == 0 || size > rest.size() - head_size) return {};
  const auto body = rest.substr(head_size, size);
  // Takes a torn write for a whole one.
  if (!TROUPE_PLANTED_BUG("ledger.checksum_ignored") && checksum(body) != sum) return {};
  rest.remove_prefix(head_size + size);
  return body;
}

} // namespace

troupe::result<std::vector<ledger::Line>> journal::recover(troupe::disk& on, const std::string& path) {
  std::vector<ledger::Line> lines;
  std::string whole;
  auto content = troupe::read_file(on, path, largest_journal);
  if (!content && content.error().code() != troupe::status_code::not_found) return content.error();
  std::string_view rest = content ? std::string_view{*content} : std::string_view{};
  for (auto body = take_body(rest); !body.empty(); body = take_body(rest)) {
    ledger::Line line;
    if (!line.ParseFromArray(body.data(), static_cast<int>(body.size()))) break;
    lines.push_back(std::move(line));
  }
  if (TROUPE_PLANTED_BUG("ledger.last_line_forgotten") && !lines.empty()) lines.pop_back(); // off by one
  for (const auto& line : lines)
    whole += encode(line);
  if (auto outcome = troupe::replace_file(on, path, whole); !outcome.ok()) return outcome;
  return lines;
}

troupe::result<std::unique_ptr<journal>> journal::open(troupe::disk& on, const std::string& path) {
  auto opened = on.open(path, troupe::open_mode::read_write);
  if (!opened) return opened.error();
  return std::unique_ptr<journal>{new journal{std::move(*opened)}};
}

troupe::status journal::append(const ledger::Line& line) {
  if (!failed_.ok()) return failed_;
  const auto bytes = encode(line);
  auto written = to_->append(std::as_bytes(std::span{bytes}));
  if (!written)
    failed_ = written.error();
  else if (!TROUPE_PLANTED_BUG("ledger.sync_forgotten")) // acknowledged while only the memory knows
    failed_ = to_->sync();
  return failed_;
}

} // namespace planted_bugs
