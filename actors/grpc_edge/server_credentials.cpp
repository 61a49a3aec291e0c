#include "actors/grpc_edge/server_credentials.hpp"

#include <climits>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <arpa/inet.h>

namespace troupe::grpc_detail {

namespace {

using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using certificate_ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

bio_ptr reader_of(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), INT_MAX))),
          &BIO_free};
}

// An encrypted key must not make OpenSSL ask on the terminal.
int no_password(char*, int, int, void*) { return -1; }

certificate_ptr first_certificate(const std::string& pem) {
  auto reader = reader_of(pem);
  return {PEM_read_bio_X509(reader.get(), nullptr, &no_password, nullptr), &X509_free};
}

status check_certificates(const grpc_tls_options& tls) {
  auto certificate = first_certificate(tls.certificate_chain);
  auto key_reader = reader_of(tls.private_key);
  key_ptr key{PEM_read_bio_PrivateKey(key_reader.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free};
  auto roots = first_certificate(tls.client_roots);
  auto belongs = certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!certificate) return invalid_argument("gRPC TLS: the certificate chain is not a PEM certificate");
  if (!key) return invalid_argument("gRPC TLS: the private key is not an unencrypted PEM key");
  if (!belongs) return invalid_argument("gRPC TLS: the private key does not belong to the certificate");
  if (!tls.client_roots.empty() && !roots)
    return invalid_argument("gRPC TLS: the client roots are not PEM certificates");
  if (tls.require_client_certificate && tls.client_roots.empty())
    return invalid_argument(
      "gRPC TLS: client certificates are required, but there are no client roots to verify them "
      "with");
  return {};
}

} // namespace

result<std::string> listening_address(const grpc_edge_options& options) {
  auto host = options.host == "localhost" ? std::string{"127.0.0.1"} : options.host;
  in_addr v4{};
  in6_addr v6{};
  auto is_v4 = inet_pton(AF_INET, host.c_str(), &v4) == 1;
  auto is_v6 = !is_v4 && inet_pton(AF_INET6, host.c_str(), &v6) == 1;
  if (!is_v4 && !is_v6) return invalid_argument("gRPC: '{}' is not an IP address to listen on", options.host);
  constexpr std::uint32_t loopback_network = 127;
  auto loopback = is_v4 ? (ntohl(v4.s_addr) >> 24) == loopback_network : IN6_IS_ADDR_LOOPBACK(&v6) != 0;
  if (!loopback && !options.tls && !options.allow_plain_text)
    return invalid_argument(
      "gRPC: listening on {} without TLS would let anybody read and forge calls; give it "
      "certificates, listen on 127.0.0.1, or allow plain text explicitly",
      options.host);
  return is_v4 ? fmt::format("{}:{}", host, options.port) : fmt::format("[{}]:{}", host, options.port);
}

result<std::shared_ptr<grpc::ServerCredentials>> server_credentials(const grpc_edge_options& options) {
  if (!options.tls) return grpc::InsecureServerCredentials();
  const auto& tls = *options.tls;
  if (auto problem = check_certificates(tls); !problem.ok()) return problem;
  auto request = GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
  if (!tls.client_roots.empty())
    request = tls.require_client_certificate ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                             : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
  grpc::SslServerCredentialsOptions wire{request};
  wire.pem_root_certs = tls.client_roots;
  wire.pem_key_cert_pairs.push_back({.private_key = tls.private_key, .cert_chain = tls.certificate_chain});
  return grpc::SslServerCredentials(wire);
}

} // namespace troupe::grpc_detail
