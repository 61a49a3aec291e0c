#include "runtime/environment/xoshiro.hpp"
#include "tests/runtime/environment/stream_pair.hpp"
#include "tests/runtime/environment/test_certificates.hpp"

#include <catch2/catch.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <thread>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

// A cluster's authority with two nodes, and strangers.
class tls_pair : public stream_pair {
public:
  tls_pair() {
    folder.make("authority", "", {.common_name = "authority", .authority = true});
    folder.make("server", "authority",
                {.common_name = "ignored", .alternative_name = "DNS:one,IP:127.0.0.1,DNS:two"});
    folder.make("client", "authority", {.common_name = "only a name"});
    folder.make("other-authority", "", {.common_name = "other authority", .authority = true});
    folder.make("stranger", "other-authority", {.common_name = "stranger"});
  }

  stream_credentials_ptr load(const std::string& name, const std::string& authority = "authority") {
    auto out = net.load_credentials(folder.files(name, authority));
    REQUIRE(out.has_value());
    return *out;
  }
  void listen_tls(listen_options options = {}) {
    options.credentials = load("server");
    listen(std::move(options));
  }
  // The first refusal, once there is one.
  std::pair<endpoint, status> refusal() {
    REQUIRE(notes.wait([&] { return !refused.empty(); }));
    return notes.read(refused).front();
  }

  certificate_folder folder;
};

// A TLS peer of the test's own thread that need not follow the rules.
class raw_tls {
public:
  raw_tls(const raw_socket& socket, bool server) : context_(SSL_CTX_new(TLS_method())), ssl_(nullptr) {
    SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket.number());
    if (server)
      SSL_set_accept_state(ssl_);
    else
      SSL_set_connect_state(ssl_);
  }
  ~raw_tls() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    ERR_clear_error();
  }
  void use(const stream_security& files) {
    SSL_use_certificate_file(ssl_, files.certificate_file.c_str(), SSL_FILETYPE_PEM);
    SSL_use_PrivateKey_file(ssl_, files.key_file.c_str(), SSL_FILETYPE_PEM);
  }
  SSL* operator*() { return ssl_; }

private:
  SSL_CTX* context_;
  SSL* ssl_;
};

} // namespace

TEST_CASE("over TLS bytes pass both ways, and each end knows the names that the other proved") {
  tls_pair pair;
  pair.listen_tls();
  REQUIRE(pair.meet(pair.load("client")));
  pair.on_server([&] {
    pair.server.bytes_hook = [&](auto bytes) { pair.server.stream->write({bytes.begin(), bytes.end()}); };
  });
  pair.on_client([&] { pair.client.write("hello"); });
  CHECK(pair.notes.wait([&] { return pair.client.received == "hello"; }));
  std::vector<std::string> of_server, of_client;
  pair.on_client([&] { of_server = pair.client.stream->peer_names(); });
  pair.on_server([&] { of_client = pair.server.stream->peer_names(); });
  CHECK(of_server == std::vector<std::string>{"one", "two"});
  CHECK(of_client == std::vector<std::string>{"only a name"});
  pair.on_client([&] { pair.client.stream.reset(); });
  CHECK(pair.notes.wait([&] { return pair.server.closed == std::vector{status{}}; }));
}

