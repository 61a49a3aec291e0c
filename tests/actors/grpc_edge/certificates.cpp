#include "tests/actors/grpc_edge/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace troupe::probe {

namespace {

using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using certificate_ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string text_of(const bio_ptr& bio) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

void add_extension(X509& certificate, X509& issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) throw std::runtime_error{"cannot make the extension " + value};
  X509_add_ext(&certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

certified make(const certified* authority, const std::string& common_name,
               const std::string& alternative_name) {
  key_ptr key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  certificate_ptr certificate{X509_new(), &X509_free};
  X509_set_version(certificate.get(), X509_VERSION_3);
  static long serial = 0;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  constexpr long hour = 3600;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -hour);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), hour);
  X509_set_pubkey(certificate.get(), key.get());
  auto* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  certificate_ptr issuer{nullptr, &X509_free};
  key_ptr issuer_key{nullptr, &EVP_PKEY_free};
  if (authority != nullptr) {
    bio_ptr reader{BIO_new_mem_buf(authority->certificate.data(), -1), &BIO_free};
    issuer.reset(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
    bio_ptr key_reader{BIO_new_mem_buf(authority->key.data(), -1), &BIO_free};
    issuer_key.reset(PEM_read_bio_PrivateKey(key_reader.get(), nullptr, nullptr, nullptr));
  }
  auto* signer = issuer ? issuer.get() : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  add_extension(*certificate, *signer, NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
  if (!alternative_name.empty()) add_extension(*certificate, *signer, NID_subject_alt_name, alternative_name);
  if (X509_sign(certificate.get(), issuer_key ? issuer_key.get() : key.get(), EVP_sha256()) == 0)
    throw std::runtime_error{"cannot sign"};
  bio_ptr certificate_text{BIO_new(BIO_s_mem()), &BIO_free};
  PEM_write_bio_X509(certificate_text.get(), certificate.get());
  bio_ptr key_text{BIO_new(BIO_s_mem()), &BIO_free};
  PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {.certificate = text_of(certificate_text), .key = text_of(key_text)};
}

} // namespace

certified make_authority(const std::string& name) { return make(nullptr, name, ""); }

certified make_certificate(const certified& authority, const std::string& common_name,
                           const std::string& alternative_name) {
  return make(&authority, common_name, alternative_name);
}

} // namespace troupe::probe
