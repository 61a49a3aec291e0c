#include "actors/openapi/example.hpp"

#include "actors/openapi/schema.hpp"
#include "troupe/options.pb.h"

#include <boost/json.hpp>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>
#include <optional>

namespace troupe::openapi {

namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::size_t deepest_example = 5;

// The messages around the one that is being made, outermost first.
using ancestors = std::vector<const Descriptor*>;

struct named_text {
  std::string_view ending; // of a field's name, after "_" or at its start
  std::string_view text;
};

constexpr auto known_texts = std::to_array<named_text>({
  {"email", "ada@example.com"},
  {"name", "An example"},
  {"full_name", "Ada Lovelace"},
  {"customer", "Ada Lovelace"},
  {"author", "Ada Lovelace"},
  {"title", "A title"},
  {"description", "A description"},
  {"text", "Some text"},
  {"note", "A note"},
  {"message", "A message"},
  {"reason", "A reason"},
  {"comment", "A comment"},
  {"url", "https://example.com/"},
  {"uri", "https://example.com/"},
  {"link", "https://example.com/"},
  {"phone", "+44 20 7946 0000"},
  {"street", "12 St James's Square"},
  {"address", "12 St James's Square, London"},
  {"city", "London"},
  {"country", "GB"},
  {"currency", "EUR"},
  {"currency_code", "EUR"},
  {"language", "en"},
  {"language_code", "en"},
  {"locale", "en-GB"},
  {"time_zone", "Europe/London"},
  {"date", "2026-01-15"},
  {"sku", "SKU-1"},
  {"etag", "v1"},
  {"version", "v1"},
  {"token", "token-1"},
  {"page_token", "token-1"},
  {"key", "key-1"},
  {"color", "green"},
  {"path", "folder/file.txt"},
  {"file", "file.txt"},
  {"query", "search words"},
  {"filter", "state = OPEN"},
  {"order_by", "name"},
});

bool ends_with_word(std::string_view name, std::string_view ending) {
  return name.ends_with(ending)
         && (name.size() == ending.size() || name[name.size() - ending.size() - 1] == '_');
}

std::int64_t number_example_of(std::string_view name) {
  if (ends_with_word(name, "page_size") || ends_with_word(name, "limit")) return 20;
  if (ends_with_word(name, "price") || ends_with_word(name, "amount") || ends_with_word(name, "cents")
      || ends_with_word(name, "total"))
    return 1999;
  if (ends_with_word(name, "quantity") || ends_with_word(name, "count")) return 2;
  if (ends_with_word(name, "year")) return 2026;
  if (ends_with_word(name, "port")) return 8080;
  if (ends_with_word(name, "percent")) return 50;
  return 1;
}

// An example that the contract gives is used when it has the field's JSON type; a wrong one must not make the
// document invalid.
std::optional<json::value> stated_example(const FieldDescriptor& field) {
  const auto& text = field.options().GetExtension(troupe::field).example();
  if (text.empty()) return {};
  boost::system::error_code error;
  auto value = json::parse(text, error);
  if (error) {
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return {};
    return json::value(text);
  }
  const auto& element =
    value.is_array() && field.is_repeated() && !value.get_array().empty() ? value.get_array().front() : value;
  bool fits = false;
  switch (field.cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT32:
    fits = element.is_int64();
    break;
  case FieldDescriptor::CPPTYPE_UINT32:
    fits = element.is_int64() && element.get_int64() >= 0;
    break;
  case FieldDescriptor::CPPTYPE_DOUBLE:
  case FieldDescriptor::CPPTYPE_FLOAT:
    fits = element.is_number();
    break;
  case FieldDescriptor::CPPTYPE_BOOL:
    fits = element.is_bool();
    break;
  case FieldDescriptor::CPPTYPE_INT64:
  case FieldDescriptor::CPPTYPE_UINT64:
    if (element.is_int64() && !value.is_array()) return json::value(json::serialize(value));
    fits = element.is_string();
    break;
  case FieldDescriptor::CPPTYPE_STRING:
    fits = element.is_string();
    break;
  case FieldDescriptor::CPPTYPE_ENUM:
    fits =
      element.is_string() && field.enum_type()->FindValueByName(std::string{element.get_string()}) != nullptr;
    break;
  case FieldDescriptor::CPPTYPE_MESSAGE:
    fits = well_known_schema(*field.message_type()) != nullptr ? !element.is_null() : element.is_object();
    break;
  }
  if (!fits) return {};
  return value;
}

json::value well_known_example(const Descriptor& message, std::string_view field_name) {
  const auto& name = message.name();
  if (name == "Timestamp") return "2026-01-15T09:30:00Z";
  if (name == "Duration") return "1.500s";
  if (name == "FieldMask") return "name";
  if (name == "Struct") return {{"key", "value"}};
  if (name == "Value") return "value";
  if (name == "ListValue") return json::array{"value"};
  if (name == "Any") return {{"@type", "type.googleapis.com/google.protobuf.Duration"}, {"value", "1.500s"}};
  if (name == "DoubleValue" || name == "FloatValue") return 1.5;
  if (name == "Int64Value" || name == "UInt64Value")
    return json::value(std::to_string(number_example_of(field_name)));
  if (name == "Int32Value" || name == "UInt32Value") return number_example_of(field_name);
  if (name == "BoolValue") return true;
  if (name == "StringValue") return json::value(text_example_of(field_name));
  if (name == "BytesValue") return "dHJvdXBl";
  return json::object{};
}

json::value message_example(const Descriptor& message, const std::set<std::string>& left_out,
                            ancestors& around);

json::value element_example(const FieldDescriptor& field, ancestors& around) {
  switch (field.cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT32:
  case FieldDescriptor::CPPTYPE_UINT32:
    return number_example_of(field.name());
  case FieldDescriptor::CPPTYPE_INT64:
  case FieldDescriptor::CPPTYPE_UINT64:
    return json::value(std::to_string(number_example_of(field.name())));
  case FieldDescriptor::CPPTYPE_DOUBLE:
  case FieldDescriptor::CPPTYPE_FLOAT:
    return 1.5;
  case FieldDescriptor::CPPTYPE_BOOL:
    return true;
  case FieldDescriptor::CPPTYPE_STRING:
    // base64 of "troupe".
    if (field.type() == FieldDescriptor::TYPE_BYTES) return "dHJvdXBl";
    return json::value(text_example_of(field.name()));
  case FieldDescriptor::CPPTYPE_ENUM: {
    if (field.enum_type()->full_name() == "google.protobuf.NullValue") return nullptr;
    // The first value is by convention the one that says nothing.
    const auto& type = *field.enum_type();
    return json::value(type.value(type.value_count() > 1 ? 1 : 0)->name());
  }
  case FieldDescriptor::CPPTYPE_MESSAGE:
    break;
  }
  if (well_known_schema(*field.message_type()) != nullptr)
    return well_known_example(*field.message_type(), field.name());
  return message_example(*field.message_type(), {}, around);
}

json::value field_example(const FieldDescriptor& field, ancestors& around) {
  auto stated = stated_example(field);
  if (field.is_map()) {
    if (stated && stated->is_object()) return *stated;
    const auto& entry = *field.message_type();
    const auto key = element_example(*entry.map_key(), around);
    const auto text = key.is_string() ? std::string{key.get_string()} : json::serialize(key);
    return json::object{{text, element_example(*entry.map_value(), around)}};
  }
  if (!field.is_repeated()) return stated ? *stated : element_example(field, around);
  if (stated && stated->is_array()) return *stated;
  json::array out;
  out.push_back(stated ? *stated : element_example(field, around));
  return out;
}

bool leads_back(const FieldDescriptor& field, const ancestors& around) {
  const auto* type =
    field.is_map() ? field.message_type()->map_value()->message_type() : field.message_type();
  return type != nullptr && std::find(around.begin(), around.end(), type) != around.end();
}

json::value message_example(const Descriptor& message, const std::set<std::string>& left_out,
                            ancestors& around) {
  json::object out;
  around.push_back(&message);
  std::set<const google::protobuf::OneofDescriptor*> chosen;
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    const bool nested = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    const bool skipped = left_out.contains(field.name()) || leads_back(field, around)
                         || (nested && around.size() >= deepest_example);
    // A required field (proto2) is written in any case, or the example would not be valid.
    if (skipped || (field.options().deprecated() && !field.is_required())) continue;
    if (const auto* group = field.real_containing_oneof(); group != nullptr && !chosen.insert(group).second)
      continue;
    out[field.json_name()] = field_example(field, around);
  }
  around.pop_back();
  return out;
}

} // namespace

std::string text_example_of(std::string_view field_name) {
  if (field_name == "id") return "id-1";
  if (ends_with_word(field_name, "id")) {
    std::string noun{field_name.substr(0, field_name.size() - 3)};
    std::replace(noun.begin(), noun.end(), '_', '-');
    return noun + "-1";
  }
  const named_text* best = nullptr;
  for (const auto& known : known_texts)
    if (ends_with_word(field_name, known.ending)
        && (best == nullptr || best->ending.size() < known.ending.size()))
      best = &known;
  return std::string{best != nullptr ? best->text : std::string_view{"text"}};
}

json::value example_of(const Descriptor& message, const std::set<std::string>& left_out) {
  ancestors around;
  if (well_known_schema(message) != nullptr) return well_known_example(message, "value");
  return message_example(message, left_out, around);
}

json::value example_of(const FieldDescriptor& field) {
  ancestors around;
  return field_example(field, around);
}

json::value element_example_of(const FieldDescriptor& field) {
  ancestors around;
  auto stated = stated_example(field);
  if (!stated) return element_example(field, around);
  if (stated->is_array() && field.is_repeated())
    return stated->get_array().empty() ? element_example(field, around) : stated->get_array().front();
  return *stated;
}

} // namespace troupe::openapi
