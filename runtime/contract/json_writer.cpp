#include "runtime/contract/json.hpp"
#include "runtime/contract/json_text.hpp"
#include "runtime/contract/text_values.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/reflection.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace troupe {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Messages that nest deeper than this come from a bug or an attack: protobuf itself parses 100 levels.
constexpr int max_render_depth = 200;

template <class T>
void append_integer(T value, std::string& out) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

// One element of a field, singular or repeated, behind one set of accessors.
struct field_value {
  const Message& message;
  const Reflection& reflection;
  const FieldDescriptor& field;
  int index; // -1: the field is singular

#define TROUPE_GETTER(name, type, get)                                                                       \
  type name() const {                                                                                        \
    return index < 0 ? reflection.Get##get(message, &field)                                                  \
                     : reflection.GetRepeated##get(message, &field, index);                                  \
  }
  TROUPE_GETTER(int32, std::int32_t, Int32)
  TROUPE_GETTER(int64, std::int64_t, Int64)
  TROUPE_GETTER(uint32, std::uint32_t, UInt32)
  TROUPE_GETTER(uint64, std::uint64_t, UInt64)
  TROUPE_GETTER(float_value, float, Float)
  TROUPE_GETTER(double_value, double, Double)
  TROUPE_GETTER(boolean, bool, Bool)
  TROUPE_GETTER(enum_number, int, EnumValue)
  TROUPE_GETTER(sub_message, const Message&, Message)
#undef TROUPE_GETTER

  const std::string& string(std::string& scratch) const {
    return index < 0 ? reflection.GetStringReference(message, &field, &scratch)
                     : reflection.GetRepeatedStringReference(message, &field, index, &scratch);
  }
};

class json_writer {
public:
  json_writer(std::string& out, const json_render_options& options) : out_(out), options_(options) {}

  // Each returns false after it has noted why.
  bool message(const Message& what) {
    if (++depth_ > max_render_depth) return fail("messages nest too deep");
    const bool good = any_message(what);
    --depth_;
    return good;
  }

  bool whole_field(const Message& message, const FieldDescriptor& field) {
    const auto& reflection = *message.GetReflection();
    if (field.is_map()) return map(message, reflection, field);
    if (field.is_repeated()) return list(message, reflection, field);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !reflection.HasField(message, &field)) {
      out_ += "null";
      return true;
    }
    return value({message, reflection, field, -1});
  }

  status outcome(const Message& message) const {
    return internal("{} cannot be written as JSON: {}", message.GetDescriptor()->full_name(), problem_);
  }

