#include "actors/http_edge/tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <new>

namespace troupe {

namespace {

std::string last_error() {
  std::array<char, 256> text{};
  auto code = ERR_get_error();
  if (code == 0) return "unknown reason";
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

// RFC 7301, 3.2: a client that offers protocols without ours is told so by an alert.
int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* out = nullptr;
  if (SSL_select_next_proto(&out, chosen_size, ours, sizeof ours - 1, offered, offered_size)
      != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = out;
  return SSL_TLSEXT_ERR_OK;
}

} // namespace

result<tls_context_ptr> make_tls_context(const http_tls_options& options) {
  ERR_clear_error();
  tls_context_ptr context{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
  if (!context) return resource_exhausted("no memory for TLS: {}", last_error());
  auto* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
                             | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
    return internal("no modern cipher is available: {}", last_error());
  SSL_CTX_set_alpn_select_cb(raw, select_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(raw, options.certificate_chain_file.c_str()) != 1)
    return invalid_argument("the certificate chain {} cannot be used: {}", options.certificate_chain_file,
                            last_error());
  if (SSL_CTX_use_PrivateKey_file(raw, options.private_key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return invalid_argument("the private key {} cannot be used: {}", options.private_key_file, last_error());
  if (SSL_CTX_check_private_key(raw) != 1)
    return invalid_argument("the private key {} does not belong to the certificate {}",
                            options.private_key_file, options.certificate_chain_file);
  return context;
}

tls_session::tls_session(tls_context_ptr context)
  : context_(std::move(context)), session_(SSL_new(context_.get())) {
  auto* in = BIO_new(BIO_s_mem());
  auto* out = BIO_new(BIO_s_mem());
  if (session_ == nullptr || in == nullptr || out == nullptr) {
    SSL_free(session_);
    BIO_free(in);
    BIO_free(out);
    throw std::bad_alloc{};
  }
  SSL_set_bio(session_, in, out);
  SSL_set_accept_state(session_);
}

tls_session::~tls_session() { SSL_free(session_); }

void tls_session::take_output(output_queue& out) {
  auto* written = SSL_get_wbio(session_);
  char* data = nullptr;
  if (auto size = BIO_get_mem_data(written, &data); size > 0) {
    out.append(std::string_view{data, static_cast<std::size_t>(size)});
    BIO_reset(written);
  }
}

tls_session::outcome tls_session::receive(std::string_view ciphertext, std::string& plain,
                                          output_queue& out) {
  ERR_clear_error();
  auto verdict = outcome::open;
  if (BIO_write(SSL_get_rbio(session_), ciphertext.data(), static_cast<int>(ciphertext.size()))
      != static_cast<int>(ciphertext.size()))
    verdict = outcome::failed;
  std::array<char, 16 * 1024> block;
  while (verdict == outcome::open) {
    int got = SSL_read(session_, block.data(), block.size());
    if (got > 0) {
      plain.append(block.data(), static_cast<std::size_t>(got));
      continue;
    }
    int why = SSL_get_error(session_, got);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) break;
    verdict = why == SSL_ERROR_ZERO_RETURN ? outcome::closed : outcome::failed;
  }
  take_output(out);
  ERR_clear_error();
  return verdict;
}

bool tls_session::send(std::string_view plain, output_queue& out) {
  ERR_clear_error();
  bool good = true;
  // The memory behind the session takes everything, so that no write is ever partial.
  while (good && !plain.empty()) {
    auto piece = plain.substr(0, 1 << 20);
    good =
      SSL_write(session_, piece.data(), static_cast<int>(piece.size())) == static_cast<int>(piece.size());
    plain.remove_prefix(piece.size());
  }
  take_output(out);
  ERR_clear_error();
  return good;
}

void tls_session::close(output_queue& out) {
  ERR_clear_error();
  SSL_shutdown(session_);
  take_output(out);
  ERR_clear_error();
}

} // namespace troupe
