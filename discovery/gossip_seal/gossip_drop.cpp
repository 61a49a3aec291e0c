#include "discovery/gossip_seal/gossip_drop.hpp"

namespace troupe {

std::string_view to_string(gossip_drop why) noexcept {
  switch (why) {
  case gossip_drop::too_large:
    return "too_large";
  case gossip_drop::truncated:
    return "truncated";
  case gossip_drop::version:
    return "version";
  case gossip_drop::other_cluster:
    return "other_cluster";
  case gossip_drop::unexpected_plain:
    return "unexpected_plain";
  case gossip_drop::unexpected_sealed:
    return "unexpected_sealed";
  case gossip_drop::not_loopback:
    return "not_loopback";
  case gossip_drop::unknown_key:
    return "unknown_key";
  case gossip_drop::reflected:
    return "reflected";
  case gossip_drop::replayed:
    return "replayed";
  case gossip_drop::forged:
    return "forged";
  case gossip_drop::stale:
    return "stale";
  }
  return "unknown";
}

} // namespace troupe
