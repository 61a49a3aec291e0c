// Our JSON against protobuf's own, on messages and texts made from a seed.
#include "runtime/contract/json.hpp"
#include "tests/runtime/contract/rich.pb.h"

#include <catch2/catch.hpp>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <cstdint>
#include <cstring>

using namespace troupe;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
using troupe::test::Rich;

namespace {

// splitmix64: the same messages on every machine.
class generator {
public:
  explicit generator(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    auto z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  std::uint64_t below(std::uint64_t limit) { return bits() % limit; }

  void fill(Message& message, int depth) {
    const auto& type = *message.GetDescriptor();
    if (type.full_name() == "google.protobuf.Timestamp") return time(message, 62'135'596'800u, false);
    if (type.full_name() == "google.protobuf.Duration") return time(message, 0, true);
    if (type.full_name() == "google.protobuf.FieldMask") {
      for (auto i = below(3); i > 0; --i)
        add_string(message, *type.field(0), below(2) ? "user_name" : "a.b_c");
      return;
    }
    if (type.full_name() == "google.protobuf.Any") {
      troupe::test::Inner inner;
      if (depth > 0) fill(inner, depth - 1);
      static_cast<google::protobuf::Any&>(message).PackFrom(inner);
      return;
    }
    if (type.full_name() == "google.protobuf.Value") {
      auto& value = static_cast<google::protobuf::Value&>(message);
      switch (below(depth > 0 ? 6 : 4)) {
      case 0:
        value.set_null_value(google::protobuf::NULL_VALUE);
        return;
      case 1:
        value.set_number_value(static_cast<double>(static_cast<std::int64_t>(bits())) / 1024);
        return;
      case 2:
        value.set_string_value(text());
        return;
      case 3:
        value.set_bool_value(below(2));
        return;
      case 4:
        fill(*value.mutable_struct_value(), depth - 1);
        return;
      default:
        fill(*value.mutable_list_value(), depth - 1);
        return;
      }
    }
    for (int i = 0; i < type.field_count(); ++i) {
      const auto& field = *type.field(i);
      if (below(3) != 0) continue;
      if (field.message_type() != nullptr && depth == 0) continue;
      if (field.is_repeated())
        for (auto n = field.is_map() ? 1 : below(4); n > 0; --n)
          set(message, field, depth);
      else
        set(message, field, depth);
    }
  }

private:
  static void add_string(Message& message, const FieldDescriptor& field, std::string value) {
    message.GetReflection()->AddString(&message, &field, std::move(value));
  }

  void time(Message& message, std::int64_t before, bool sign) {
    auto seconds = static_cast<std::int64_t>(below(250'000'000'000u)) - before;
    auto nanos = static_cast<std::int32_t>(below(1'000'000'000));
    switch (below(4)) {
    case 0:
      nanos = 0;
      break;
    case 1:
      nanos -= nanos % 1'000'000;
      break;
    case 2:
      nanos -= nanos % 1'000;
      break;
    default:
      break;
    }
    if (sign && below(2)) seconds = -seconds, nanos = -nanos;
    const auto& reflection = *message.GetReflection();
    reflection.SetInt64(&message, message.GetDescriptor()->field(0), seconds);
    reflection.SetInt32(&message, message.GetDescriptor()->field(1), nanos);
  }

  std::string text() {
    static constexpr const char* pieces[] = {"a",
                                             "Z",
                                             "\"",
                                             "\\",
                                             "/",
                                             "\n",
                                             "\t",
                                             "\x01",
                                             "gr\xC3\xBC\xC3\x9F",
                                             "\xE2\x82\xAC",
                                             "\xF0\x9F\x98\x80",
                                             "<",
                                             "&",
                                             " ",
                                             "0",
                                             "\x7F",
                                             "\b",
                                             "\xE2\x80\xA8"};
    std::string out;
    for (auto i = below(12); i > 0; --i)
      out += pieces[below(std::size(pieces))];
    return out;
  }

  std::string bytes() {
    std::string out;
    for (auto i = below(12); i > 0; --i)
      out += static_cast<char>(bits());
    return out;
  }

  // Small numbers, borders and anything.
  template <class T>
  T integer() {
    switch (below(4)) {
    case 0:
      return static_cast<T>(below(10));
    case 1:
      return std::numeric_limits<T>::max();
    case 2:
      return std::numeric_limits<T>::min();
    default:
      return static_cast<T>(bits());
    }
  }

  template <class T, class Bits>
  T floating() {
    switch (below(8)) {
    case 0:
      return 0;
    case 1:
      return static_cast<T>(-0.0);
    case 2:
      return static_cast<T>(below(1'000'000));
    case 3:
      return std::numeric_limits<T>::infinity();
    case 4:
      return std::numeric_limits<T>::max();
    default: {
      T out;
      const auto random = static_cast<Bits>(bits());
      std::memcpy(&out, &random, sizeof out);
      return out == out ? out : T{1.5}; // NaN never equals itself, so the comparison would fail
    }
    }
  }

  void set(Message& message, const FieldDescriptor& field, int depth) {
    const auto& reflection = *message.GetReflection();
    const auto put = [&](auto setter, auto adder, auto value) {
      if (field.is_repeated())
        (reflection.*adder)(&message, &field, value);
      else
        (reflection.*setter)(&message, &field, value);
    };
    using R = google::protobuf::Reflection;
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return put(&R::SetInt32, &R::AddInt32, integer<std::int32_t>());
    case FieldDescriptor::CPPTYPE_INT64:
      return put(&R::SetInt64, &R::AddInt64, integer<std::int64_t>());
    case FieldDescriptor::CPPTYPE_UINT32:
      return put(&R::SetUInt32, &R::AddUInt32, integer<std::uint32_t>());
    case FieldDescriptor::CPPTYPE_UINT64:
      return put(&R::SetUInt64, &R::AddUInt64, integer<std::uint64_t>());
    case FieldDescriptor::CPPTYPE_FLOAT:
      return put(&R::SetFloat, &R::AddFloat, floating<float, std::uint32_t>());
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return put(&R::SetDouble, &R::AddDouble, floating<double, std::uint64_t>());
    case FieldDescriptor::CPPTYPE_BOOL:
      return put(&R::SetBool, &R::AddBool, below(2) == 1);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const bool null = field.enum_type()->full_name() == "google.protobuf.NullValue";
      return put(&R::SetEnumValue, &R::AddEnumValue, null ? 0 : static_cast<int>(below(5)) - 1);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      const auto value = field.type() == FieldDescriptor::TYPE_BYTES ? bytes() : text();
      if (field.is_repeated())
        reflection.AddString(&message, &field, value);
      else
        reflection.SetString(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      auto& inside = field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                         : *reflection.MutableMessage(&message, &field);
      if (field.is_map()) {
        // Both halves are set, so that the entry's value is a whole one.
        set(inside, *field.message_type()->map_key(), depth - 1);
        set(inside, *field.message_type()->map_value(), depth - 1);
      } else {
        fill(inside, depth - 1);
      }
    }
    }
  }

  std::uint64_t state_;
};

constexpr std::uint64_t rounds = 1500;

Rich sample(std::uint64_t seed) {
  Rich out;
  generator{seed}.fill(out, 3);
  return out;
}

} // namespace

TEST_CASE("property: what we write, protobuf reads as the same message") {
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    const auto message = sample(seed);
    json_render_options options;
    options.preserve_field_names = seed % 2 == 1;
    options.enums_as_numbers = seed % 3 == 1;
    options.print_defaults = seed % 5 == 1;
    const auto text = render_json(message, options);
    INFO("seed " << seed);
    REQUIRE(text);
    Rich back;
    const auto outcome = google::protobuf::util::JsonStringToMessage(*text, &back);
    INFO(*text);
    INFO(outcome.ToString());
    REQUIRE(outcome.ok());
    REQUIRE(MessageDifferencer::Equals(message, back));
  }
}

TEST_CASE("property: what protobuf writes, we read as the same message") {
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    const auto message = sample(seed);
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = seed % 2 == 1;
    options.preserve_proto_field_names = seed % 3 == 1;
    options.always_print_enums_as_ints = seed % 5 == 1;
    std::string text;
    INFO("seed " << seed);
    REQUIRE(google::protobuf::util::MessageToJsonString(message, &text, options).ok());
    Rich back;
    const auto outcome = parse_json(text, back);
    INFO(text);
    INFO(outcome.to_string());
    REQUIRE(outcome.ok());
    REQUIRE(MessageDifferencer::Equals(message, back));
  }
}

TEST_CASE("property: what we write, we read as the same message, and write the same again") {
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    const auto message = sample(seed);
    const auto text = render_json(message);
    INFO("seed " << seed);
    REQUIRE(text);
    Rich back;
    REQUIRE(parse_json(*text, back).ok());
    REQUIRE(MessageDifferencer::Equals(message, back));
    REQUIRE(render_json(back).value() == *text);
  }
}

TEST_CASE("property: cutting or changing JSON anywhere gives an error or a message, never more") {
  generator random{7};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const auto text = render_json(sample(seed)).value();
    Rich back;
    for (int i = 0; i < 20; ++i) {
      const auto cut = random.below(text.size());
      if (cut > 0) CHECK_FALSE(parse_json(std::string_view{text}.substr(0, cut), back).ok());
      auto changed = text;
      changed[cut] = static_cast<char>(random.bits());
      const auto outcome = parse_json(changed, back);
      if (outcome.ok()) {
        // Whatever was read has a JSON form again, unless it holds an Any of bytes.
        INFO(changed);
        CHECK(render_json(back).has_value());
      }
    }
  }
}
