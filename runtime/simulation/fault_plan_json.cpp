#include "runtime/configuration/units.hpp"
#include "runtime/simulation/fault_kinds.hpp"
#include "runtime/simulation/fault_plan.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cmath>
#include <set>

namespace troupe {

namespace {

namespace json = boost::json;

constexpr double steps_of_chance = 1e9;

std::string text_of(duration value) {
  return value < duration::zero() ? "-" + format_duration(-value) : format_duration(value);
}

json::array array_of(const std::vector<std::string>& names) {
  json::array out;
  for (const auto& each : names)
    out.emplace_back(each);
  return out;
}

json::object object_of(const fault_event& event) {
  const auto& info = info_of(event.kind);
  json::object out;
  out["at"] = text_of(event.at);
  out["for"] = text_of(event.span);
  out["kind"] = json::string{json::string_view{info.name.data(), info.name.size()}};
  out["nodes"] = array_of(event.nodes);
  if (info.links) out["others"] = array_of(event.others);
  if (info.chance) out["chance"] = event.chance;
  if (info.amount) out["amount"] = text_of(event.amount);
  if (info.number) out["number"] = event.number;
  if (info.seed) out["seed"] = event.seed;
  return out;
}

// Reads the fields of one event; remembers the first that is wrong, and which were read.
class event_reader {
public:
  explicit event_reader(const json::object& from) : from_(from) {}

  void read(std::string_view key, duration& into) {
    const auto* text = string(key);
    if (!text) return;
    std::string_view rest{text->data(), text->size()};
    const bool negative = rest.starts_with('-');
    if (negative) rest.remove_prefix(1);
    if (const auto value = parse_duration(rest))
      into = negative ? -*value : *value;
    else
      fail(key, "a duration");
  }

  void read(std::string_view key, std::vector<std::string>& into) {
    const auto* value = field(key);
    if (!value) return;
    if (!value->is_array()) return fail(key, "a list of names");
    for (const auto& each : value->get_array()) {
      if (!each.is_string()) return fail(key, "a list of names");
      into.emplace_back(each.get_string());
    }
  }

  void read(std::string_view key, double& into) {
    const auto* value = field(key);
    if (!value) return;
    if (!value->is_number()) return fail(key, "a number");
    // The parser may be off by a little: steps make what was written come back as it was.
    into = std::round(value->to_number<double>() * steps_of_chance) / steps_of_chance;
  }

  template <class Integer>
  void read_integer(std::string_view key, Integer& into) {
    const auto* value = field(key);
    if (!value) return;
    json::error_code error;
    into = value->to_number<Integer>(error);
    if (error || value->is_double()) fail(key, "a whole number");
  }

  void read(fault_kind& into) {
    const auto* text = string("kind");
    if (!text) return;
    if (const auto kind = fault_kind_from_name({text->data(), text->size()}))
      into = *kind;
    else
      fail("kind", "the name of a kind");
  }

  // What is wrong; empty: nothing.
  std::string problem() const {
    if (!problem_.empty()) return problem_;
    for (const auto& each : from_)
      if (!seen_.contains(std::string{each.key()})) return "unknown field '" + std::string{each.key()} + "'";
    return {};
  }

private:
  const json::value* field(std::string_view key) {
    seen_.emplace(key);
    const auto* value = from_.if_contains(json::string_view{key.data(), key.size()});
    if (!value) fail(key, "given");
    return value;
  }

  const json::string* string(std::string_view key) {
    const auto* value = field(key);
    if (value && !value->is_string()) fail(key, "a string");
    return value ? value->if_string() : nullptr;
  }

  void fail(std::string_view key, std::string_view wanted) {
    if (problem_.empty()) problem_ = "'" + std::string{key} + "' is not " + std::string{wanted};
  }

  const json::object& from_;
  std::set<std::string, std::less<>> seen_;
  std::string problem_;
};

result<fault_event> event_of(const json::value& value, std::size_t index) {
  const auto* object = value.if_object();
  if (!object) return invalid_argument("event {} is not an object", index);
  fault_event out;
  event_reader reader{*object};
  reader.read(out.kind);
  const auto& info = info_of(out.kind);
  reader.read("at", out.at);
  reader.read("for", out.span);
  reader.read("nodes", out.nodes);
  if (info.links) reader.read("others", out.others);
  if (info.chance) reader.read("chance", out.chance);
  if (info.amount) reader.read("amount", out.amount);
  if (info.number) reader.read_integer("number", out.number);
  if (info.seed) reader.read_integer("seed", out.seed);
  if (const auto problem = reader.problem(); !problem.empty())
    return invalid_argument("event {}: {}", index, problem);
  return out;
}

} // namespace

std::string to_json(const fault_plan& plan) {
  // One event a line, so that people can read, compare and shorten it.
  std::string out = "{\"events\": [";
  for (std::size_t i = 0; i < plan.events.size(); ++i)
    out += (i == 0 ? "\n  " : ",\n  ") + json::serialize(object_of(plan.events[i]));
  return out + "\n]}\n";
}

result<fault_plan> fault_plan_from_json(std::string_view text) {
  json::error_code error;
  const auto parsed = json::parse(json::string_view{text.data(), text.size()}, error);
  if (error) return invalid_argument("the plan is not JSON: {}", error.message());
  const auto* object = parsed.if_object();
  const auto* events = object ? object->if_contains("events") : nullptr;
  if (!events || !events->is_array() || object->size() != 1)
    return invalid_argument("a plan is an object with one field, \"events\": a list");
  if (events->get_array().size() > max_fault_events)
    return invalid_argument("the plan has more than {} events", max_fault_events);
  fault_plan out;
  for (const auto& each : events->get_array()) {
    auto event = event_of(each, out.events.size());
    if (!event) return event.error();
    out.events.push_back(std::move(*event));
  }
  if (auto outcome = validate(out); !outcome.ok()) return outcome;
  return out;
}

} // namespace troupe
