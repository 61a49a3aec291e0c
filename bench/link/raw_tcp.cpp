// The floor of every round trip: blocking sockets and nothing else. `bench_link_raw_tcp serve` prints its
// port and echoes; `bench_link_raw_tcp drive PORT` measures.
#include "bench/link/measurements.hpp"

#include <arpa/inet.h>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  out.sin_port = htons(port);
  return out;
}

void send_at_once(int socket) {
  const int on = 1;
  if (::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) give_up("TCP_NODELAY");
}

// Whether a whole payload came; false at the end of the connection.
bool read_payload(int socket, char* into) {
  for (std::size_t have = 0; have < bench::payload_bytes;) {
    const auto got = ::read(socket, into + have, bench::payload_bytes - have);
    if (got < 0) give_up("read");
    if (got == 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

void write_payload(int socket, const char* from) {
  if (::write(socket, from, bench::payload_bytes) != static_cast<ssize_t>(bench::payload_bytes))
    give_up("write");
}

int serve() {
  const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listening, reinterpret_cast<sockaddr*>(&address), size) != 0) give_up("bind");
  if (::listen(listening, 1) != 0) give_up("listen");
  if (::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size) != 0) give_up("getsockname");
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  const int peer = ::accept(listening, nullptr, nullptr);
  if (peer < 0) give_up("accept");
  send_at_once(peer);
  char payload[bench::payload_bytes];
  while (read_payload(peer, payload))
    write_payload(peer, payload);
  return 0;
}

int drive(std::uint16_t port) {
  const int server = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(port);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) give_up("connect");
  send_at_once(server);
  return bench::answer_measurements({{"round_trip", [server](std::uint64_t count) {
                                        char payload[bench::payload_bytes];
                                        std::memset(payload, 'x', sizeof payload);
                                        const bench::stopwatch watch;
                                        for (std::uint64_t i = 0; i < count; ++i) {
                                          write_payload(server, payload);
                                          if (!read_payload(server, payload)) give_up("the server is gone");
                                        }
                                        return watch.microseconds_each(count);
                                      }}});
}

} // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "serve") == 0) return serve();
  if (argc == 3 && std::strcmp(argv[1], "drive") == 0)
    return drive(static_cast<std::uint16_t>(std::atoi(argv[2])));
  return 2;
}
