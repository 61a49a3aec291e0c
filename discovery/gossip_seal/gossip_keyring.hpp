// The keys of a node: one seals, all of them open.
//
// To change the key of a running cluster, without a moment in which two nodes cannot understand each other,
// finish each step on all nodes before the next one begins:
//
//   1. add the new key          all open both, and seal with the old one
//   2. use the new key          some seal with the one, some with the other; all open both
//   3. remove the old key       what is still sealed with it is dropped as `unknown_key`
#pragma once

#include "discovery/gossip_seal/gossip_key.hpp"

#include <vector>

namespace troupe {

class gossip_keyring {
public:
  static constexpr std::size_t max_keys = 8;

  // With the one key that seals and opens.
  explicit gossip_keyring(gossip_key primary);

  // Opens from now on; seals no datagram before use(). A key that is on the ring already is fine, and changes
  // nothing. RESOURCE_EXHAUSTED: there are max_keys.
  status add(gossip_key key);
  // Seals from now on. NOT_FOUND: not on the ring.
  status use(const key_fingerprint& which);
  // NOT_FOUND: not on the ring; FAILED_PRECONDITION: it is the primary key.
  status remove(const key_fingerprint& which);

  const gossip_key& primary() const noexcept { return keys_[primary_]; }
  // Null when it is not on the ring. Valid until the next change.
  const gossip_key* find(const key_fingerprint& which) const noexcept;

  struct entry {
    key_fingerprint fingerprint;
    bool primary = false;
    friend bool operator==(const entry&, const entry&) = default;
  };
  // In the order in which they were added.
  std::vector<entry> list() const;
  std::size_t size() const noexcept { return keys_.size(); }

private:
  std::vector<gossip_key> keys_; // never empty
  std::size_t primary_ = 0;
};

} // namespace troupe
