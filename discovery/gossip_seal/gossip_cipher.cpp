#include "discovery/gossip_seal/gossip_cipher.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <vector>

namespace troupe {

namespace {

constexpr std::string_view fingerprint_purpose = "troupe gossip 1 fingerprint";
constexpr std::string_view sealing_purpose = "troupe gossip 1 sealing";

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* room(std::span<std::byte> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
int length(std::size_t size) { return static_cast<int>(size); } // all sizes are of parts of a datagram

// What OpenSSL says of a failure here belongs to nobody: left in its queue, a TLS connection would report it.
bool clean(bool done) {
  if (!done) ERR_clear_error();
  return done;
}

bool expand(EVP_KDF* derivation, const gossip_secret& key, std::span<const std::byte> purpose,
            std::span<std::byte> out) {
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context{EVP_KDF_CTX_new(derivation),
                                                                          &EVP_KDF_CTX_free};
  if (!context) return clean(false);
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  char digest[] = "SHA256";
  // The parameters are not written to, whatever their types say.
  auto* secret = const_cast<std::byte*>(key.bytes().data());
  auto* info = const_cast<std::byte*>(purpose.data());
  const OSSL_PARAM parameters[] = {
    OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret, gossip_secret::size),
    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, purpose.size()),
    OSSL_PARAM_construct_end(),
  };
  return clean(EVP_KDF_derive(context.get(), room(out), out.size(), parameters) == 1);
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span{text});
  return {view.begin(), view.end()};
}

} // namespace

void gossip_cipher::free_context::operator()(EVP_CIPHER_CTX* context) const noexcept {
  EVP_CIPHER_CTX_free(context); // wipes the key
}

void gossip_cipher::free_derivation::operator()(EVP_KDF* derivation) const noexcept {
  EVP_KDF_free(derivation);
}

result<key_fingerprint> fingerprint_of(const gossip_secret& key) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> derivation{EVP_KDF_fetch(nullptr, "HKDF", nullptr),
                                                                     &EVP_KDF_free};
  key_fingerprint out;
  if (!derivation || !expand(derivation.get(), key, std::as_bytes(std::span{fingerprint_purpose}), out.bytes))
    return internal("OpenSSL has no HKDF, which gossip keys need");
  return out;
}

bool sha256(std::initializer_list<std::span<const std::byte>> parts, gossip_digest& out) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  if (!context || EVP_DigestInit_ex2(context.get(), EVP_sha256(), nullptr) != 1) return clean(false);
  for (const auto part : parts) {
    if (EVP_DigestUpdate(context.get(), part.data(), part.size()) != 1) return clean(false);
  }
  return clean(EVP_DigestFinal_ex(context.get(), room(out), nullptr) == 1);
}

result<gossip_cipher> gossip_cipher::make() {
  gossip_cipher out;
  out.derivation_.reset(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  out.sealing_.reset(EVP_CIPHER_CTX_new());
  out.opening_.reset(EVP_CIPHER_CTX_new());
  const std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> gcm{
    EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr), &EVP_CIPHER_free};
  // The cipher is chosen once; each datagram sets key and nonce only. A nonce of 96 bits is GCM's default.
  if (!out.derivation_ || !out.sealing_ || !out.opening_ || !gcm
      || EVP_EncryptInit_ex2(out.sealing_.get(), gcm.get(), nullptr, nullptr, nullptr) != 1
      || EVP_DecryptInit_ex2(out.opening_.get(), gcm.get(), nullptr, nullptr, nullptr) != 1) {
    clean(false);
    return internal("OpenSSL has no AES-256-GCM or no HKDF, which sealed gossip needs");
  }
  return out;
}

bool gossip_cipher::derive(const gossip_secret& key, const sender_instance& sender, std::uint32_t run,
                           gossip_secret& out) const {
  auto purpose = bytes_of(sealing_purpose);
  purpose.insert(purpose.end(), sender.begin(), sender.end());
  for (int shift = 0; shift < 32; shift += 8)
    purpose.push_back(static_cast<std::byte>(run >> shift & 0xFF));
  return expand(derivation_.get(), key, purpose, out.bytes());
}

bool gossip_cipher::seal(const gossip_secret& key, nonce_view nonce, std::span<const std::byte> header,
                         std::string_view cluster, std::span<const std::byte> plain, std::span<std::byte> out,
                         gossip_tag& tag) {
  auto* context = sealing_.get();
  const auto name = std::as_bytes(std::span{cluster});
  int written = 0;
  // An update without bytes is left out: a null pointer means something else there.
  return clean(EVP_EncryptInit_ex2(context, nullptr, raw(key.bytes()), raw(nonce), nullptr) == 1
               && EVP_EncryptUpdate(context, nullptr, &written, raw(header), length(header.size())) == 1
               && EVP_EncryptUpdate(context, nullptr, &written, raw(name), length(name.size())) == 1
               && (plain.empty()
                   || EVP_EncryptUpdate(context, room(out), &written, raw(plain), length(plain.size())) == 1)
               && EVP_EncryptFinal_ex(context, room(tag), &written) == 1
               && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, length(tag.size()), tag.data()) == 1);
}

bool gossip_cipher::open(const gossip_secret& key, nonce_view nonce, std::span<const std::byte> header,
                         std::string_view cluster, std::span<const std::byte> sealed,
                         std::span<std::byte> out, gossip_tag tag) {
  auto* context = opening_.get();
  const auto name = std::as_bytes(std::span{cluster});
  int written = 0;
  gossip_tag nothing{}; // GCM writes nothing at its end
  return clean(
    EVP_DecryptInit_ex2(context, nullptr, raw(key.bytes()), raw(nonce), nullptr) == 1
    && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, length(tag.size()), tag.data()) == 1
    && EVP_DecryptUpdate(context, nullptr, &written, raw(header), length(header.size())) == 1
    && EVP_DecryptUpdate(context, nullptr, &written, raw(name), length(name.size())) == 1
    && (sealed.empty()
        || EVP_DecryptUpdate(context, room(out), &written, raw(sealed), length(sealed.size())) == 1)
    && EVP_DecryptFinal_ex(context, room(nothing), &written) == 1);
}

} // namespace troupe
