#include "apps/protoc_gen_troupe/service_shape.hpp"

#include "google/api/annotations.pb.h"
#include "runtime/contract_check/cpp_names.hpp"

#include <google/protobuf/descriptor.h>

#include <algorithm>

namespace troupe::codegen {

namespace pb = google::protobuf;

namespace {

std::string rule_note(const google::api::HttpRule& rule) {
  std::string note;
  switch (rule.pattern_case()) {
  case google::api::HttpRule::kGet:
    note = "GET " + rule.get();
    break;
  case google::api::HttpRule::kPut:
    note = "PUT " + rule.put();
    break;
  case google::api::HttpRule::kPost:
    note = "POST " + rule.post();
    break;
  case google::api::HttpRule::kDelete:
    note = "DELETE " + rule.delete_();
    break;
  case google::api::HttpRule::kPatch:
    note = "PATCH " + rule.patch();
    break;
  case google::api::HttpRule::kCustom:
    note = rule.custom().kind() + " " + rule.custom().path();
    break;
  case google::api::HttpRule::PATTERN_NOT_SET:
    return {};
  }
  if (!rule.body().empty() && rule.body() != "*") note += " (body: " + rule.body() + ")";
  return note;
}

method_shape shape_of(const pb::MethodDescriptor& method, const std::string& runtime) {
  method_shape out;
  const auto& file = *method.file();
  out.descriptor = &method;
  out.name = method_name(method);
  out.request = type_name(*method.input_type(), file);
  out.reply = type_name(*method.output_type(), file);
  out.client_streams = method.client_streaming();
  out.server_streams = method.server_streaming();

  out.handler_result = out.server_streams ? runtime + "task<>" : runtime + "task<" + out.reply + ">";
  if (out.client_streams)
    out.handler_parameters.push_back(runtime + "stream_reader<" + out.request + ">& requests");
  else
    out.handler_parameters.push_back("const " + out.request + "& request");
  if (out.server_streams)
    out.handler_parameters.push_back(runtime + "stream_writer<" + out.reply + ">& replies");

  if (!out.client_streams) {
    out.client_result = runtime + (out.server_streams ? "reply_stream<" : "unary_call<") + out.reply + ">";
    out.client_parameters.push_back(out.request + " request");
  } else {
    out.client_result = runtime + (out.server_streams ? "duplex_stream<" : "request_stream<") + out.request
                        + ", " + out.reply + ">";
  }
  return out;
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    widest = std::max(widest, end - begin);
    begin = end + 1;
  }
  return widest;
}

// `head` is one line, behind which the parameters begin; those that do not fit go below the first one.
std::string with_parameters(const std::string& head, const std::vector<std::string>& parameters,
                            const std::string& tail, std::size_t columns) {
  auto out = head;
  auto column = head.size();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const bool last = i + 1 == parameters.size();
    const auto text = parameters[i] + (last ? "" : ",");
    const auto width = text.size() + (last ? 1 + tail.size() : 0);
    if (i > 0) {
      const bool same_line = column + 1 + width <= columns;
      out += same_line ? " " : "\n" + std::string(head.size(), ' ');
      column = same_line ? column + 1 : head.size();
    }
    out += text;
    column += text.size();
  }
  return out + ")" + tail;
}

} // namespace

service_shape shape_of(const pb::ServiceDescriptor& service) {
  service_shape out;
  out.descriptor = &service;
  out.name = service_class(service);
  const auto space = namespace_of(*service.file());
  const bool like_a_function = out.name.front() < 'A' || out.name.front() > 'Z';
  out.type = like_a_function ? (space.empty() ? "::" : "::" + space + "::") + out.name : out.name;
  out.handler = service.name() + "Handler";
  out.client = service.name() + "Client";
  out.table = snake_case(service.name()) + "_service";
  for (int i = 0; i < service.index(); ++i)
    if (snake_case(service.file()->service(i)->name()) == snake_case(service.name()))
      out.table += std::to_string(service.index());
  out.runtime = runtime_prefix(*service.file());
  for (int i = 0; i < service.method_count(); ++i)
    out.methods.push_back(shape_of(*service.method(i), out.runtime));
  return out;
}

std::string declaration(const std::string& result, const std::string& name,
                        const std::vector<std::string>& parameters, const std::string& tail,
                        std::size_t columns) {
  const std::string margin(std::min(result.find_first_not_of(' '), result.size()), ' ');
  const auto fits = [&](const std::string& text) { return widest_line(text) <= columns; };
  auto out = with_parameters(result + " " + name + "(", parameters, tail, columns);
  if (fits(out)) return out;
  out = result + "\n" + with_parameters(margin + name + "(", parameters, tail, columns);
  if (fits(out) || parameters.empty()) return out;
  return result + "\n" + margin + name + "(\n" + with_parameters(margin + "  ", parameters, tail, columns);
}

std::vector<std::string> method_notes(const pb::MethodDescriptor& method) {
  std::vector<std::string> notes;
  if (method.options().HasExtension(google::api::http)) {
    const auto& rule = method.options().GetExtension(google::api::http);
    if (auto note = rule_note(rule); !note.empty()) notes.push_back(std::move(note));
    for (const auto& more : rule.additional_bindings())
      if (auto note = rule_note(more); !note.empty()) notes.push_back(std::move(note));
  }
  switch (method.options().idempotency_level()) {
  case pb::MethodOptions::NO_SIDE_EFFECTS:
    notes.emplace_back("Read only: safe to repeat and to hedge.");
    break;
  case pb::MethodOptions::IDEMPOTENT:
    notes.emplace_back("Idempotent: safe to repeat.");
    break;
  case pb::MethodOptions::IDEMPOTENCY_UNKNOWN:
    break;
  }
  if (method.options().deprecated()) notes.emplace_back("Deprecated.");
  return notes;
}

} // namespace troupe::codegen
