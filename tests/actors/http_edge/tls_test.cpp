#include "actors/http_edge/tls_session.hpp"
#include "raw_client.hpp"
#include "test_server.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

// A key and its own certificate, in files that end with the object.
class self_signed {
public:
  explicit self_signed(const std::string& name) {
    auto folder = std::filesystem::temp_directory_path();
    auto unique = std::to_string(::getpid()) + "-" + name;
    options.certificate_chain_file = folder / ("troupe-http-" + unique + ".crt");
    options.private_key_file = folder / ("troupe-http-" + unique + ".key");
    write(name);
  }
  ~self_signed() {
    std::filesystem::remove(options.certificate_chain_file);
    std::filesystem::remove(options.private_key_file);
  }

  void write(const std::string& name) {
    auto* key = EVP_EC_gen("P-256");
    auto* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    auto* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_sign(certificate, key, EVP_sha256());
    auto* out = std::fopen(options.certificate_chain_file.c_str(), "w");
    PEM_write_X509(out, certificate);
    std::fclose(out);
    out = std::fopen(options.private_key_file.c_str(), "w");
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  http_tls_options options;
};

// A TLS client over a blocking socket.
class tls_client {
public:
  explicit tls_client(std::uint16_t port, int version = 0, std::string_view protocols = "") : socket_(port) {
    context_ = SSL_CTX_new(TLS_client_method());
    if (version != 0) {
      SSL_CTX_set_min_proto_version(context_, 0);
      SSL_CTX_set_max_proto_version(context_, version);
      SSL_CTX_set_cipher_list(context_, "ALL:@SECLEVEL=0");
    }
    session_ = SSL_new(context_);
    if (!protocols.empty())
      SSL_set_alpn_protos(session_, reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    SSL_set_fd(session_, socket_.handle());
    connected = SSL_connect(session_) == 1;
  }
  ~tls_client() {
    SSL_free(session_);
    SSL_CTX_free(context_);
  }

  std::string ask(std::string_view request, std::size_t body) {
    SSL_write(session_, request.data(), static_cast<int>(request.size()));
    std::string out;
    std::array<char, 65536> block;
    for (;;) {
      auto head = out.find("\r\n\r\n");
      if (head != out.npos && out.size() >= head + 4 + body) return out;
      int got = SSL_read(session_, block.data(), block.size());
      if (got <= 0) return out;
      out.append(block.data(), static_cast<std::size_t>(got));
    }
  }
  bool closed_cleanly() {
    char byte;
    int got = SSL_read(session_, &byte, 1);
    return got <= 0 && SSL_get_error(session_, got) == SSL_ERROR_ZERO_RETURN;
  }
  std::string protocol() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(session_, &chosen, &size);
    return {reinterpret_cast<const char*>(chosen), size};
  }
  std::string peer_name() const {
    std::array<char, 100> name{};
    auto* certificate = SSL_get1_peer_certificate(session_);
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
    X509_free(certificate);
    return name.data();
  }
  std::string version() const { return SSL_get_version(session_); }

  bool connected = false;

private:
  raw_client socket_;
  SSL_CTX* context_;
  SSL* session_;
};

struct tls_server {
  self_signed certificate{"first"};
  function_handler handler;
  std::unique_ptr<http_server> server;

  tls_server() {
    handler.on("/", [](http_exchange& exchange) {
      answer(exchange, exchange.request().secure() ? "secure" : "plain");
    });
    handler.on("/large", [](http_exchange& exchange) { answer(exchange, std::string(3 << 20, 'x')); });
    http_server_options options;
    options.tls = certificate.options;
    server = start_server(handler, options);
  }
};

const std::string get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";

} // namespace

TEST_CASE("requests over TLS") {
  tls_server edge;
  tls_client client{edge.server->port()};
  REQUIRE(client.connected);
  CHECK(client.version() == "TLSv1.3");
  for (int round = 0; round < 3; ++round)
    CHECK(client.ask(get, 6).ends_with("secure"));
  auto large = client.ask("GET /large HTTP/1.1\r\nHost: t\r\n\r\n", 3 << 20);
  CHECK(large.ends_with(std::string(3 << 20, 'x')));
  CHECK(client.ask("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", 6).ends_with("secure"));
  CHECK(client.closed_cleanly());
}

TEST_CASE("TLS 1.2 at least") {
  tls_server edge;
  CHECK(tls_client{edge.server->port(), TLS1_2_VERSION}.version() == "TLSv1.2");
  CHECK_FALSE(tls_client{edge.server->port(), TLS1_1_VERSION}.connected);
}

TEST_CASE("RFC 7301: the protocol is http/1.1, or none is agreed on") {
  tls_server edge;
  tls_client both{edge.server->port(), 0, "\x02h2\x08http/1.1"};
  CHECK(both.connected);
  CHECK(both.protocol() == "http/1.1");
  CHECK_FALSE(tls_client{edge.server->port(), 0, "\x02h2"}.connected);
}

TEST_CASE("plain text to a TLS port ends the connection") {
  tls_server edge;
  raw_client client{edge.server->port()};
  client.send(get);
  client.rest();
  CHECK(client.at_end());
  CHECK(tls_client{edge.server->port()}.ask(get, 6).ends_with("secure"));
}

TEST_CASE("certificates can be replaced") {
  tls_server edge;
  tls_client old{edge.server->port()};
  CHECK(old.peer_name() == "first");
  edge.certificate.write("second");
  CHECK(tls_client{edge.server->port()}.peer_name() == "first");
  CHECK(edge.server->reload_certificates().ok());
  CHECK(tls_client{edge.server->port()}.peer_name() == "second");
  CHECK(old.ask(get, 6).ends_with("secure"));
  std::ofstream{edge.certificate.options.private_key_file} << "nonsense";
  CHECK(edge.server->reload_certificates().code() == status_code::invalid_argument);
  CHECK(tls_client{edge.server->port()}.peer_name() == "second");
}

TEST_CASE("options that cannot work are refused at the start") {
  function_handler handler;
  auto start = [&](http_server_options options) {
    auto server = http_server::start(std::move(options), handler);
    return server ? status{} : server.error();
  };
  CHECK(start({.address = "localhost", .port = 0}).code() == status_code::invalid_argument);
  CHECK(start({.address = "0.0.0.0", .port = 0}).code() == status_code::invalid_argument);
  CHECK(start({.port = 0, .tls = http_tls_options{"/nonexistent.crt", "/nonexistent.key"}})
          .message()
          .find("/nonexistent.crt")
        != std::string::npos);
  self_signed one{"one"}, other{"other"};
  CHECK_FALSE(
    start({.port = 0,
           .tls = http_tls_options{one.options.certificate_chain_file, other.options.private_key_file}})
      .ok());
  auto first = start_server(handler);
  CHECK(start({.port = first->port()}).code() == status_code::failed_precondition);
  http_server_options none;
  none.port = 0;
  none.limits.pipelined = 0;
  CHECK(start(none).code() == status_code::invalid_argument);
}
