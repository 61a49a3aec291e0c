#include "runtime/environment/real_credentials.hpp"

#include "runtime/environment/disk.hpp"
#include "runtime/environment/real_parts.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

namespace troupe {
namespace {

template <auto Free>
struct freeing {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using bio_ptr = std::unique_ptr<BIO, freeing<BIO_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freeing<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freeing<X509_free>>;
using store_ptr = std::unique_ptr<X509_STORE, freeing<X509_STORE_free>>;
using store_context_ptr = std::unique_ptr<X509_STORE_CTX, freeing<X509_STORE_CTX_free>>;
void free_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using stack_ptr = std::unique_ptr<STACK_OF(X509), freeing<free_stack>>;
void free_names(GENERAL_NAMES* names) { GENERAL_NAMES_free(names); }
using names_ptr = std::unique_ptr<GENERAL_NAMES, freeing<free_names>>;

// A generous bound for a PEM file: certificates have a few kilobytes.
constexpr std::uint64_t largest_file = 1 << 20;
// Names of one certificate that are looked at.
constexpr int most_names = 256;

result<bio_ptr> open_file(disk& from, std::string_view what, const std::string& path) {
  if (path.empty()) return invalid_argument("no {} file is given", what);
  auto text = read_file(from, path, largest_file);
  if (!text) return invalid_argument("the {} file: {}", what, text.error().message());
  bio_ptr bio{BIO_new(BIO_s_mem())};
  if (!bio || BIO_write(bio.get(), text->data(), static_cast<int>(text->size())) < 0)
    return invalid_argument("the {} file '{}' is empty", what, path);
  return bio;
}

result<std::vector<certificate_ptr>> read_certificates(disk& from, std::string_view what,
                                                       const std::string& path) {
  auto bio = open_file(from, what, path);
  if (!bio) return bio.error();
  std::vector<certificate_ptr> out;
  while (auto* next = PEM_read_bio_X509(bio->get(), nullptr, nullptr, nullptr))
    out.emplace_back(next);
  const auto code = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  const auto error = openssl_error();
  if (!at_end) return invalid_argument("the {} file '{}' holds a damaged certificate: {}", what, path, error);
  if (out.empty()) return invalid_argument("the {} file '{}' holds no certificate in PEM", what, path);
  return out;
}

// A passphrase cannot be asked for.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

result<key_ptr> read_key(disk& from, const std::string& path) {
  auto bio = open_file(from, "key", path);
  if (!bio) return bio.error();
  bool encrypted = false;
  key_ptr key{PEM_read_bio_PrivateKey(bio->get(), nullptr, no_passphrase, &encrypted)};
  const auto error = openssl_error();
  if (key) return key;
  if (encrypted)
    return invalid_argument("the key file '{}' is encrypted; it must be without passphrase", path);
  return invalid_argument("the key file '{}' holds no private key in PEM: {}", path, error);
}

// What a peer will check, checked here: a node that nobody would believe must not start.
status check_chain(const std::vector<certificate_ptr>& chain, X509_STORE* authority,
                   const stream_security& files) {
  stack_ptr between{sk_X509_new_null()};
  if (!between) return resource_exhausted("no memory for TLS");
  for (std::size_t i = 1; i < chain.size(); ++i)
    sk_X509_push(between.get(), chain[i].get());
  for (const auto& [purpose, name] :
       {std::pair{X509_PURPOSE_SSL_SERVER, "serverAuth"}, std::pair{X509_PURPOSE_SSL_CLIENT, "clientAuth"}}) {
    store_context_ptr check{X509_STORE_CTX_new()};
    if (!check || X509_STORE_CTX_init(check.get(), authority, chain.front().get(), between.get()) != 1)
      return resource_exhausted("no memory for TLS");
    X509_STORE_CTX_set_purpose(check.get(), purpose);
    const bool good = X509_verify_cert(check.get()) == 1;
    ERR_clear_error();
    if (good) continue;
    const int error = X509_STORE_CTX_get_error(check.get());
    const auto* culprit = X509_STORE_CTX_get_current_cert(check.get());
    if (error == X509_V_ERR_INVALID_PURPOSE && X509_STORE_CTX_get_error_depth(check.get()) == 0)
      return invalid_argument(
        "the certificate file '{}': {} does not allow {} (extendedKeyUsage); a node needs both serverAuth "
        "and clientAuth",
        files.certificate_file, subject_of(culprit), name);
    return invalid_argument("the certificate file '{}': {} {}", files.certificate_file, subject_of(culprit),
                            why_not_believed(error, culprit, files.authority_file));
  }
  return {};
}

status configure(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  // Peers have the authority's certificate already. Those that never finish their handshake hold no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // A chain of authorities longer than this is a mistake or an attack.
  SSL_CTX_set_verify_depth(context, 8);
  // AES-128 first: the fastest of the three with AES instructions, and nodes choose their machines.
  const bool good =
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1
    && SSL_CTX_set_ciphersuites(context,
                                "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
         == 1;
  return good ? status{} : internal("OpenSSL offers no TLS 1.3: {}", openssl_error());
}

} // namespace

std::string openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? fmt::format("error {:#x}", code) : reason;
}

std::string subject_of(const X509* certificate) {
  if (certificate == nullptr) return "a certificate";
  bio_ptr bio{BIO_new(BIO_s_mem())};
  if (!bio || X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0)
    return "";
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  std::string out{data, static_cast<std::size_t>(std::clamp<long>(size, 0, 200))};
  return out.empty() ? "a certificate without a subject" : out;
}

std::string text_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string why_not_believed(int error, const X509* certificate, const std::string& authority_file) {
  switch (error) {
  case X509_V_ERR_CERT_HAS_EXPIRED:
    return "has expired on " + text_of(X509_get0_notAfter(certificate));
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return "is not valid before " + text_of(X509_get0_notBefore(certificate));
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    return fmt::format("is not signed by the authority in '{}'", authority_file);
  case X509_V_ERR_INVALID_PURPOSE:
    return "does not allow this use (extendedKeyUsage)";
  default:
    return fmt::format("is not good: {}", X509_verify_cert_error_string(error));
  }
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> out;
  auto add = [&](const ASN1_STRING* value) {
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, value);
    if (size < 0) return;
    std::string name{reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
    OPENSSL_free(text);
    // A name with a zero in it reads as another to whoever takes it for a C string.
    if (!name.empty() && name.find('\0') == std::string::npos) out.push_back(std::move(name));
  };
  const names_ptr names{
    static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; names && i < std::min(sk_GENERAL_NAME_num(names.get()), most_names); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) add(name->d.dNSName);
  }
  if (!out.empty()) return out;
  const auto* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) add(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  return out;
}

result<stream_credentials_ptr> load_real_credentials(const stream_security& files) {
  ERR_clear_error();
  const auto storage = make_real_disk();
  const auto chain = read_certificates(*storage, "certificate", files.certificate_file);
  if (!chain) return chain.error();
  const auto key = read_key(*storage, files.key_file);
  if (!key) return key.error();
  const auto authorities = read_certificates(*storage, "authority", files.authority_file);
  if (!authorities) return authorities.error();

  const auto& own = chain->front();
  if (X509_check_private_key(own.get(), key->get()) != 1) {
    ERR_clear_error();
    return invalid_argument("the key in '{}' is not that of the certificate {} in '{}'", files.key_file,
                            subject_of(own.get()), files.certificate_file);
  }

  stream_credentials::context_ptr context{SSL_CTX_new(TLS_method()), &SSL_CTX_free};
  if (!context) return resource_exhausted("no memory for TLS: {}", openssl_error());
  if (status s = configure(context.get()); !s.ok()) return s;
  auto* store = SSL_CTX_get_cert_store(context.get());
  for (const auto& authority : *authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1)
      return invalid_argument("the authority file '{}' cannot be used: {}", files.authority_file,
                              openssl_error());
  }
  // The authority may itself be signed by another whose nodes are none of ours.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  if (status s = check_chain(*chain, store, files); !s.ok()) return s;

  bool good = SSL_CTX_use_certificate(context.get(), own.get()) == 1
              && SSL_CTX_use_PrivateKey(context.get(), key->get()) == 1;
  for (std::size_t i = 1; good && i < chain->size(); ++i)
    good = SSL_CTX_add1_chain_cert(context.get(), (*chain)[i].get()) == 1;
  if (!good)
    return invalid_argument("the certificate file '{}' cannot be used: {}", files.certificate_file,
                            openssl_error());
  return std::make_shared<const stream_credentials>(std::move(context), files.authority_file);
}

} // namespace troupe
