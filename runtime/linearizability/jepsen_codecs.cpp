#include "runtime/linearizability/jepsen_history.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <optional>

namespace troupe {

namespace json = boost::json;

namespace {

constexpr std::string_view compare_failed = "compare-failed";
constexpr std::string_view queue_empty = "empty";

// -- texts: an integer is written as a number

json::value to_json(const std::string& text) {
  std::int64_t number = 0;
  const auto end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data(), end, number);
  // "007" and "-0" are not how the number would come back.
  if (failed == std::errc{} && stopped == end && std::to_string(number) == text) return number;
  return json::string{text};
}
json::value to_json(const cell_value& value) { return value ? to_json(*value) : json::value{}; }

std::optional<std::string> to_text(const json::value& from) {
  if (const auto* const text = from.if_string()) return std::string{*text};
  if (const auto* const number = from.if_int64()) return std::to_string(*number);
  return std::nullopt;
}

status not_a(std::string_view what, std::string_view value) {
  return invalid_argument("the value {} is not {}", value, what);
}

// -- values in events

// Events that were not read but made by hand may hold anything.
json::value parsed(const std::string& text) {
  boost::system::error_code failed;
  auto out = json::parse(text, failed);
  return failed ? json::value{} : out;
}

result<std::string> text_in(const std::string& value) {
  auto text = to_text(parsed(value));
  if (!text) return not_a("a text or an integer", value);
  return *text;
}

result<cell_value> cell_in(const json::value& from, const std::string& value) {
  if (from.is_null()) return cell_value{};
  auto text = to_text(from);
  if (!text) return not_a("a text, an integer or null", value);
  return cell_value{std::move(*text)};
}

// [a, b]
result<json::array> pair_in(const json::value& from, const std::string& value) {
  const auto* const both = from.if_array();
  if (both == nullptr || both->size() != 2) return not_a("an array of two", value);
  return *both;
}

template <class... Values>
std::string array_of(Values&&... values) {
  return json::serialize(json::array{json::value(std::forward<Values>(values))...});
}

status unknown_function(const std::string& f, std::string_view known) {
  return invalid_argument("there is no function \"{}\"; there are {}", f, known);
}

// An answer that repeats what was asked must repeat it truly.
status repeats(const std::string& asked, const std::string& answered) {
  if (parsed(asked) == parsed(answered)) return {};
  return invalid_argument("the call has the value {}, its end {}", asked, answered);
}

} // namespace

// -- register

using register_codec = jepsen_codec<register_model>;

jepsen_call register_codec::encode_call(const register_input& from) {
  switch (from.what) {
  case register_input::kind::read:
    break;
  case register_input::kind::write:
    return {"write", json::serialize(to_json(from.value))};
  case register_input::kind::compare_and_set:
    return {"cas", array_of(to_json(from.expected), to_json(from.value))};
  }
  return {"read"};
}

jepsen_end register_codec::encode_end(const register_input& asked, const register_output& from) {
  if (asked.what == register_input::kind::read) return {true, json::serialize(to_json(from.value))};
  auto value = encode_call(asked).value;
  if (!from.done) return {false, std::move(value), std::string{compare_failed}};
  return {true, std::move(value)};
}

result<register_input> register_codec::decode_call(const jepsen_call& from) {
  const auto value = parsed(from.value);
  if (from.f == "read") return register_input::read();
  if (from.f == "write") {
    auto cell = cell_in(value, from.value);
    if (!cell) return cell.error();
    return register_input::write(std::move(*cell));
  }
  if (from.f != "cas") return unknown_function(from.f, "read, write and cas");
  const auto both = pair_in(value, from.value);
  if (!both) return both.error();
  auto expected = cell_in(both->at(0), from.value);
  if (!expected) return expected.error();
  auto next = cell_in(both->at(1), from.value);
  if (!next) return next.error();
  return register_input::compare_and_set(std::move(*expected), std::move(*next));
}

result<std::optional<register_output>> register_codec::decode_end(const register_input& asked,
                                                                  const jepsen_end& from) {
  using answer = std::optional<register_output>;
  if (!from.ok) {
    if (asked.what == register_input::kind::compare_and_set && from.error == compare_failed)
      return answer{register_output::compared(false)};
    return answer{};
  }
  if (asked.what == register_input::kind::read) {
    auto value = cell_in(parsed(from.value), from.value);
    if (!value) return value.error();
    return answer{register_output::read(std::move(*value))};
  }
  if (auto same = repeats(encode_call(asked).value, from.value); !same.ok()) return same;
  return answer{register_output{}};
}

// -- key-value

using key_value_codec = jepsen_codec<key_value_model>;

jepsen_call key_value_codec::encode_call(const key_value_input& from) {
  const auto key = to_json(from.key);
  switch (from.what) {
  case key_value_input::kind::get:
    break;
  case key_value_input::kind::put:
    return {"put", array_of(key, to_json(from.value))};
  case key_value_input::kind::remove:
    return {"delete", array_of(key, nullptr)};
  case key_value_input::kind::append:
    return {"append", array_of(key, to_json(from.value))};
  case key_value_input::kind::compare_and_set:
    return {"cas", array_of(key, json::array{to_json(from.expected), to_json(from.value)})};
  }
  return {"get", array_of(key, nullptr)};
}

