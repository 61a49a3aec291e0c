#include "actors/rest_edge/event_stream.hpp"

#include <charconv>

namespace troupe {

namespace {

// A line break inside of data would end the field; each line is a data field of its own, joined by the
// client.
void append_data(std::string_view text, std::string& out) {
  for (;;) {
    auto end = text.find_first_of("\r\n");
    out += "data: ";
    out += text.substr(0, end);
    out += '\n';
    if (end == text.npos) return;
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
}

// JSON has line breaks between its tokens only, where a space means the same.
void append_line(std::string_view text, std::string& out) {
  for (char c : text)
    out += c == '\n' || c == '\r' ? ' ' : c;
}

} // namespace

std::string_view media_type_of(stream_format format) noexcept {
  switch (format) {
  case stream_format::event_stream:
    return "text/event-stream";
  case stream_format::lines:
    return "application/x-ndjson";
  case stream_format::array:
    return "application/json";
  }
  return {};
}

void stream_writer::item(std::string_view json, std::string& out) {
  ++items_;
  switch (format_) {
  case stream_format::event_stream: {
    char digits[20];
    auto end = std::to_chars(digits, digits + sizeof digits, items_).ptr;
    out += "id: ";
    out.append(digits, end);
    out += '\n';
    append_data(json, out);
    out += '\n';
    break;
  }
  case stream_format::lines:
    append_line(json, out);
    out += '\n';
    break;
  case stream_format::array:
    out += items_ == 1 ? '[' : ',';
    out += json;
    break;
  }
}

void stream_writer::heartbeat(std::string& out) const {
  switch (format_) {
  case stream_format::event_stream:
    out += ":\n\n";
    break;
  case stream_format::lines:
    out += '\n';
    break;
  case stream_format::array:
    out += ' ';
    break;
  }
}

void stream_writer::end(std::string& out) const {
  if (format_ == stream_format::array) out += items_ == 0 ? "[]" : "]";
}

bool stream_writer::failure(std::string_view json, std::string& out) const {
  switch (format_) {
  case stream_format::event_stream:
    out += "event: error\n";
    append_data(json, out);
    out += '\n';
    return true;
  case stream_format::lines:
    out += "{\"error\":";
    append_line(json, out);
    out += "}\n";
    return true;
  case stream_format::array:
    return false;
  }
  return false;
}

} // namespace troupe