TEST_CASE("over TLS much passes both ways at once, whole and in order, while both ends pause") {
  const auto sent = pattern(8 << 20);
  tls_pair pair;
  pair.listen_tls();
  REQUIRE(pair.meet(pair.load("client")));
  auto prepare = [&](stream_end& end, event_loop& loop) {
    end.bytes_hook = [&](auto) {
      end.stream->pause_reading();
      loop.post([&] {
        if (end.stream) end.stream->resume_reading(); // the test may be over
      });
    };
    end.drained_hook = [&, at = std::size_t{4 << 20}](byte_buffer spent) mutable {
      if (at == sent.size()) return;
      const auto size = std::min<std::size_t>(sent.size() - at, 77'777);
      spent = buffer_of(std::string_view{sent}.substr(at, size));
      at += size;
      end.stream->write(std::move(spent));
    };
    end.write(std::string_view{sent}.substr(0, 4 << 20));
  };
  pair.on_client([&] { prepare(pair.client, *pair.client_loop); });
  pair.on_server([&] { prepare(pair.server, *pair.server_loop); });
  CHECK(pair.notes.wait([&] {
    return pair.client.received.size() >= sent.size() && pair.server.received.size() >= sent.size();
  }));
  CHECK((pair.notes.read(pair.client.received) == sent));
  CHECK((pair.notes.read(pair.server.received) == sent));
}

TEST_CASE("over TLS what came before begin() is told after it, the end too") {
  tls_pair pair;
  std::unique_ptr<byte_stream> waiting;
  pair.accept_hook = [&](auto stream) { waiting = std::move(stream); };
  pair.listen_tls();
  const auto credentials = pair.load("client");
  pair.on_client([&] { // written in the very call that tells of the stream, so right after the handshake
    pair.connecting = pair.client_loop->connect(pair.address, credentials, 10s, [&](auto got) {
      if (!got) return;
      pair.client.take(std::move(*got));
      pair.client.drained_hook = [&](auto) { pair.client.stream.reset(); };
      pair.client.write("early");
    });
  });
  REQUIRE(pair.notes.wait([&] { return pair.client.drained == 1 && pair.accepted == 1; }));
  pair.on_server([&] { pair.server.take(std::move(waiting)); });
  CHECK(pair.notes.wait([&] { return pair.server.closed == std::vector{status{}}; }));
  CHECK(pair.notes.read(pair.server.received) == "early");
}

TEST_CASE("a server of another authority is refused by the client") {
  tls_pair pair;
  pair.listen({.credentials = pair.load("stranger", "other-authority")});
  pair.connect(pair.load("client"));
  REQUIRE(pair.notes.wait([&] { return pair.connects == 1; }));
  CHECK(pair.notes.read(pair.connect_outcome)
        == unauthenticated("the certificate of {} (CN=stranger) is not signed by the authority in '{}'",
                           pair.address.to_string(), pair.folder.path("authority.pem")));
  const auto [who, why] = pair.refusal();
  CHECK(why
        == unauthenticated("{} does not accept the certificate of this node; it says 'unknown CA'",
                           who.to_string()));
}

TEST_CASE("a client of another authority is refused by the server, and told so when its stream ends") {
  tls_pair pair;
  pair.listen_tls();
  // It believes the server, and is not believed.
  auto odd = pair.folder.files("stranger", "other-authority");
  pair.folder.write("both.pem", pair.folder.read("authority.pem") + pair.folder.read("other-authority.pem"));
  odd.authority_file = pair.folder.path("both.pem");
  auto credentials = pair.net.load_credentials(odd);
  REQUIRE(credentials.has_value());
  pair.client.drained_hook = [&](byte_buffer spent) { // goes on writing: must not hide the reason
    spent.resize(100'000);
    pair.client.stream->write(std::move(spent));
  };
  pair.on_client([&] {
    pair.connecting = pair.client_loop->connect(pair.address, *credentials, 10s, [&](auto got) {
      if (got) {
        pair.client.take(std::move(*got));
        pair.client.write("hello");
      }
      pair.notes.change([&] { ++pair.connects; });
    });
  });
  const auto [who, why] = pair.refusal();
  CHECK(why
        == unauthenticated("the certificate of {} (CN=stranger) is not signed by the authority in '{}'",
                           who.to_string(), pair.folder.path("authority.pem")));
  REQUIRE(pair.notes.wait([&] { return pair.client.closed.size() == 1; }));
  CHECK(pair.notes.read(pair.client.closed).front()
        == unauthenticated("{} does not accept the certificate of this node; it says 'unknown CA'",
                           pair.address.to_string()));
  CHECK(pair.notes.read(pair.accepted) == 0);
}

TEST_CASE("peers whose certificates are missing, not yet or no longer good are refused, saying why") {
  tls_pair pair;
  pair.folder.make("late", "authority", {.common_name = "late", .valid_from = -7200, .valid_to = -3600});
  pair.folder.make("early", "authority", {.common_name = "early", .valid_from = 3600, .valid_to = 7200});
  pair.folder.make("web", "authority", {.common_name = "web", .extended_use = "serverAuth"});
  pair.folder.make("nameless", "", {});
  pair.listen_tls();
  auto refused_as = [&](const std::string& name) {
    raw_socket socket;
    REQUIRE(socket.connect(pair.address));
    raw_tls tls{socket, false};
    if (!name.empty()) tls.use(pair.folder.files(name, "authority"));
    SSL_do_handshake(*tls);
    char byte = 0;
    CHECK(SSL_read(*tls, &byte, 1) <= 0);
    const auto [who, why] = pair.refusal();
    CHECK(why.code() == status_code::unauthenticated);
    pair.notes.change([&] { pair.refused.clear(); });
    auto text = why.message();
    const auto at = text.find(who.to_string());
    REQUIRE(at != std::string::npos);
    return text.replace(at, who.to_string().size(), "PEER");
  };
  CHECK(refused_as("") == "PEER sent no certificate");
  CHECK_THAT(
    refused_as("late"),
    Catch::Matchers::Matches(
      "the certificate of PEER \\(CN=late\\) has expired on 20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ"));
  CHECK_THAT(
    refused_as("early"),
    Catch::Matchers::Matches("the certificate of PEER \\(CN=early\\) is not valid before 20\\d\\d-.*Z"));
  CHECK(refused_as("web") == "the certificate of PEER (CN=web) does not allow this use (extendedKeyUsage)");
  CHECK(refused_as("nameless")
        == "the certificate of PEER (a certificate without a subject) is not signed by the authority in '"
             + pair.folder.path("authority.pem") + "'");
  CHECK(pair.notes.read(pair.accepted) == 0);
}

TEST_CASE("a server whose certificate has expired, or that speaks an old TLS, is refused by the client") {
  tls_pair pair;
  pair.folder.make("late", "authority", {.common_name = "late", .valid_from = -7200, .valid_to = -3600});
  const bool old = GENERATE(false, true);
  raw_socket listener;
  const auto address = listener.listen(5);
  pair.connect_to(address, pair.load("client"));
  {
    auto peer = listener.accept();
    raw_tls tls{peer, true};
    tls.use(pair.folder.files("late", "authority"));
    if (old) SSL_set_max_proto_version(*tls, TLS1_2_VERSION);
    SSL_do_handshake(*tls);
  }
  REQUIRE(pair.notes.wait([&] { return pair.connects == 1; }));
  const auto why = pair.notes.read(pair.connect_outcome);
  CHECK(why.code() == status_code::unauthenticated);
  if (old)
    CHECK(why.message() == address.to_string() + " refuses the TLS handshake; it says 'protocol version'");
  else
    CHECK_THAT(why.message(), Catch::Matchers::StartsWith("the certificate of " + address.to_string()
                                                          + " (CN=late) has expired on 20"));
}

TEST_CASE("a client with an old TLS is refused") {
  tls_pair pair;
  pair.listen_tls();
  raw_socket socket;
  REQUIRE(socket.connect(pair.address));
  raw_tls tls{socket, false};
  SSL_set_max_proto_version(*tls, TLS1_2_VERSION);
  SSL_do_handshake(*tls);
  const auto [who, why] = pair.refusal();
  CHECK(why == unauthenticated("{} does not speak TLS 1.3", who.to_string()));
}

TEST_CASE("peers without TLS are told apart") {
  tls_pair pair;
  SECTION("a client that sends plain text") {
    pair.listen_tls();
    pair.connect();
    pair.notes.wait([&] { return pair.connects == 1; });
    pair.on_client([&] { pair.client.write("GET / HTTP/1.1\r\n\r\n"); });
    const auto [who, why] = pair.refusal();
    CHECK(why == unauthenticated("{} does not speak TLS", who.to_string()));
    CHECK(pair.notes.wait([&] { return pair.client.closed.size() == 1; }));
  }
  SECTION("a client that only waits") {
    pair.listen_tls({.handshake_timeout = 30ms});
    raw_socket peer;
    REQUIRE(peer.connect(pair.address));
    CHECK(peer.ended());
    const auto [who, why] = pair.refusal();
    CHECK(why == deadline_exceeded("{} did not finish its TLS handshake within 30 ms", who.to_string()));
  }
  SECTION("a client that goes away") {
    pair.listen_tls();
    {
      raw_socket peer;
      REQUIRE(peer.connect(pair.address));
    }
    const auto [who, why] = pair.refusal();
    CHECK(why.code() == status_code::unavailable);
  }
  SECTION("a server that sends plain text") {
    raw_socket listener;
    const auto address = listener.listen(5);
    pair.connect_to(address, pair.load("client"));
    auto peer = listener.accept();
    CHECK(peer.send("220 welcome\r\n"));
    CHECK(pair.notes.wait([&] { return pair.connects == 1; }));
    CHECK(pair.notes.read(pair.connect_outcome)
          == unauthenticated("{} does not speak TLS", address.to_string()));
  }
  SECTION("a server that closes") {
    raw_socket listener;
    const auto address = listener.listen(5);
    pair.connect_to(address, pair.load("client"));
    listener.accept().close();
    CHECK(pair.notes.wait([&] { return pair.connects == 1; }));
    CHECK(pair.notes.read(pair.connect_outcome).code() == status_code::unavailable);
  }
  SECTION("a server that only waits") {
    raw_socket listener;
    const auto address = listener.listen(5);
    // Long enough for the connection itself on a busy machine.
    pair.connect_to(address, pair.load("client"), 1s);
    CHECK(pair.notes.wait([&] { return pair.connects == 1; }));
    CHECK(pair.notes.read(pair.connect_outcome)
          == unavailable("{} did not finish the TLS handshake within 1000 ms", address.to_string()));
  }
  CHECK(pair.notes.read(pair.accepted) == 0);
}

TEST_CASE("a peer that ends TLS without its farewell ends the stream with UNAVAILABLE") {
  tls_pair pair;
  pair.listen_tls();
  raw_socket socket;
  REQUIRE(socket.connect(pair.address));
  raw_tls tls{socket, false};
  tls.use(pair.folder.files("client", "authority"));
  REQUIRE(SSL_do_handshake(*tls) == 1);
  REQUIRE(SSL_write(*tls, "x", 1) == 1);
  REQUIRE(pair.notes.wait([&] { return pair.server.received == "x"; }));
  const bool farewell = GENERATE(true, false);
  if (farewell)
    SSL_shutdown(*tls);
  else
    socket.close();
  REQUIRE(pair.notes.wait([&] { return pair.server.closed.size() == 1; }));
  CHECK(pair.notes.read(pair.server.closed).front().code()
        == (farewell ? status_code::ok : status_code::unavailable));
}

TEST_CASE("handshakes count among the connections, make way for others, and end with their listener") {
  tls_pair pair;
  pair.listen_tls({.max_connections = 2});
  raw_socket first, second, third;
  REQUIRE(first.connect(pair.address));
  REQUIRE(second.connect(pair.address));
  REQUIRE(third.connect(pair.address));
  const auto [who, why] = pair.refusal();
  CHECK(why
        == resource_exhausted("2 connections are open already, and this one goes first, which has not "
                              "finished its TLS handshake"));
  CHECK(first.ended());
  third.close();
  REQUIRE(pair.notes.wait([&] { return pair.refused.size() == 2; }));
  CHECK(pair.meet(pair.load("client")));
  pair.on_server([&] { pair.listener.reset(); });
  CHECK(second.ended());
  pair.settle();
  CHECK(pair.notes.read(pair.refused).size() == 2);
  // The one that was accepted lives on.
  pair.on_client([&] { pair.client.write("x"); });
  CHECK(pair.notes.wait([&] { return pair.server.received == "x"; }));
}

TEST_CASE("an attempt to connect may be given up during its TLS handshake") {
  tls_pair pair;
  raw_socket listener;
  const auto address = listener.listen(5);
  pair.connect_to(address, pair.load("client"));
  auto peer = listener.accept();
  CHECK_FALSE(peer.receive().empty());
  pair.on_client([&] { pair.connecting.reset(); });
  CHECK(peer.ended());
  pair.settle();
  CHECK(pair.notes.read(pair.connects) == 0);
}

TEST_CASE("random bytes thrown at a TLS listener do no harm") {
  tls_pair pair;
  pair.listen_tls({.max_connections = 8, .handshake_timeout = 10s});
  REQUIRE(pair.meet(pair.load("client")));
  const auto before = open_descriptors();
  xoshiro256 random{2026};
  constexpr std::size_t rounds = 300;
  for (std::size_t round = 0; round < rounds; ++round) {
    raw_socket peer;
    REQUIRE(peer.connect(pair.address));
    std::string bytes(random.next() % 3000, '\0');
    for (auto& byte : bytes)
      byte = static_cast<char>(random.next());
    // Every second one begins like a handshake of a sensible size, so that it gets further.
    if (round % 2 == 0 && bytes.size() > 9) {
      const auto size = std::min<std::size_t>(bytes.size() - 5, random.next() % 2000 + 4);
      const char head[] = {22, 3, 1, static_cast<char>(size >> 8), static_cast<char>(size), 1, 0};
      bytes.replace(0, sizeof head, head, sizeof head);
    }
    peer.send(bytes); // may fail in the midst
    peer.close();
    REQUIRE(pair.notes.wait([&] { return pair.refused.size() == round + 1; }));
  }
  pair.settle();
  CHECK(open_descriptors() == before);
  CHECK(pair.notes.read(pair.accepted) == 1);
  pair.on_client([&] { pair.client.write("still here"); });
  CHECK(pair.notes.wait([&] { return pair.server.received == "still here"; }));
}
