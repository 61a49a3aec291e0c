// An HTTP/2 client that sends whatever bytes it is told, and reads no more of the answer than a test needs to
// know.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::probe {

struct silent_server : std::runtime_error {
  silent_server() : std::runtime_error("the server is silent") {}
};

class raw_http2 {
public:
  // Connects to 127.0.0.1; sends nothing yet. A server that has nothing to say for `patience` seconds makes
  // the reading functions throw silent_server.
  explicit raw_http2(std::uint16_t port, int patience = 10);
  ~raw_http2();
  raw_http2(const raw_http2&) = delete;
  raw_http2& operator=(const raw_http2&) = delete;

  // False when the server has closed the connection.
  bool send(std::string_view bytes);

  // Sends DATA on stream 1 as far and as fast as the server's windows allow (RFC 9113 section 5.2). False
  // when the server ended the stream or the connection before all was sent.
  bool send_data(std::string_view bytes, bool last);

  // The answer to stream 1, read until it or the connection ends.
  struct answer {
    std::string headers; // all header blocks, coded
    std::string data;    // of all DATA frames
    bool reset = false;  // RST_STREAM
    bool goaway = false; // the connection is being closed
    bool closed = false; // it is closed
    // Of the trailers; -1 when there is none. gRPC's server writes header fields without Huffman coding.
    int grpc_status() const;
  };
  answer read_answer();

private:
  bool read_exactly(std::string& into, std::size_t size);
  // Reads one frame and does what it asks for; false once nothing more will come for stream 1.
  bool read_frame();

  int socket_;
  std::int64_t connection_window_ = 65'535;
  std::int64_t stream_window_ = 65'535;
  std::int64_t initial_window_ = 65'535;
  answer answer_;
};

// RFC 9113 section 3.4, and an empty SETTINGS frame.
std::string preface();
// RFC 9113 section 4.1.
std::string frame_of(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload);
// HEADERS of a gRPC request on stream 1.
std::string request_headers(std::string_view path,
                            const std::vector<std::pair<std::string, std::string>>& more = {});
// DATA on stream 1, the last of it.
std::string last_data(std::string_view payload);
// PROTOCOL-HTTP2.md, "Length-Prefixed-Message", with a length of one's choice.
std::string prefixed(std::uint8_t compressed, std::uint32_t length, std::string_view message);

} // namespace troupe::probe