jepsen_end key_value_codec::encode_end(const key_value_input& asked, const key_value_output& from) {
  if (asked.what == key_value_input::kind::get)
    return {true, array_of(to_json(asked.key), to_json(from.value))};
  auto value = encode_call(asked).value;
  if (!from.done) return {false, std::move(value), std::string{compare_failed}};
  return {true, std::move(value)};
}

result<key_value_input> key_value_codec::decode_call(const jepsen_call& from) {
  const auto both = pair_in(parsed(from.value), from.value);
  if (!both) return both.error();
  auto key = to_text(both->at(0));
  if (!key) return not_a("an array that begins with a key", from.value);
  if (from.f == "get") return key_value_input::get(std::move(*key));
  if (from.f == "delete") return key_value_input::remove(std::move(*key));
  if (from.f == "put" || from.f == "append") {
    auto value = to_text(both->at(1));
    if (!value) return not_a("an array of key and value", from.value);
    return from.f == "put" ? key_value_input::put(std::move(*key), std::move(*value))
                           : key_value_input::append(std::move(*key), std::move(*value));
  }
  if (from.f != "cas") return unknown_function(from.f, "get, put, delete, append and cas");
  const auto change = pair_in(both->at(1), from.value);
  if (!change) return change.error();
  auto expected = cell_in(change->at(0), from.value);
  if (!expected) return expected.error();
  auto next = to_text(change->at(1));
  if (!next) return not_a("an array of key, and expected and next value", from.value);
  return key_value_input::compare_and_set(std::move(*key), std::move(*expected), std::move(*next));
}

result<std::optional<key_value_output>> key_value_codec::decode_end(const key_value_input& asked,
                                                                    const jepsen_end& from) {
  using answer = std::optional<key_value_output>;
  if (!from.ok) {
    if (asked.what == key_value_input::kind::compare_and_set && from.error == compare_failed)
      return answer{key_value_output::compared(false)};
    return answer{};
  }
  if (asked.what == key_value_input::kind::get) {
    const auto both = pair_in(parsed(from.value), from.value);
    if (!both) return both.error();
    if (to_text(both->at(0)) != asked.key)
      return invalid_argument("{} is not about the key {}", from.value, asked.key);
    auto value = cell_in(both->at(1), from.value);
    if (!value) return value.error();
    return answer{key_value_output::got(std::move(*value))};
  }
  if (auto same = repeats(encode_call(asked).value, from.value); !same.ok()) return same;
  return answer{key_value_output{}};
}

// -- queue

using queue_codec = jepsen_codec<queue_model>;

jepsen_call queue_codec::encode_call(const queue_input& from) {
  if (from.what == queue_input::kind::enqueue) return {"enqueue", json::serialize(to_json(from.value))};
  return {"dequeue"};
}

jepsen_end queue_codec::encode_end(const queue_input& asked, const queue_output& from) {
  if (asked.what == queue_input::kind::enqueue) return {true, encode_call(asked).value};
  if (!from.value) return {false, "null", std::string{queue_empty}};
  return {true, json::serialize(to_json(*from.value))};
}

result<queue_input> queue_codec::decode_call(const jepsen_call& from) {
  if (from.f == "dequeue") return queue_input::dequeue();
  if (from.f != "enqueue") return unknown_function(from.f, "enqueue and dequeue");
  auto value = text_in(from.value);
  if (!value) return value.error();
  return queue_input::enqueue(std::move(*value));
}

result<std::optional<queue_output>> queue_codec::decode_end(const queue_input& asked,
                                                            const jepsen_end& from) {
  using answer = std::optional<queue_output>;
  const bool dequeue = asked.what == queue_input::kind::dequeue;
  if (!from.ok) return dequeue && from.error == queue_empty ? answer{queue_output::empty()} : answer{};
  if (!dequeue) {
    if (auto same = repeats(encode_call(asked).value, from.value); !same.ok()) return same;
    return answer{queue_output::enqueued()};
  }
  auto value = text_in(from.value);
  if (!value) return value.error();
  return answer{queue_output::dequeued(std::move(*value))};
}

// -- set

using set_codec = jepsen_codec<set_model>;

jepsen_call set_codec::encode_call(const set_input& from) {
  static constexpr const char* names[] = {"add", "remove", "contains"};
  return {names[static_cast<std::size_t>(from.what)], json::serialize(to_json(from.element))};
}

jepsen_end set_codec::encode_end(const set_input& asked, const set_output& from) {
  const auto answer = from.answer ? json::value(*from.answer) : json::value{};
  return {true, array_of(to_json(asked.element), answer)};
}

result<set_input> set_codec::decode_call(const jepsen_call& from) {
  auto element = text_in(from.value);
  if (!element) return element.error();
  if (from.f == "add") return set_input::add(std::move(*element));
  if (from.f == "remove") return set_input::remove(std::move(*element));
  if (from.f == "contains") return set_input::contains(std::move(*element));
  return unknown_function(from.f, "add, remove and contains");
}

result<std::optional<set_output>> set_codec::decode_end(const set_input& asked, const jepsen_end& from) {
  using answer = std::optional<set_output>;
  if (!from.ok) return answer{};
  const auto both = pair_in(parsed(from.value), from.value);
  if (!both) return both.error();
  if (to_text(both->at(0)) != asked.element)
    return invalid_argument("{} is not about {}", from.value, asked.element);
  if (both->at(1).is_null()) return answer{set_output::done()};
  const auto* const told = both->at(1).if_bool();
  if (told == nullptr) return not_a("an array of an element and true, false or null", from.value);
  return answer{set_output::of(*told)};
}

} // namespace troupe
