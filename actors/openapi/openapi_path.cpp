#include "actors/openapi/openapi_path.hpp"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <string_view>

namespace troupe::openapi {

namespace {

// RFC 3986 `pchar`, less the braces that OpenAPI gives a meaning of their own (they are no pchar).
bool plain_in_path(char c) {
  constexpr std::string_view marks = "-._~!$&'()*+,;=:@";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
         || marks.find(c) != std::string_view::npos;
}

std::string encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain_in_path(c))
      out.push_back(c);
    else
      out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return out;
}

// What may stand between braces: anything but braces, "/" and "#"; and a client's code likes it plain.
std::string name_from(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out.push_back(plain ? c : '_');
  }
  return out;
}

const path_variable* variable_at(const path_template& path, std::size_t segment) {
  for (const auto& variable : path.variables)
    if (segment >= variable.first_segment && segment < variable.first_segment + variable.segment_count)
      return &variable;
  return nullptr;
}

std::string unique_name(std::string wanted, const std::vector<path_parameter>& taken) {
  const auto is_taken = [&taken](const std::string& name) {
    return std::any_of(taken.begin(), taken.end(), [&](const auto& other) { return other.name == name; });
  };
  if (!is_taken(wanted)) return wanted;
  for (int number = 2;; ++number)
    if (auto numbered = wanted + "_" + std::to_string(number); !is_taken(numbered)) return numbered;
}

std::string name_of_piece(const path_template& path, std::size_t segment, const path_variable* variable) {
  const bool rest = path.segments[segment].kind == segment_kind::rest;
  if (variable == nullptr) return rest ? "rest" : "segment";
  if (segment > variable->first_segment && path.segments[segment - 1].kind == segment_kind::literal)
    return name_from(path.segments[segment - 1].text) + (rest ? "_path" : "_id");
  return name_from(variable->field_path) + (rest ? "_path" : "_id");
}

} // namespace

openapi_path path_of(const http_binding& binding) {
  const auto& path = binding.path;
  openapi_path out;
  std::vector<std::string> pieces; // each segment as it is written
  std::vector<std::size_t> parameter_segments;

  for (std::size_t i = 0; i < path.segments.size(); ++i) {
    const auto& segment = path.segments[i];
    if (segment.kind == segment_kind::literal) {
      pieces.push_back(encoded(segment.text));
      continue;
    }
    const auto* variable = variable_at(path, i);
    path_parameter parameter;
    const bool whole = variable != nullptr && variable->segment_count == 1;
    if (whole) {
      const auto index = static_cast<std::size_t>(variable - path.variables.data());
      parameter.field = binding.variables[index].back();
    }
    parameter.name =
      unique_name(whole ? variable->field_path : name_of_piece(path, i, variable), out.parameters);
    parameter.several_segments = segment.kind == segment_kind::rest;
    pieces.push_back("{" + parameter.name + "}");
    parameter_segments.push_back(i);
    out.parameters.push_back(std::move(parameter));
  }

  // Notes quote their whole variable, so they need all its pieces.
  for (std::size_t p = 0; p < out.parameters.size(); ++p) {
    auto& parameter = out.parameters[p];
    const auto* variable = variable_at(path, parameter_segments[p]);
    if (variable == nullptr) parameter.note = "Any value: the service does not look at it.";
    if (variable != nullptr && variable->segment_count > 1) {
      parameter.note = "A piece of `" + variable->field_path + "`, which is `";
      for (std::size_t i = 0; i < variable->segment_count; ++i)
        parameter.note.append(i == 0 ? "" : "/").append(pieces[variable->first_segment + i]);
      parameter.note.append("`.");
    }
    if (parameter.several_segments) {
      if (!parameter.note.empty()) parameter.note.push_back(' ');
      parameter.note.append("Several segments with `/` between them, which is sent as it is (not as `%2F`).");
    }
  }

  for (const auto& piece : pieces)
    out.text.append("/").append(piece);
  if (out.text.empty()) out.text = "/";
  if (!path.verb.empty()) out.text.append(":").append(encoded(path.verb));
  return out;
}

std::string path_key(const openapi_path& path) {
  std::string out;
  bool inside = false;
  for (const char c : path.text) {
    if (c == '}') inside = false;
    if (!inside) out.push_back(c);
    if (c == '{') inside = true;
  }
  return out;
}

openapi_path renamed_like(openapi_path path, const openapi_path& other) {
  path.text = other.text;
  for (std::size_t i = 0; i < path.parameters.size(); ++i) {
    auto& parameter = path.parameters[i];
    const auto& name = other.parameters[i].name;
    if (parameter.name == name) continue;
    auto note = "Here it is `" + parameter.name + "`.";
    if (!parameter.note.empty()) note.append(" ").append(parameter.note);
    parameter.note = std::move(note);
    parameter.name = name;
  }
  return path;
}

} // namespace troupe::openapi
