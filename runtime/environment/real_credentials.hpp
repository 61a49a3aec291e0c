// What a node proves itself with, and whom it believes. Internal to this component.
#pragma once

#include "runtime/environment/event_loop.hpp"

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace troupe {

// Thread-safe once made.
class stream_credentials {
public:
  using context_ptr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

  stream_credentials(context_ptr context, std::string authority_file)
    : context_(std::move(context)), authority_file_(std::move(authority_file)) {}

  // For both ends of a stream. TLS 1.3 only, peers must prove themselves, no tickets.
  SSL_CTX* context() const noexcept { return context_.get(); }
  const std::string& authority_file() const noexcept { return authority_file_; }

private:
  context_ptr context_;
  std::string authority_file_;
};

// "CN=inventory,O=Shop" (RFC 2253, what is not printable escaped), cut after 200 bytes.
std::string subject_of(const X509* certificate);
// "2026-01-31T12:00:00Z"
std::string text_of(const ASN1_TIME* time);

// Why a certificate was not believed, as the end of a sentence about it: "has expired on
// 2026-01-31T12:00:00Z". `error` is one of X509_V_ERR_*.
std::string why_not_believed(int error, const X509* certificate, const std::string& authority_file);

// The DNS entries of subjectAltName, else the common name; none when there is neither.
std::vector<std::string> names_of(const X509* certificate);

// The oldest entry of OpenSSL's error queue, which is emptied: "bad decrypt".
std::string openssl_error();

} // namespace troupe
