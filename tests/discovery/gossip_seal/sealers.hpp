// Nodes with keys and clocks, for the tests of the gossip's seal.
#pragma once

#include "discovery/gossip_seal/gossip_sealer.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::gossip_test {

using namespace std::chrono_literals;
using datagram = std::vector<std::byte>;

// 2026-01-01T00:00:00Z, and whatever the monotonic clock says then.
inline constexpr wall_time new_year{1'767'225'600s};
inline constexpr monotonic_time start{1000s};
inline const endpoint elsewhere{ip_address::v4(10, 0, 0, 7), 7946};
inline const endpoint here{ip_address::loopback(), 7946};

// base64 of 31 bytes 0, ..., 30 and one more: key 'a', 'b', ...
inline gossip_key key_of(char which) {
  std::string text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHgA=";
  text[0] = which;
  auto key = gossip_key::parse(text);
  REQUIRE(key.has_value());
  return *key;
}

inline gossip_sealer_options options_of(std::string node, std::string_view keys = "a") {
  gossip_sealer_options out;
  out.cluster = "shop";
  out.node = std::move(node);
  if (!keys.empty()) {
    out.keys.emplace(key_of(keys[0]));
    for (const char more : keys.substr(1))
      REQUIRE(out.keys->add(key_of(more)).ok());
  }
  out.started = new_year;
  out.now = start;
  return out;
}

inline gossip_sealer make(gossip_sealer_options options) {
  auto made = gossip_sealer::make(std::move(options));
  REQUIRE(made.has_value());
  return std::move(*made);
}

inline gossip_sealer node(std::string name, std::string_view keys = "a") {
  return make(options_of(std::move(name), keys));
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span{text});
  return {view.begin(), view.end()};
}

inline datagram seal(gossip_sealer& sealer, std::string_view text = "ping", monotonic_time now = start) {
  auto sealed = sealer.seal(bytes_of(text), now);
  REQUIRE(sealed.has_value());
  return std::move(*sealed);
}

// What came out: the payload, or "!" and the reason.
inline std::string open(gossip_sealer& sealer, const datagram& what, monotonic_time now = start,
                        const endpoint& from = elsewhere) {
  const auto out = sealer.open(what, from, now);
  if (const auto* refused = std::get_if<refused_gossip>(&out))
    return "!" + std::string{to_string(refused->why)};
  const auto& payload = std::get<opened_gossip>(out).payload;
  return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}

} // namespace troupe::gossip_test