private:
  bool fail(std::string why) {
    problem_ = std::move(why);
    return false;
  }

  bool any_message(const Message& what) {
    const auto& type = *what.GetDescriptor();
    switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      break;
    case Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
    case Descriptor::WELLKNOWNTYPE_FLOATVALUE:
    case Descriptor::WELLKNOWNTYPE_INT64VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT64VALUE:
    case Descriptor::WELLKNOWNTYPE_INT32VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT32VALUE:
    case Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case Descriptor::WELLKNOWNTYPE_BYTESVALUE:
    case Descriptor::WELLKNOWNTYPE_BOOLVALUE:
      return value({what, *what.GetReflection(), *type.FindFieldByNumber(1), -1});
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
    case Descriptor::WELLKNOWNTYPE_DURATION:
      return time(what);
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
      return field_mask(what);
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return map(what, *what.GetReflection(), *type.FindFieldByNumber(1));
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return list(what, *what.GetReflection(), *type.FindFieldByNumber(1));
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return dynamic_value(what);
    case Descriptor::WELLKNOWNTYPE_ANY:
      return any(what);
    default:
      break;
    }
    out_ += '{';
    bool first = true;
    if (!members(what, first)) return false;
    out_ += '}';
    return true;
  }

  bool members(const Message& what, bool& first) {
    const auto& type = *what.GetDescriptor();
    const auto& reflection = *what.GetReflection();
    for (int i = 0; i < type.field_count(); ++i) {
      const auto& field = *type.field(i);
      if (field.is_repeated()) {
        if (!options_.print_defaults && reflection.FieldSize(what, &field) == 0) continue;
      } else if (!reflection.HasField(what, &field)) {
        if (!options_.print_defaults || field.has_presence()) continue;
      }
      member_name(field, first);
      if (!whole_field(what, field)) return false;
    }
    return true;
  }

  void member_name(const FieldDescriptor& field, bool& first) {
    if (!first) out_ += ',';
    first = false;
    append_json_string(options_.preserve_field_names ? field.name() : field.json_name(), out_);
    out_ += ':';
  }

  bool list(const Message& message, const Reflection& reflection, const FieldDescriptor& field) {
    out_ += '[';
    const int size = reflection.FieldSize(message, &field);
    for (int i = 0; i < size; ++i) {
      if (i > 0) out_ += ',';
      if (!value({message, reflection, field, i})) return false;
    }
    out_ += ']';
    return true;
  }

  // Entries by key, so that equal maps are equal text (the order inside a map is random).
  bool map(const Message& message, const Reflection& reflection, const FieldDescriptor& field) {
    const auto& key_field = *field.message_type()->map_key();
    const auto& value_field = *field.message_type()->map_value();
    struct entry {
      std::string key;
      const Message* message;
    };
    std::vector<entry> entries;
    const int size = reflection.FieldSize(message, &field);
    entries.reserve(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) {
      const auto& one = reflection.GetRepeatedMessage(message, &field, i);
      entries.push_back({map_key({one, *one.GetReflection(), key_field, -1}), &one});
    }
    const bool numeric = key_field.cpp_type() != FieldDescriptor::CPPTYPE_STRING
                         && key_field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL;
    std::sort(entries.begin(), entries.end(), [&](const entry& a, const entry& b) {
      return numeric ? numeric_key_before(a.key, b.key) : a.key < b.key;
    });
    out_ += '{';
    bool first = true;
    for (const auto& one : entries) {
      if (!first) out_ += ',';
      first = false;
      append_json_string(one.key, out_);
      out_ += ':';
      if (!value({*one.message, *one.message->GetReflection(), value_field, -1})) return false;
    }
    out_ += '}';
    return true;
  }

  static bool numeric_key_before(const std::string& a, const std::string& b) {
    const bool a_negative = a.front() == '-';
    const bool b_negative = b.front() == '-';
    if (a_negative != b_negative) return a_negative;
    if (a.size() != b.size()) return (a.size() < b.size()) != a_negative;
    return a_negative ? b < a : a < b;
  }

  static std::string map_key(const field_value& key) {
    std::string out;
    switch (key.field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      append_integer(key.int32(), out);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      append_integer(key.int64(), out);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      append_integer(key.uint32(), out);
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      append_integer(key.uint64(), out);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      out = key.boolean() ? "true" : "false";
      break;
    default: {
      std::string scratch;
      out = key.string(scratch);
    }
    }
    return out;
  }

  template <class T>
  void quoted_integer(T value) {
    out_ += '"';
    append_integer(value, out_);
    out_ += '"';
  }

  template <class T>
  void floating(T value) {
    const bool quoted = !std::isfinite(value);
    if (quoted) out_ += '"';
    append_number(value, out_);
    if (quoted) out_ += '"';
  }

  bool value(const field_value& what) {
    switch (what.field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      append_integer(what.int32(), out_);
      return true;
    case FieldDescriptor::CPPTYPE_UINT32:
      append_integer(what.uint32(), out_);
      return true;
    case FieldDescriptor::CPPTYPE_INT64:
      quoted_integer(what.int64());
      return true;
    case FieldDescriptor::CPPTYPE_UINT64:
      quoted_integer(what.uint64());
      return true;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      floating(what.double_value());
      return true;
    case FieldDescriptor::CPPTYPE_FLOAT:
      floating(what.float_value());
      return true;
    case FieldDescriptor::CPPTYPE_BOOL:
      out_ += what.boolean() ? "true" : "false";
      return true;
    case FieldDescriptor::CPPTYPE_ENUM:
      enumerator(what);
      return true;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return message(what.sub_message());
    case FieldDescriptor::CPPTYPE_STRING:
      break;
    }
    std::string scratch;
    const auto& text = what.string(scratch);
    if (what.field.type() == FieldDescriptor::TYPE_BYTES) {
      out_ += '"';
      append_base64(text, out_);
      out_ += '"';
    } else {
      append_json_string(text, out_);
    }
    return true;
  }

  void enumerator(const field_value& what) {
    const auto& type = *what.field.enum_type();
    const int number = what.enum_number();
    if (type.full_name() == "google.protobuf.NullValue") {
      out_ += "null";
      return;
    }
    const auto* known = options_.enums_as_numbers ? nullptr : type.FindValueByNumber(number);
    if (known == nullptr)
      append_integer(number, out_);
    else
      append_json_string(known->name(), out_);
  }

  // Timestamp and Duration have the same two fields.
  bool time(const Message& what) {
    const auto& type = *what.GetDescriptor();
    const auto& reflection = *what.GetReflection();
    const seconds_and_nanos value{reflection.GetInt64(what, type.FindFieldByNumber(1)),
                                  reflection.GetInt32(what, type.FindFieldByNumber(2))};
    out_ += '"';
    const bool good = type.well_known_type() == Descriptor::WELLKNOWNTYPE_TIMESTAMP
                        ? append_timestamp(value, out_)
                        : append_duration(value, out_);
    if (!good)
      return fail(
        fmt::format("{} of {} s and {} ns is out of range", type.full_name(), value.seconds, value.nanos));
    out_ += '"';
    return true;
  }

  bool field_mask(const Message& what) {
    const auto& reflection = *what.GetReflection();
    const auto& paths = *what.GetDescriptor()->FindFieldByNumber(1);
    out_ += '"';
    for (int i = 0; i < reflection.FieldSize(what, &paths); ++i) {
      if (i > 0) out_ += ',';
      const auto path = reflection.GetRepeatedString(what, &paths, i);
      if (!append_field_mask_path(path, out_))
        return fail(fmt::format("field mask path \"{}\" has no form in camel case", path));
    }
    out_ += '"';
    return true;
  }

  bool dynamic_value(const Message& what) {
    const auto& reflection = *what.GetReflection();
    const auto* kind = reflection.GetOneofFieldDescriptor(what, what.GetDescriptor()->oneof_decl(0));
    if (kind == nullptr) return fail("a google.protobuf.Value has no kind");
    if (kind->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE
        && !std::isfinite(reflection.GetDouble(what, kind)))
      return fail("a google.protobuf.Value holds a number that is not finite");
    return value({what, reflection, *kind, -1});
  }

  bool any(const Message& what) {
    const auto& reflection = *what.GetReflection();
    const auto& type = *what.GetDescriptor();
    const auto url = reflection.GetString(what, type.FindFieldByNumber(1));
    if (url.empty()) {
      // An Any that was never set; one with a value but without a type means nothing.
      if (!reflection.GetString(what, type.FindFieldByNumber(2)).empty())
        return fail("a google.protobuf.Any has a value but no type");
      out_ += "{}";
      return true;
    }
    const auto* content_type = type.file()->pool()->FindMessageTypeByName(url.substr(url.rfind('/') + 1));
    const auto* prototype =
      content_type == nullptr ? nullptr : reflection.GetMessageFactory()->GetPrototype(content_type);
    if (prototype == nullptr)
      return fail(fmt::format("a google.protobuf.Any holds \"{}\", a type unknown here", url));
    const std::unique_ptr<Message> content{prototype->New()};
    if (!content->ParsePartialFromString(reflection.GetString(what, type.FindFieldByNumber(2))))
      return fail(fmt::format("the value of a google.protobuf.Any is no {}", content_type->full_name()));
    out_ += "{\"@type\":";
    append_json_string(url, out_);
    if (has_own_json_form(*content_type)) {
      out_ += ",\"value\":";
      if (!message(*content)) return false;
    } else {
      bool first = false;
      if (++depth_ > max_render_depth) return fail("messages nest too deep");
      if (!members(*content, first)) return false;
      --depth_;
    }
    out_ += '}';
    return true;
  }

  std::string& out_;
  const json_render_options& options_;
  std::string problem_;
  int depth_ = 0;
};

} // namespace

status append_json(const Message& message, std::string& out, const json_render_options& options) {
  json_writer writer{out, options};
  return writer.message(message) ? status{} : writer.outcome(message);
}

status append_json_field(const Message& message, const FieldDescriptor& field, std::string& out,
                         const json_render_options& options) {
  json_writer writer{out, options};
  return writer.whole_field(message, field) ? status{} : writer.outcome(message);
}

result<std::string> render_json(const Message& message, const json_render_options& options) {
  std::string out;
  if (auto bad = append_json(message, out, options); !bad.ok()) return bad;
  return out;
}

} // namespace troupe
