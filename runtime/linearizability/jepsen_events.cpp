#include "runtime/linearizability/jepsen_events.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <array>
#include <iterator>
#include <limits>
#include <optional>

namespace troupe {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 4> type_names{"invoke", "ok", "fail", "info"};

std::string quoted(std::string_view text) {
  return json::serialize(json::string_view{text.data(), text.size()});
}

// An integer field; nothing when it is missing, an error when it is something else.
result<std::optional<std::int64_t>> integer_of(const json::object& from, std::string_view name) {
  const auto* const field = from.if_contains(name);
  if (field == nullptr || field->is_null()) return std::optional<std::int64_t>{};
  if (!field->is_int64()) return invalid_argument("\"{}\" is not an integer", name);
  return std::optional{field->get_int64()};
}

result<std::string> text_of(const json::object& from, std::string_view name) {
  const auto* const field = from.if_contains(name);
  if (field == nullptr || !field->is_string()) return invalid_argument("\"{}\" is not a text", name);
  return std::string{field->get_string()};
}

result<jepsen_type> type_of(const json::object& from) {
  auto name = text_of(from, "type");
  if (!name) return name.error();
  for (std::size_t i = 0; i < type_names.size(); ++i)
    if (*name == type_names[i]) return static_cast<jepsen_type>(i);
  return invalid_argument("there is no type \"{}\"; it is invoke, ok, fail or info", *name);
}

class event_reader {
public:
  explicit event_reader(const jepsen_limits& limits) : limits_(limits) {}

  // An event, nothing when the line is not a client's, or what is wrong with it.
  result<std::optional<jepsen_event>> read(std::string_view line) {
    boost::system::error_code failed;
    const auto parsed = json::parse({line.data(), line.size()}, failed);
    if (failed) return invalid_argument("not JSON: {}", failed.message());
    const auto* const object = parsed.if_object();
    if (object == nullptr) return invalid_argument("not a JSON object");
    const auto* const process = object->if_contains("process");
    if (process == nullptr) return invalid_argument("\"process\" is missing");
    if (!process->is_int64()) return std::optional<jepsen_event>{};
    return read_event(*object, process->get_int64());
  }

private:
  result<std::optional<jepsen_event>> read_event(const json::object& from, std::int64_t process) {
    jepsen_event out;
    if (process < 0 || process > std::numeric_limits<std::int32_t>::max())
      return invalid_argument("\"process\" is {}, outside 0 to 2147483647", process);
    out.process = static_cast<std::uint32_t>(process);
    auto type = type_of(from);
    if (!type) return type.error();
    out.type = *type;
    auto f = text_of(from, "f");
    if (!f) return f.error();
    out.f = std::move(*f);
    if (const auto* const value = from.if_contains("value")) out.value = json::serialize(*value);
    // Jepsen's errors are texts or structures; only a text can be one of ours.
    if (const auto* const error = from.if_contains("error"); error != nullptr && error->is_string())
      out.error = std::string{error->get_string()};
    auto time = integer_of(from, "time");
    if (!time) return time.error();
    out.time = duration{time->value_or(0)};
    auto index = integer_of(from, "index");
    if (!index) return index.error();
    if (*index) {
      if (**index <= last_index_)
        return invalid_argument("\"index\" is {} after {}; lines are in order", **index, last_index_);
      last_index_ = **index;
    }
    return std::optional{std::move(out)};
  }

  const jepsen_limits& limits_;
  std::int64_t last_index_ = -1;
};

} // namespace

std::string write_jepsen_events(std::span<const jepsen_event> events) {
  std::string out;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& each = events[i];
    fmt::format_to(std::back_inserter(out),
                   R"({{"index":{},"process":{},"type":"{}","f":{},"value":{},"time":{})", i, each.process,
                   type_names[static_cast<std::size_t>(each.type)], quoted(each.f), each.value,
                   each.time.count());
    if (!each.error.empty()) out += ",\"error\":" + quoted(each.error);
    out += "}\n";
  }
  return out;
}

result<std::vector<jepsen_event>> read_jepsen_events(std::string_view text, const jepsen_limits& limits) {
  std::vector<jepsen_event> out;
  event_reader reader{limits};
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.size() > limits.max_line)
      return resource_exhausted("line {}: it has {} bytes; at most {} are read", number, line.size(),
                                limits.max_line);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto event = reader.read(line);
    if (!event)
      return status{event.error().code(), fmt::format("line {}: {}", number, event.error().message())};
    if (!*event) continue;
    if (out.size() >= limits.max_events)
      return resource_exhausted("line {}: there are more than {} events", number, limits.max_events);
    (*event)->line = number;
    out.push_back(std::move(**event));
  }
  return out;
}

} // namespace troupe
