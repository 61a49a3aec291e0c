// Traces for tests, written short.
#pragma once

#include "runtime/trace_diagram/trace_selection.hpp"

#include <catch2/catch.hpp>

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

inline traced_event event(std::string_view line) {
  auto parsed = parse_traced_event(line);
  INFO(line);
  REQUIRE(parsed.has_value());
  return std::move(*parsed);
}

// "1200 send a b #7 hello": microseconds, kind, and of messages: from, to, id, name; of others: node, name,
// detail.
inline traced_event brief(const std::string& text) {
  std::istringstream words{text};
  std::int64_t microseconds = 0;
  std::string kind;
  words >> microseconds >> kind;
  auto out = event(R"({"at": )" + std::to_string(microseconds * 1000) + R"(, "kind": ")" + kind + "\"}");
  if (!out.of_network()) {
    words >> out.node >> out.name;
    if (out.node == "-") out.node.clear();
    if (out.name == "-") out.name.clear();
    std::getline(words >> std::ws, out.detail);
    return out;
  }
  char number_sign = 0;
  std::string from;
  std::string to;
  words >> from >> to >> number_sign >> out.id >> out.name;
  out.from = from + ":1";
  out.to = to + ":2";
  // A word at the end says that the other side lost it.
  std::string at;
  words >> at;
  out.node = out.kind == traced_kind::receive || at == "there" ? to : from;
  return out;
}

inline selected_trace selection_of(const std::vector<std::string>& lines,
                                   trace_selection_options options = {}) {
  trace_selection selection{std::move(options)};
  for (const auto& each : lines)
    selection.add(brief(each));
  auto out = selection.finish();
  REQUIRE(out.has_value());
  return std::move(*out);
}

} // namespace troupe::test
