// How the items of a server stream look in a response, without I/O.
//
//   text/event-stream      id: 1\n event: message ... (WHATWG HTML, 9.2 "Server-sent events")
//   application/x-ndjson   one JSON object a line
//   application/json       one JSON array
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

enum class stream_format : std::uint8_t { event_stream, lines, array };

// The media type of a format.
std::string_view media_type_of(stream_format format) noexcept;

class stream_writer {
public:
  explicit stream_writer(stream_format format) noexcept : format_(format) {}

  // Each appends to `out` what is to be sent. `json` is one JSON value; it may contain line breaks.
  void item(std::string_view json, std::string& out);
  // What keeps idle connections open and says nothing: a comment, an empty line, a space.
  void heartbeat(std::string& out) const;
  // The regular end.
  void end(std::string& out) const;
  // The end by an error, `json` being a google.rpc.Status. An event "error" and a line {"error": ...} tell
  // the client; an array cannot, so its response must be cut: then false.
  bool failure(std::string_view json, std::string& out) const;

  std::uint64_t items() const noexcept { return items_; }

private:
  stream_format format_;
  std::uint64_t items_ = 0;
};

} // namespace troupe
