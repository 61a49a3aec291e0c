// What OpenSSL does for the gossip: HKDF, SHA-256 and AES-256-GCM. Internal to this component.
#pragma once

#include "discovery/gossip_seal/gossip_key.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>

struct evp_cipher_ctx_st;
struct evp_kdf_st;

namespace troupe {

// 16 bytes that name one life of one node; see gossip_sealer.hpp.
using sender_instance = std::array<std::byte, 16>;

inline constexpr std::size_t gossip_nonce_size = 12;
inline constexpr std::size_t gossip_tag_size = 16;
using gossip_tag = std::array<std::byte, gossip_tag_size>;
using gossip_digest = std::array<std::byte, 32>;

// INTERNAL: OpenSSL has no HKDF (its default provider is off).
result<key_fingerprint> fingerprint_of(const gossip_secret& key);

// SHA-256 of the parts, one behind the other. False: OpenSSL failed.
[[nodiscard]] bool sha256(std::initializer_list<std::span<const std::byte>> parts, gossip_digest& out);

// For one thread at a time.
class gossip_cipher {
public:
  // INTERNAL: OpenSSL has no AES-256-GCM or no HKDF.
  static result<gossip_cipher> make();

  // The key of one sender for one run of its sequence numbers: HKDF-Expand-SHA256(key, purpose | sender |
  // run). The keys of two senders have nothing to do with each other, so that neither can spoil the other's
  // nonces. A shared key is uniformly random, so that HKDF's other half, Extract, is not needed (RFC 5869
  // section 3.3).
  [[nodiscard]] bool derive(const gossip_secret& key, const sender_instance& sender, std::uint32_t run,
                            gossip_secret& out) const;

  using nonce_view = std::span<const std::byte, gossip_nonce_size>;

  // `out` is as long as `plain`. `cluster` is bound behind `header`. False: OpenSSL failed; `out` is of no
  // use.
  [[nodiscard]] bool seal(const gossip_secret& key, nonce_view nonce, std::span<const std::byte> header,
                          std::string_view cluster, std::span<const std::byte> plain,
                          std::span<std::byte> out, gossip_tag& tag);
  // The reverse. False: the tag does not fit; `out` is of no use.
  [[nodiscard]] bool open(const gossip_secret& key, nonce_view nonce, std::span<const std::byte> header,
                          std::string_view cluster, std::span<const std::byte> sealed,
                          std::span<std::byte> out, gossip_tag tag);

private:
  struct free_context {
    void operator()(evp_cipher_ctx_st* context) const noexcept;
  };
  struct free_derivation {
    void operator()(evp_kdf_st* derivation) const noexcept;
  };

  std::unique_ptr<evp_cipher_ctx_st, free_context> sealing_;
  std::unique_ptr<evp_cipher_ctx_st, free_context> opening_;
  std::unique_ptr<evp_kdf_st, free_derivation> derivation_;
};

} // namespace troupe
