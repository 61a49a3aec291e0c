#include "tests/runtime/environment/test_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace troupe::test {
namespace {

using certificate_ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free)>;

void add_extension(X509& certificate, X509& issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) throw std::runtime_error{"cannot make the extension " + value};
  X509_add_ext(&certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

} // namespace

certificate_folder::certificate_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "troupe-certificates-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"cannot make " + pattern};
  folder_ = pattern;
}

certificate_folder::~certificate_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void certificate_folder::make(const std::string& name, const std::string& issuer,
                              const certificate_options& options) {
  static long serial = 0;
  const key_ptr key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  const certificate_ptr made{X509_new(), &X509_free};
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), options.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), options.valid_to);
  X509_set_pubkey(made.get(), key.get());
  if (!options.common_name.empty())
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(options.common_name.data()),
                               static_cast<int>(options.common_name.size()), -1, 0);
  certificate_ptr signer{nullptr, &X509_free};
  key_ptr signing_key{nullptr, &EVP_PKEY_free};
  if (!issuer.empty()) {
    const bio_ptr certificate{BIO_new_file(path(issuer + ".pem").c_str(), "r"), &BIO_free};
    signer.reset(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr));
    const bio_ptr own{BIO_new_file(path(issuer + ".key").c_str(), "r"), &BIO_free};
    signing_key.reset(PEM_read_bio_PrivateKey(own.get(), nullptr, nullptr, nullptr));
  }
  X509& by = signer ? *signer : *made;
  X509_set_issuer_name(made.get(), X509_get_subject_name(&by));
  add_extension(*made, by, NID_basic_constraints, options.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!options.alternative_name.empty())
    add_extension(*made, by, NID_subject_alt_name, options.alternative_name);
  if (!options.extended_use.empty()) add_extension(*made, by, NID_ext_key_usage, options.extended_use);
  if (X509_sign(made.get(), signing_key ? signing_key.get() : key.get(), EVP_sha256()) == 0)
    throw std::runtime_error{"cannot sign " + name};
  const bio_ptr certificate{BIO_new_file(path(name + ".pem").c_str(), "w"), &BIO_free};
  PEM_write_bio_X509(certificate.get(), made.get());
  const bio_ptr own{BIO_new_file(path(name + ".key").c_str(), "w"), &BIO_free};
  PEM_write_bio_PrivateKey(own.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
}

stream_security certificate_folder::files(const std::string& name, const std::string& authority) const {
  return {path(name + ".pem"), path(name + ".key"), path(authority + ".pem")};
}

std::string certificate_folder::write(const std::string& name, const std::string& text) const {
  std::ofstream{folder_ / name} << text;
  return path(name);
}

std::string certificate_folder::read(const std::string& name) const {
  std::ifstream from{folder_ / name};
  return {std::istreambuf_iterator<char>{from}, {}};
}

} // namespace troupe::test
