#include "tests/actors/grpc_edge/raw_http2.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace troupe::probe {

namespace {

constexpr std::uint8_t data_type = 0;
constexpr std::uint8_t headers_type = 1;
constexpr std::uint8_t reset_type = 3;
constexpr std::uint8_t settings_type = 4;
constexpr std::uint8_t ping_type = 6;
constexpr std::uint8_t goaway_type = 7;
constexpr std::uint8_t window_type = 8;
constexpr std::uint8_t acknowledged = 1;
constexpr std::size_t setting_size = 6;
constexpr std::uint32_t initial_window_setting = 4;
constexpr std::uint8_t end_stream = 1;
constexpr std::uint8_t end_headers = 4;

std::string big_endian(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i)
    out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

std::uint32_t read_big_endian(std::string_view bytes) {
  std::uint32_t out = 0;
  for (auto c : bytes)
    out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

// RFC 7541 section 5.1 with a prefix of seven bits, and no Huffman coding.
std::string hpack_string(std::string_view text) {
  std::string out;
  constexpr std::size_t prefix = 127;
  if (text.size() < prefix) {
    out.push_back(static_cast<char>(text.size()));
  } else {
    out.push_back(static_cast<char>(prefix));
    auto rest = text.size() - prefix;
    for (; rest >= 128; rest /= 128)
      out.push_back(static_cast<char>(rest % 128 + 128));
    out.push_back(static_cast<char>(rest));
  }
  return out.append(text);
}

} // namespace

raw_http2::raw_http2(std::uint16_t port, int patience) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error{"cannot connect"};
  timeval limit{.tv_sec = patience, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

raw_http2::~raw_http2() { ::close(socket_); }

bool raw_http2::send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool raw_http2::read_exactly(std::string& into, std::size_t size) {
  into.resize(size);
  std::size_t have = 0;
  while (have < size) {
    auto got = ::recv(socket_, into.data() + have, size - have, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw silent_server{};
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  return true;
}

bool raw_http2::read_frame() {
  constexpr std::size_t frame_head = 9;
  std::string head;
  std::string payload;
  if (!read_exactly(head, frame_head)
      || !read_exactly(payload, read_big_endian(std::string_view{head}.substr(0, 3)))) {
    answer_.closed = true;
    return false;
  }
  auto type = static_cast<std::uint8_t>(head[3]);
  auto flags = static_cast<std::uint8_t>(head[4]);
  auto stream = read_big_endian(std::string_view{head}.substr(5, 4));
  if (type == goaway_type) answer_.goaway = true;
  if (type == settings_type && (flags & acknowledged) == 0) {
    for (std::size_t at = 0; at + setting_size <= payload.size(); at += setting_size) {
      if (read_big_endian(std::string_view{payload}.substr(at, 2)) != initial_window_setting) continue;
      std::int64_t value = read_big_endian(std::string_view{payload}.substr(at + 2, 4));
      stream_window_ += value - initial_window_;
      initial_window_ = value;
    }
    send(frame_of(settings_type, acknowledged, 0, ""));
  }
  if (type == ping_type && (flags & acknowledged) == 0) send(frame_of(ping_type, acknowledged, 0, payload));
  if (type == window_type) (stream == 0 ? connection_window_ : stream_window_) += read_big_endian(payload);
  if (stream != 1) return true;
  if (type == data_type) answer_.data += payload;
  if (type == headers_type) answer_.headers += payload;
  if (type == reset_type) answer_.reset = true;
  return !answer_.reset && ((type != data_type && type != headers_type) || (flags & end_stream) == 0);
}

bool raw_http2::send_data(std::string_view bytes, bool last) {
  constexpr std::size_t frame_limit = 16'384;
  while (!bytes.empty()) {
    while (connection_window_ <= 0 || stream_window_ <= 0)
      if (!read_frame()) return false;
    auto window = static_cast<std::size_t>(std::min(connection_window_, stream_window_));
    auto part = bytes.substr(0, std::min(frame_limit, window));
    connection_window_ -= static_cast<std::int64_t>(part.size());
    stream_window_ -= static_cast<std::int64_t>(part.size());
    bytes.remove_prefix(part.size());
    if (!send(frame_of(data_type, last && bytes.empty() ? end_stream : 0, 1, part))) return false;
  }
  return true;
}

raw_http2::answer raw_http2::read_answer() {
  while (read_frame()) {
  }
  return answer_;
}

int raw_http2::answer::grpc_status() const {
  constexpr std::string_view name = "grpc-status";
  auto found = headers.find(name);
  if (found == headers.npos) return -1;
  auto length = static_cast<std::size_t>(headers.at(found + name.size()));
  return std::stoi(headers.substr(found + name.size() + 1, length));
}

std::string preface() { return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame_of(settings_type, 0, 0, ""); }

std::string frame_of(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string out = big_endian(static_cast<std::uint32_t>(payload.size()), 3);
  out.push_back(static_cast<char>(type));
  out.push_back(static_cast<char>(flags));
  return out.append(big_endian(stream, 4)).append(payload);
}

std::string request_headers(std::string_view path,
                            const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::pair<std::string, std::string>> fields{
    {":method", "POST"},         {":scheme", "http"}, {":path", std::string{path}},
    {":authority", "localhost"}, {"te", "trailers"},  {"content-type", "application/grpc"}};
  fields.insert(fields.end(), more.begin(), more.end());
  std::string block;
  for (const auto& [name, value] : fields) {
    block.push_back(0); // RFC 7541 section 6.2.2: literal without indexing, new name
    block += hpack_string(name) + hpack_string(value);
  }
  return frame_of(headers_type, end_headers, 1, block);
}

std::string last_data(std::string_view payload) { return frame_of(data_type, end_stream, 1, payload); }

std::string prefixed(std::uint8_t compressed, std::uint32_t length, std::string_view message) {
  std::string out(1, static_cast<char>(compressed));
  return out.append(big_endian(length, 4)).append(message);
}

} // namespace troupe::probe
