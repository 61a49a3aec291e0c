#include "tests/runtime/environment/stream_pair.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <filesystem>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::test {
namespace {

sockaddr_in to_system(const endpoint& from) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(from.port);
  ::inet_pton(AF_INET, from.address.to_string().c_str(), &out.sin_addr);
  return out;
}

} // namespace

byte_buffer buffer_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

void stream_end::on_bytes(std::span<const std::byte> bytes) {
  notes_.change([&] { received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); });
  if (bytes_hook) bytes_hook(bytes);
}

void stream_end::on_drained(byte_buffer spent) {
  notes_.change([&] { ++drained; });
  if (drained_hook) drained_hook(std::move(spent));
}

void stream_end::on_closed(const status& why) {
  notes_.change([&] { closed.push_back(why); });
  if (closed_hook) closed_hook();
}

stream_pair::stream_pair() = default;

stream_pair::~stream_pair() {
  on_client([&] {
    client.stream.reset();
    connecting.reset();
  });
  on_server([&] {
    server.stream.reset();
    listener.reset();
  });
  // What was posted and has not run yet may use the ends.
  client_loop.reset();
  server_loop.reset();
}

void stream_pair::listen(listen_options options, const endpoint& local) {
  on_server([&] {
    auto opened = server_loop->listen(
      local, std::move(options),
      [this](std::unique_ptr<byte_stream> stream) {
        if (accept_hook)
          accept_hook(std::move(stream));
        else
          server.take(std::move(stream));
        notes.change([&] { ++accepted; });
      },
      [this](const endpoint& peer, const status& why) {
        notes.change([&] { refused.emplace_back(peer, why); });
      });
    if (!opened) return;
    listener = std::move(*opened);
    address = listener->local();
  });
}

void stream_pair::connect(stream_credentials_ptr credentials, duration timeout) {
  connect_to(address, std::move(credentials), timeout);
}

void stream_pair::connect_to(const endpoint& peer, stream_credentials_ptr credentials, duration timeout) {
  notes.change([&] { ++attempts; });
  on_client([&] {
    connecting = client_loop->connect(peer, std::move(credentials), timeout,
                                      [this](result<std::unique_ptr<byte_stream>> got) {
                                        if (got) client.take(std::move(*got));
                                        notes.change([&] {
                                          ++connects;
                                          connect_outcome = status_of(got);
                                        });
                                      });
  });
}

bool stream_pair::connected() {
  return notes.wait([&] { return connects >= attempts && connect_outcome.ok() && accepted > 0; });
}

bool stream_pair::meet(stream_credentials_ptr credentials) {
  connect(std::move(credentials));
  return connected();
}

void stream_pair::settle() {
  // Twice, as a turn of a loop may have put off something for its next.
  for (int i = 0; i < 2; ++i) {
    on_client([] {});
    on_server([] {});
  }
}

raw_socket::raw_socket() : number_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{20, 0};
  ::setsockopt(number_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

raw_socket::~raw_socket() { close(); }

void raw_socket::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

bool raw_socket::connect(const endpoint& to) {
  const auto where = to_system(to);
  return ::connect(number_, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
}

endpoint raw_socket::listen(int backlog) {
  auto where = to_system(any_port);
  socklen_t size = sizeof where;
  if (::bind(number_, reinterpret_cast<const sockaddr*>(&where), size) != 0 || ::listen(number_, backlog) != 0
      || ::getsockname(number_, reinterpret_cast<sockaddr*>(&where), &size) != 0)
    return {};
  return {ip_address::loopback(), ntohs(where.sin_port)};
}

raw_socket raw_socket::accept() { return raw_socket{::accept(number_, nullptr, nullptr)}; }

bool raw_socket::send(std::string_view text) {
  return ::send(number_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

std::string raw_socket::receive() {
  std::string out(65536, '\0');
  const auto got = ::recv(number_, out.data(), out.size(), 0);
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return out;
}

void raw_socket::reset() {
  const linger at_once{1, 0};
  ::setsockopt(number_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

bool raw_socket::ended() {
  char byte = 0;
  const auto got = ::recv(number_, &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"})
    ++count;
  return count;
}

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<char>((i * 7 + i / 251) % 253);
  return out;
}

} // namespace troupe::test
