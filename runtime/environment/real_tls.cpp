#include "runtime/environment/real_tls.hpp"

#include "runtime/environment/real_credentials.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace troupe {
namespace {

// What a TLS record begins with: its type (RFC 8446 section 5.1) and a major version that never changed.
bool looks_like_tls(std::span<const std::byte> begin) {
  const auto type = std::to_integer<int>(begin[0]);
  return type >= 20 && type <= 23 && (begin.size() < 2 || std::to_integer<int>(begin[1]) == 3);
}

// An alert of the peer that says something about us, not about the bytes on their way.
bool is_about_identity(int alert) {
  switch (alert) {
  case SSL_AD_HANDSHAKE_FAILURE:
  case SSL_AD_NO_CERTIFICATE:
  case SSL_AD_BAD_CERTIFICATE:
  case SSL_AD_UNSUPPORTED_CERTIFICATE:
  case SSL_AD_CERTIFICATE_REVOKED:
  case SSL_AD_CERTIFICATE_EXPIRED:
  case SSL_AD_CERTIFICATE_UNKNOWN:
  case SSL_AD_UNKNOWN_CA:
  case SSL_AD_ACCESS_DENIED:
  case SSL_AD_DECRYPT_ERROR:
  case SSL_AD_CERTIFICATE_REQUIRED:
    return true;
  default:
    return false;
  }
}

} // namespace

// OpenSSL's way to the bytes: a source and sink over the session's own buffers, so that nothing is copied
// through a queue of OpenSSL's.
struct stream_tls::bio {
  static stream_tls& of(BIO* self) { return *static_cast<stream_tls*>(BIO_get_data(self)); }

  static int read(BIO* self, char* into, int size) {
    auto& input = of(self).input_;
    BIO_clear_retry_flags(self);
    if (input.empty()) {
      BIO_set_retry_read(self);
      return -1;
    }
    const auto count = std::min(input.size(), static_cast<std::size_t>(std::max(size, 0)));
    std::memcpy(into, input.data(), count);
    input = input.subspan(count);
    return static_cast<int>(count);
  }

  static int write(BIO* self, const char* from, int size) {
    auto& output = of(self).output_;
    const auto* begin = reinterpret_cast<const std::byte*>(from);
    output.insert(output.end(), begin, begin + size);
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* make_method() {
    auto* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "troupe stream");
    if (method == nullptr || BIO_meth_set_read(method, &read) != 1 || BIO_meth_set_write(method, &write) != 1
        || BIO_meth_set_ctrl(method, &control) != 1)
      throw std::bad_alloc{};
    return method;
  }
  static const BIO_METHOD* method() {
    static const std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> made{make_method(), &BIO_meth_free};
    return made.get();
  }
};

stream_tls::stream_tls(stream_credentials_ptr credentials, side which, std::string peer,
                       std::uint64_t records_a_key)
  : credentials_(std::move(credentials)), side_(which), peer_(std::move(peer)), records_a_key_(records_a_key),
    ssl_(SSL_new(credentials_->context())) {
  auto* way = BIO_new(bio::method());
  if (ssl_ == nullptr || way == nullptr) {
    SSL_free(ssl_);
    BIO_free(way);
    ERR_clear_error();
    throw std::bad_alloc{};
  }
  BIO_set_data(way, this);
  BIO_set_init(way, 1);
  SSL_set_bio(ssl_, way, way);
  SSL_set_app_data(ssl_, this);
  SSL_set_verify(ssl_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, &stream_tls::judge);
  if (side_ == side::server)
    SSL_set_accept_state(ssl_);
  else
    SSL_set_connect_state(ssl_);
}

stream_tls::~stream_tls() { SSL_free(ssl_); }

int stream_tls::judge(int good, x509_store_ctx_st* context) {
  if (good == 1) return good;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& self = *static_cast<stream_tls*>(SSL_get_app_data(ssl));
  const int error = X509_STORE_CTX_get_error(context);
  const auto* culprit = X509_STORE_CTX_get_current_cert(context);
  const bool own = X509_STORE_CTX_get_error_depth(context) == 0;
  self.disbelief_ =
    fmt::format("the {} of {} ({}) {}", own ? "certificate" : "certificate's authority", self.peer_,
                subject_of(culprit), why_not_believed(error, culprit, self.credentials_->authority_file()));
  return 0;
}

void stream_tls::offer(std::span<const std::byte> ciphertext) {
  input_ = ciphertext;
  if (ciphertext.empty() || std::exchange(peer_seen_, true) || looks_like_tls(ciphertext)) return;
  fail(unauthenticated("{} does not speak TLS", peer_));
}

