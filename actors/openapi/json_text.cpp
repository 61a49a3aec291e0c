#include "actors/openapi/json_text.hpp"

#include "runtime/contract/text_values.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace troupe::openapi {

namespace {

namespace json = boost::json;

// JSON must be UTF-8 (RFC 8259, section 8.1), but protoc lets a comment be anything.
std::string quoted(std::string_view text) {
  std::string valid;
  for (auto bad = find_invalid_utf8(text); bad != std::string_view::npos; bad = find_invalid_utf8(text)) {
    valid.append(text.substr(0, bad)).append("\xEF\xBF\xBD");
    text.remove_prefix(bad + 1);
  }
  valid.append(text);
  return json::serialize(json::value(valid));
}

class text_writer {
public:
  explicit text_writer(bool pretty) : pretty_(pretty) {}

  void write(const json::value& value) {
    if (const auto* object = value.if_object()) {
      write_all('{', '}', *object, [this](const json::key_value_pair& member) {
        out.append(quoted(member.key())).append(pretty_ ? ": " : ":");
        write(member.value());
      });
    } else if (const auto* array = value.if_array()) {
      write_all('[', ']', *array, [this](const json::value& element) { write(element); });
    } else if (const auto* text = value.if_string()) {
      out.append(quoted(*text));
    } else if (const auto* number = value.if_double()) {
      // Boost writes 1.5 as 1.5E0.
      out.append(fmt::format("{}", *number));
    } else {
      out.append(json::serialize(value));
    }
  }

  std::string out;

private:
  template <class Items, class Write>
  void write_all(char open, char close, const Items& items, Write write_one) {
    out.push_back(open);
    ++depth_;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out.push_back(',');
      first = false;
      new_line();
      write_one(item);
    }
    --depth_;
    if (!items.empty()) new_line();
    out.push_back(close);
  }

  void new_line() {
    if (pretty_) out.append("\n").append(2 * depth_, ' ');
  }

  bool pretty_;
  std::size_t depth_ = 0;
};

} // namespace

std::string json_text(const boost::json::value& value, bool pretty) {
  text_writer writer{pretty};
  writer.write(value);
  if (pretty) writer.out.push_back('\n');
  return std::move(writer.out);
}

} // namespace troupe::openapi
