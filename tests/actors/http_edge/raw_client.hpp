// A client of the tests: a plain blocking socket, so that every byte on the wire is the test's own.
#pragma once

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace troupe::test {

struct raw_response {
  int status = 0;
  std::multimap<std::string, std::string> fields; // names in lower case
  std::string body;
  bool complete = false; // the body ended as its head announced

  std::string field(const std::string& name) const {
    auto found = fields.find(name);
    return found == fields.end() ? std::string{} : found->second;
  }
};

class raw_client {
public:
  explicit raw_client(std::uint16_t port, int receive_buffer = 0)
    : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    // A bound for failing tests only; no test waits for it to pass.
    timeval limit{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int one = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect");
  }
  ~raw_client() { close(); }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  // False when the peer does not take it.
  bool send(std::string_view text) {
    while (!text.empty()) {
      auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void half_close() { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  // Closes with a reset instead of an end.
  void reset() {
    linger hard{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  int handle() const { return socket_; }

  // Reads more into the buffer; false at the end, or when nothing comes.
  bool fill() {
    std::array<char, 65536> block;
    auto got = ::recv(socket_, block.data(), block.size(), 0);
    timed_out_ = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (got <= 0) return false;
    buffer_.append(block.data(), static_cast<std::size_t>(got));
    return true;
  }

  // Whether the server closed the connection and everything it sent was read.
  bool at_end() {
    if (!buffer_.empty()) return false;
    bool more = fill();
    return !more && !timed_out_;
  }
  std::string rest() {
    while (fill()) {
    }
    return std::exchange(buffer_, {});
  }

  bool wait_for(std::string_view text) {
    while (buffer_.find(text) == buffer_.npos)
      if (!fill()) return false;
    return true;
  }
  std::string take_until(std::string_view text) {
    if (!wait_for(text)) return {};
    auto end = buffer_.find(text) + text.size();
    auto out = buffer_.substr(0, end);
    buffer_.erase(0, end);
    return out;
  }

  // Reads one response; its status is 0 when the connection ends before one begins.
  raw_response read_response(bool has_body = true) {
    raw_response out;
    auto head = take_until("\r\n\r\n");
    if (head.size() < 12) return out;
    out.status = std::stoi(head.substr(9, 3));
    std::size_t at = head.find("\r\n") + 2;
    while (at + 2 < head.size()) {
      auto end = head.find("\r\n", at);
      auto colon = head.find(':', at);
      auto name = head.substr(at, colon - at);
      for (auto& c : name)
        c = static_cast<char>(std::tolower(c));
      out.fields.emplace(name, head.substr(colon + 2, end - colon - 2));
      at = end + 2;
    }
    if (!has_body || out.status == 204 || out.status == 304 || out.status < 200) {
      out.complete = true;
    } else if (out.field("transfer-encoding") == "chunked") {
      read_chunks(out);
    } else if (out.fields.count("content-length")) {
      std::size_t size = std::stoul(out.field("content-length"));
      while (buffer_.size() < size && fill()) {
      }
      out.complete = buffer_.size() >= size;
      out.body = buffer_.substr(0, size);
      buffer_.erase(0, size);
    } else {
      out.body = rest();
      out.complete = true;
    }
    return out;
  }

  raw_response ask(std::string_view request, bool has_body = true) {
    send(request);
    return read_response(has_body);
  }
  raw_response get(std::string_view target) {
    return ask("GET " + std::string{target} + " HTTP/1.1\r\nHost: test\r\n\r\n");
  }

private:
  void read_chunks(raw_response& out) {
    for (;;) {
      auto line = take_until("\r\n");
      if (line.empty()) return;
      auto size = std::stoul(line, nullptr, 16);
      while (buffer_.size() < size + 2)
        if (!fill()) return;
      out.body += buffer_.substr(0, size);
      buffer_.erase(0, size + 2);
      if (size == 0) {
        out.complete = true;
        return;
      }
    }
  }

  int socket_;
  std::string buffer_;
  bool timed_out_ = false;
};

} // namespace troupe::test
