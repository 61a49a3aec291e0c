#include "discovery/gossip_seal/gossip_keyring.hpp"

#include <algorithm>

namespace troupe {

namespace {

status not_on_ring(const key_fingerprint& which) {
  return not_found("no gossip key {} on the ring", which.to_string());
}

} // namespace

gossip_keyring::gossip_keyring(gossip_key primary) {
  keys_.reserve(max_keys);
  keys_.push_back(primary);
}

status gossip_keyring::add(gossip_key key) {
  if (find(key.fingerprint()) != nullptr) return {};
  if (keys_.size() == max_keys)
    return resource_exhausted("the ring has {} gossip keys, which are the most; remove one first", max_keys);
  keys_.push_back(key);
  return {};
}

status gossip_keyring::use(const key_fingerprint& which) {
  const auto* found = find(which);
  if (found == nullptr) return not_on_ring(which);
  primary_ = static_cast<std::size_t>(found - keys_.data());
  return {};
}

status gossip_keyring::remove(const key_fingerprint& which) {
  const auto* found = find(which);
  if (found == nullptr) return not_on_ring(which);
  const auto at = found - keys_.data();
  if (static_cast<std::size_t>(at) == primary_)
    return failed_precondition("gossip key {} is the primary one, which seals; use another one first",
                               which.to_string());
  keys_.erase(keys_.begin() + at);
  if (static_cast<std::size_t>(at) < primary_) --primary_;
  return {};
}

const gossip_key* gossip_keyring::find(const key_fingerprint& which) const noexcept {
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [&](const gossip_key& key) { return key.fingerprint() == which; });
  return found == keys_.end() ? nullptr : &*found;
}

std::vector<gossip_keyring::entry> gossip_keyring::list() const {
  std::vector<entry> out;
  for (std::size_t i = 0; i < keys_.size(); ++i)
    out.push_back({keys_[i].fingerprint(), i == primary_});
  return out;
}

} // namespace troupe
