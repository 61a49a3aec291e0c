#include "apps/protoc_gen_troupe/comments.hpp"

#include <google/protobuf/descriptor.h>

#include <set>

namespace troupe::codegen {

namespace pb = google::protobuf;

namespace {

std::string_view without_trailing_space(std::string_view line) {
  const auto end = line.find_last_not_of(" \t\r\n\v\f");
  return end == std::string_view::npos ? std::string_view{} : line.substr(0, end + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string clean(std::string_view raw) {
  // What remains of the opening of a documentation block comment: "/**".
  if (raw.starts_with('*')) raw.remove_prefix(1);
  std::vector<std::string> lines;
  for (auto line : lines_of(raw)) {
    if (line.starts_with(' ')) line.remove_prefix(1);
    lines.emplace_back(without_trailing_space(line));
  }
  while (!lines.empty() && lines.back().empty())
    lines.pop_back();
  std::size_t first = 0;
  while (first < lines.size() && lines[first].empty())
    ++first;
  std::string out;
  for (auto i = first; i < lines.size(); ++i) {
    if (i > first) out += '\n';
    out += lines[i];
  }
  return out;
}

class comment_collector {
public:
  std::vector<named_comment> take() && { return std::move(found_); }

  void file(const pb::FileDescriptor& file) {
    for (int i = 0; i < file.service_count(); ++i)
      add_service(*file.service(i));
    for (int i = 0; i < file.message_type_count(); ++i)
      add_message(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i)
      add_enum(*file.enum_type(i));
    for (int i = 0; i < file.service_count(); ++i)
      for (int m = 0; m < file.service(i)->method_count(); ++m) {
        follow(*file.service(i)->method(m)->input_type());
        follow(*file.service(i)->method(m)->output_type());
      }
  }

private:
  template <class Descriptor>
  void add(const Descriptor& element) {
    if (auto text = comment_of(element); !text.empty())
      found_.push_back({element.full_name(), std::move(text)});
  }

  void add_service(const pb::ServiceDescriptor& service) {
    add(service);
    for (int i = 0; i < service.method_count(); ++i)
      add(*service.method(i));
  }

  void add_message(const pb::Descriptor& message) {
    if (!added_.insert(message.full_name()).second) return;
    add(message);
    for (int i = 0; i < message.field_count(); ++i)
      add(*message.field(i));
    for (int i = 0; i < message.enum_type_count(); ++i)
      add_enum(*message.enum_type(i));
    for (int i = 0; i < message.nested_type_count(); ++i)
      add_message(*message.nested_type(i));
  }

  void add_enum(const pb::EnumDescriptor& enumeration) {
    if (!added_.insert(enumeration.full_name()).second) return;
    add(enumeration);
    for (int i = 0; i < enumeration.value_count(); ++i)
      add(*enumeration.value(i));
  }

  // What a request or reply is made of, in whatever file.
  void follow(const pb::Descriptor& message) {
    if (message.file()->name().starts_with("google/protobuf/") || !followed_.insert(&message).second) return;
    add_message(message);
    for (int i = 0; i < message.field_count(); ++i) {
      const auto& field = *message.field(i);
      if (field.message_type()) follow(*field.message_type());
      if (field.enum_type() && !field.enum_type()->file()->name().starts_with("google/protobuf/"))
        add_enum(*field.enum_type());
    }
  }

  std::set<std::string> added_;
  std::set<const pb::Descriptor*> followed_;
  std::vector<named_comment> found_;
};

// The lines of one line of text, none wider than `width` unless a single word is.
void wrap(std::string_view line, std::size_t width, std::vector<std::string>& out) {
  const auto indent = line.substr(0, std::min(line.find_first_not_of(' '), line.size()));
  while (line.size() > width) {
    auto cut = line.rfind(' ', width);
    if (cut == std::string_view::npos || cut <= indent.size()) cut = line.find(' ', indent.size());
    if (cut == std::string_view::npos) break;
    out.emplace_back(without_trailing_space(line.substr(0, cut)));
    line.remove_prefix(std::min(line.find_first_not_of(' ', cut), line.size()));
  }
  out.emplace_back(line);
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (length == 0 || lead > 0xF4 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    i += length;
  }
  return true;
}

void escape(char c, bool keep_high, std::string& out) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (c == '\t') {
    out += "\\t";
  } else if ((byte >= 0x20 && byte < 0x7F) || (byte >= 0x80 && keep_high)) {
    out += c;
  } else {
    // Three octal digits always end an escape; hexadecimal ones would swallow what follows.
    out += '\\';
    for (int shift = 6; shift >= 0; shift -= 3)
      out += static_cast<char>('0' + ((byte >> shift) & 7));
  }
}

} // namespace

std::string comment_text(const pb::SourceLocation& location) {
  auto text = clean(location.leading_comments);
  return text.empty() ? clean(location.trailing_comments) : text;
}

template <class Descriptor>
std::string comment_of(const Descriptor& element) {
  pb::SourceLocation location;
  return element.GetSourceLocation(&location) ? comment_text(location) : std::string{};
}

template std::string comment_of(const pb::ServiceDescriptor&);
template std::string comment_of(const pb::MethodDescriptor&);
template std::string comment_of(const pb::Descriptor&);
template std::string comment_of(const pb::FieldDescriptor&);
template std::string comment_of(const pb::EnumDescriptor&);
template std::string comment_of(const pb::EnumValueDescriptor&);

std::string as_cpp_comment(std::string_view text, std::size_t indent, std::size_t columns) {
  if (text.empty()) return {};
  const std::string margin(indent, ' ');
  std::vector<std::string> lines;
  for (const auto line : lines_of(text))
    wrap(line, columns - indent - 3, lines);
  std::string out;
  for (const auto& line : lines) {
    out += margin + "//";
    if (!line.empty()) out += " " + line;
    if (line.ends_with('\\')) out += '.';
    out += '\n';
  }
  return out;
}

std::string as_cpp_literal(std::string_view text, std::string_view separator) {
  const bool keep_high = is_utf8(text);
  std::string out;
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += separator;
    out += '"';
    for (const char c : lines[i])
      escape(c, keep_high, out);
    if (i + 1 < lines.size()) out += "\\n";
    out += '"';
  }
  return out;
}

std::vector<named_comment> comments_of(const pb::FileDescriptor& file) {
  comment_collector collector;
  collector.file(file);
  return std::move(collector).take();
}

} // namespace troupe::codegen
