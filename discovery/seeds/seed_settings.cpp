#include "discovery/seeds/seed_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace troupe {
namespace {

constexpr std::size_t told_problems = 8;

constexpr std::string_view forms =
  "write 10.0.0.7:7401, [2001:db8::7]:7401, node-1.example.org:7401, dns:node-1.example.org:7401, "
  "srv:_troupe._udp.example.org or file:/etc/troupe/seeds";

constexpr std::string_view host_rules =
  "is no host name (letters, digits, '-' and '_' between dots; 63 bytes between two dots, 253 in all)";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

status wrong(std::string_view entry, std::string_view why) {
  constexpr std::size_t shown = 100;
  const bool cut = entry.size() > shown;
  return invalid_argument("the seed '{}{}': {}", entry.substr(0, shown), cut ? "..." : "", why);
}

std::vector<std::string_view> labels_of(std::string_view name) {
  std::vector<std::string_view> out;
  while (true) {
    const auto dot = name.find('.');
    out.push_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    name.remove_prefix(dot + 1);
  }
}

bool is_label(std::string_view label) noexcept {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

bool is_name(std::string_view name) {
  // A final dot says that the name is complete.
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 253) return false;
  const auto labels = labels_of(name);
  return std::all_of(labels.begin(), labels.end(), is_label);
}

// No top-level domain is a number (RFC 3696 section 2), so this is an address with an error in it.
bool looks_like_address(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  const auto last = labels_of(name).back();
  return !last.empty() && std::all_of(last.begin(), last.end(), is_digit);
}

std::optional<std::uint16_t> port_of(std::string_view digits) noexcept {
  std::uint16_t port = 0;
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, port);
  if (error != std::errc{} || end != last || port == 0) return std::nullopt;
  return port;
}

result<seed_entry> parse_service(std::string_view entry, std::string_view name) {
  if (name.find(':') != std::string_view::npos)
    return wrong(entry, "a service brings its ports, so it takes none");
  if (!is_name(name)) return wrong(entry, fmt::format("'{}' {}", name.substr(0, 100), host_rules));
  const auto labels = labels_of(name);
  if (labels.size() < 3 || labels[0].size() < 2 || labels[0].front() != '_' || labels[1].size() < 2
      || labels[1].front() != '_' || labels[2].empty())
    return wrong(entry, "the name of a service has the form _SERVICE._PROTOCOL.DOMAIN");
  return seed_entry{.kind = seed_kind::service, .name = lower(name), .address = {}, .port = 0};
}

result<seed_entry> parse_file_entry(std::string_view entry, std::string_view path) {
  if (path.empty()) return wrong(entry, "the path is missing");
  if (path.find('\0') != std::string_view::npos || path.find('\n') != std::string_view::npos)
    return wrong(entry, "no path has a zero or a line break in it");
  return seed_entry{.kind = seed_kind::file, .name = std::string{path}, .address = {}, .port = 0};
}

result<seed_entry> parse_host(std::string_view entry, std::string_view rest) {
  if (const auto literal = endpoint::parse(rest)) {
    if (literal->port == 0) return wrong(entry, "nobody can be reached at port 0");
    if (literal->address.is_any())
      return wrong(entry, "that address stands for all of a host and cannot be dialed");
    return seed_entry{.kind = seed_kind::address, .name = {}, .address = *literal, .port = 0};
  }
  if (rest.starts_with('[')) return wrong(entry, "that is no IPv6 address in brackets with a port");
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return wrong(entry, "the port is missing");
  const auto host = rest.substr(0, colon);
  const auto digits = rest.substr(colon + 1);
  if (host.empty()) return wrong(entry, "the host is missing");
  if (host.find(':') != std::string_view::npos && ip_address::parse(host))
    return wrong(entry, "an IPv6 address with a port needs brackets");
  if (!is_name(host)) return wrong(entry, fmt::format("'{}' {}", host.substr(0, 100), host_rules));
  if (looks_like_address(host))
    return wrong(entry, fmt::format("'{}' is no IPv4 address", host.substr(0, 100)));
  const auto port = port_of(digits);
  if (!port) return wrong(entry, fmt::format("'{}' is no port from 1 to 65535", digits.substr(0, 100)));
  return seed_entry{.kind = seed_kind::host, .name = lower(host), .address = {}, .port = *port};
}

