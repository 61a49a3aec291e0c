#include "discovery/seeds/member_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <zlib.h>

namespace troupe {
namespace {

constexpr std::string_view header = "troupe members 1\n";
constexpr std::string_view header_of_any = "troupe members ";

std::string network_of(const ip_address& address) {
  const auto& bytes = address.bytes();
  const auto size = address.is_v4() ? std::size_t{15} : std::size_t{8};
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

struct candidate {
  const known_member* who;
  std::uint64_t draw;
  std::size_t place = 0; // in its network, then in its zone
};

} // namespace

std::vector<endpoint> choose_members(std::span<const known_member> members, std::size_t limit,
                                     const random_source& salt) {
  std::vector<candidate> all;
  all.reserve(members.size());
  for (const auto& each : members)
    all.push_back({&each, salt.split(each.where.to_string()).next()});
  const auto by_draw = [](const candidate& a, const candidate& b) {
    return std::tie(a.draw, a.who->where) < std::tie(b.draw, b.who->where);
  };
  std::stable_sort(all.begin(), all.end(), by_draw);
  all.erase(std::unique(all.begin(), all.end(),
                        [](const candidate& a, const candidate& b) { return a.who->where == b.who->where; }),
            all.end());

  // Each network of a zone gives one member in turn, and then each zone one.
  const auto by_place = [](const candidate& a, const candidate& b) { return a.place < b.place; };
  std::map<std::pair<std::string, std::string>, std::size_t> of_network;
  for (auto& each : all)
    each.place = of_network[{each.who->zone, network_of(each.who->where.address)}]++;
  std::stable_sort(all.begin(), all.end(), by_place);
  std::map<std::string, std::size_t> of_zone;
  for (auto& each : all)
    each.place = of_zone[each.who->zone]++;
  std::stable_sort(all.begin(), all.end(), by_place);

  if (all.size() > limit) all.resize(limit);
  std::vector<endpoint> out;
  out.reserve(all.size());
  for (const auto& each : all)
    out.push_back(each.who->where);
  std::sort(out.begin(), out.end());
  return out;
}

std::string encode_members(std::span<const endpoint> members) {
  std::string out{header};
  for (const auto& each : members.first(std::min(members.size(), max_member_file_entries)))
    out += each.to_string() + '\n';
  const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(out.data()), static_cast<uInt>(out.size()));
  out += fmt::format("crc32 {:08x}\n", sum);
  return out;
}

result<std::vector<endpoint>> decode_members(std::string_view content) {
  if (content.size() > max_member_file_bytes)
    return data_loss("it has {} bytes, more than {}", content.size(), max_member_file_bytes);
  if (!content.starts_with(header)) {
    if (content.starts_with(header_of_any)) return data_loss("it is of a version that is not known here");
    return data_loss("it does not begin as a list of members does");
  }
  std::vector<endpoint> out;
  auto rest = content.substr(header.size());
  while (!rest.starts_with("crc32 ")) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return data_loss("it ends before its checksum");
    const auto where = endpoint::parse(rest.substr(0, end));
    if (!where) return data_loss("line {} is no address", out.size() + 2);
    if (out.size() == max_member_file_entries)
      return data_loss("it has more than {} members", max_member_file_entries);
    out.push_back(*where);
    rest.remove_prefix(end + 1);
  }
  // This compares the checksum, and leaves one spelling for each list.
  if (encode_members(out) != content) return data_loss("its checksum does not fit its content");
  return out;
}

} // namespace troupe