void stream_tls::keep_rest() {
  if (input_.empty()) {
    kept_.clear();
    return;
  }
  const bool is_kept = !kept_.empty() && std::greater_equal<>{}(input_.data(), kept_.data())
                       && std::less<>{}(input_.data(), kept_.data() + kept_.size());
  if (is_kept) return;
  kept_.assign(input_.begin(), input_.end());
  input_ = kept_;
}

stream_tls::state stream_tls::handshake() {
  if (state_ != state::handshake) return state_;
  ERR_clear_error();
  const int returned = SSL_do_handshake(ssl_);
  if (returned != 1) {
    fail(returned);
    return state_;
  }
  state_ = state::open;
  // A peer that has proved itself is worth the memory that makes each record a tenth faster.
  SSL_clear_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
  return state_;
}

std::size_t stream_tls::read(std::span<std::byte> into) {
  std::size_t filled = 0;
  ERR_clear_error();
  // Without room for a whole record OpenSSL would hold the rest of one, which has_input() does not know of.
  // Once the input is used up, asking again would give nothing.
  while (state_ == state::open && !input_.empty() && into.size() - filled >= record_size) {
    std::size_t got = 0;
    const int returned = SSL_read_ex(ssl_, into.data() + filled, into.size() - filled, &got);
    if (returned != 1) {
      fail(returned);
      break;
    }
    filled += got;
  }
  return filled;
}

bool stream_tls::write(std::span<const std::byte> plain) {
  if (state_ != state::open && state_ != state::closed) return false;
  ERR_clear_error();
  while (!plain.empty()) {
    if (records_ >= records_a_key_) {
      if (SSL_key_update(ssl_, SSL_KEY_UPDATE_NOT_REQUESTED) != 1) {
        fail(unavailable("cannot change the key of the connection to {}: {}", peer_, openssl_error()));
        return false;
      }
      records_ = 0;
      ++key_updates_;
    }
    const auto piece = plain.first(std::min(plain.size(), record_size));
    std::size_t taken = 0;
    const int returned = SSL_write_ex(ssl_, piece.data(), piece.size(), &taken);
    if (returned != 1) {
      fail(returned);
      return false;
    }
    ++records_;
    plain = plain.subspan(taken);
  }
  return true;
}

void stream_tls::say_goodbye() {
  if (state_ != state::open && state_ != state::closed) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

void stream_tls::fail(int returned) {
  switch (SSL_get_error(ssl_, returned)) {
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE:
    return;
  case SSL_ERROR_ZERO_RETURN:
    state_ = state::closed;
    return;
  default: {
    const auto code = ERR_get_error();
    ERR_clear_error();
    fail(explain_failure(code));
  }
  }
}

void stream_tls::fail(status why) {
  if (state_ == state::failed) return;
  state_ = state::failed;
  failure_ = std::move(why);
  input_ = {};
}

status stream_tls::explain_failure(unsigned long code) const {
  const int reason = ERR_GET_REASON(code);
  const bool by_peer = ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET;
  if (by_peer) {
    const int alert = reason - SSL_AD_REASON_OFFSET;
    const auto* text = SSL_alert_desc_string_long(alert);
    if (is_about_identity(alert))
      return unauthenticated("{} does not accept the certificate of this node; it says '{}'", peer_, text);
    if (state_ == state::handshake)
      return unauthenticated("{} refuses the TLS handshake; it says '{}'", peer_, text);
    return unavailable("{} ended the connection by the TLS alert '{}'", peer_, text);
  }
  const char* text = ERR_reason_error_string(code);
  if (text == nullptr) text = "unknown reason";
  if (state_ != state::handshake)
    return unavailable("the TLS of the connection to {} broke: {}", peer_, text);
  if (!disbelief_.empty()) return unauthenticated("{}", disbelief_);
  switch (reason) {
  case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    return unauthenticated("{} sent no certificate", peer_);
  case SSL_R_UNSUPPORTED_PROTOCOL:
  case SSL_R_VERSION_TOO_LOW:
    return unauthenticated("{} does not speak TLS 1.3", peer_);
  default:
    return unauthenticated("the TLS handshake with {} failed: {}", peer_, text);
  }
}

std::vector<std::string> stream_tls::peer_names() const {
  const X509* certificate = SSL_get0_peer_certificate(ssl_);
  return certificate == nullptr ? std::vector<std::string>{} : names_of(certificate);
}

} // namespace troupe