// Errors do not tell the forms.
result<seed_entry> parse(std::string_view text) {
  const auto entry = trimmed(text);
  if (entry.empty()) return wrong(entry, "it is empty");
  if (entry.size() > max_seed_entry_bytes)
    return wrong(entry, fmt::format("it has {} bytes, more than {}", entry.size(), max_seed_entry_bytes));
  if (entry.starts_with("srv:")) return parse_service(entry, entry.substr(4));
  if (entry.starts_with("file:")) return parse_file_entry(entry, entry.substr(5));
  return parse_host(entry, entry.starts_with("dns:") ? entry.substr(4) : entry);
}

status check_range(std::string_view field, duration value, duration low, duration high) {
  if (value >= low && value <= high) return {};
  const auto in_ms = [](duration d) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
  };
  return invalid_argument("seeds: {} is {} ms; it must be from {} ms to {} ms", field, in_ms(value),
                          in_ms(low), in_ms(high));
}

// The line without its comment.
std::string_view content_of(std::string_view line) noexcept {
  return trimmed(line.substr(0, line.find('#')));
}

} // namespace

std::string seed_entry::to_string() const {
  switch (kind) {
  case seed_kind::address:
    return address.to_string();
  case seed_kind::host:
    return fmt::format("dns:{}:{}", name, port);
  case seed_kind::service:
    return "srv:" + name;
  case seed_kind::file:
    break;
  }
  return "file:" + name;
}

std::string_view seed_forms() noexcept { return forms; }

result<seed_entry> parse_seed_entry(std::string_view text) {
  auto entry = parse(text);
  if (!entry) return invalid_argument("{}; {}", entry.error().message(), forms);
  return entry;
}

result<std::vector<seed_entry>> parse_seed_entries(std::span<const std::string> texts) {
  if (texts.size() > max_seed_entries)
    return invalid_argument("there are {} seeds; at most {} are allowed: put them into a file or into DNS",
                            texts.size(), max_seed_entries);
  std::vector<seed_entry> out;
  std::string problems;
  std::size_t wrong_ones = 0;
  for (const auto& text : texts) {
    auto entry = parse(text);
    if (!entry) {
      if (++wrong_ones > told_problems) continue;
      if (!problems.empty()) problems += "; ";
      problems += entry.error().message();
    } else if (std::find(out.begin(), out.end(), *entry) == out.end()) {
      out.push_back(std::move(*entry));
    }
  }
  if (wrong_ones > told_problems) problems += fmt::format("; and {} more", wrong_ones - told_problems);
  if (wrong_ones != 0) return invalid_argument("{}; {}", problems, forms);
  return out;
}

seed_file parse_seed_file(std::string_view text) {
  seed_file out;
  const auto tell = [&out](std::uint32_t number, std::string_view why) {
    if (++out.wrong_lines <= told_problems) out.problems.push_back(fmt::format("line {}: {}", number, why));
  };
  std::uint32_t number = 0;
  std::size_t left_out = 0;
  // A byte order mark, as some editors put it there.
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto content = content_of(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (content.empty()) continue;
    auto entry = parse(content);
    if (!entry) {
      tell(number, entry.error().message());
    } else if (entry->kind == seed_kind::file) {
      tell(number, "a file of seeds cannot name a file");
    } else if (out.lines.size() == max_seed_file_entries) {
      ++left_out;
    } else {
      out.lines.push_back({number, std::move(*entry)});
    }
  }
  if (left_out != 0)
    out.problems.push_back(
      fmt::format("{} entries after the first {} are left out", left_out, max_seed_file_entries));
  return out;
}

status seed_settings::validate() const {
  using namespace std::chrono_literals;
  if (entries.size() > max_seed_entries)
    return invalid_argument("seeds: {} entries; at most {} are allowed", entries.size(), max_seed_entries);
  if (auto s = check_range("refresh", refresh, 1s, 1h); !s.ok()) return s;
  if (auto s = check_range("first_retry", first_retry, 10ms, refresh); !s.ok()) return s;
  if (auto s = check_range("file_poll", file_poll, 100ms, 1h); !s.ok()) return s;
  return check_range("complaint_period", complaint_period, 1s, 24h);
}

} // namespace troupe
