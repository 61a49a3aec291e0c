#include "apps/protoc_gen_troupe/comments.hpp"
#include "apps/protoc_gen_troupe/render.hpp"
#include "apps/protoc_gen_troupe/service_shape.hpp"
#include "runtime/contract_check/cpp_names.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

namespace troupe::codegen {

namespace pb = google::protobuf;

namespace {

std::string kind_of(const method_shape& method) {
  if (method.client_streams) return method.server_streams ? "bidirectional" : "client_streaming";
  return method.server_streams ? "server_streaming" : "unary";
}

std::string repeat_of(const pb::MethodDescriptor& method) {
  switch (method.options().idempotency_level()) {
  case pb::MethodOptions::NO_SIDE_EFFECTS:
    return "no_side_effects";
  case pb::MethodOptions::IDEMPOTENT:
    return "idempotent";
  case pb::MethodOptions::IDEMPOTENCY_UNKNOWN:
    break;
  }
  return "unknown";
}

// How a program gets at the file's descriptor. Through one of the file's own types where it has one: the
// reference makes the linker keep protoc's generated code, which registers the descriptor.
std::string file_descriptor(const pb::FileDescriptor& file) {
  const auto space = namespace_of(file);
  const auto prefix = space.empty() ? std::string{"::"} : "::" + space + "::";
  if (file.message_type_count() > 0)
    return prefix + class_of(*file.message_type(0)) + "::descriptor()->file()";
  if (file.enum_type_count() > 0) return prefix + file.enum_type(0)->name() + "_descriptor()->file()";
  return "descriptor_of_services()";
}

// A file of services only has no type to ask; its descriptor table is the one symbol of protoc's that there
// is.
std::string write_descriptor_access(const pb::FileDescriptor& file) {
  if (file.message_type_count() > 0 || file.enum_type_count() > 0) return {};
  std::string symbol = "descriptor_table_";
  for (const char c : file.name()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    constexpr char digits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (plain)
      symbol += c;
    else
      symbol += std::string{"_"} + (byte >= 16 ? std::string{digits[byte / 16]} : "") + digits[byte % 16];
  }
  return "// The reference to protoc's table makes the linker keep the code that registers the descriptor.\n"
         "const ::google::protobuf::FileDescriptor* descriptor_of_services() {\n"
         "  const auto& table = ::"
         + symbol
         + ";\n"
           "  return ::google::protobuf::DescriptorPool::generated_pool()->FindFileByName(table.filename);\n"
           "}\n\n";
}

std::string write_comments(const pb::FileDescriptor& file, const std::string& runtime) {
  const auto comments = comments_of(file);
  if (comments.empty()) return {};
  std::string out = "// The contract's comments, which its descriptors in the program do not carry.\n";
  out += "// clang-format off\n";
  out += "constexpr " + runtime + "comment_info contract_comments[] = {\n";
  for (const auto& comment : comments)
    out += "  {\"" + comment.full_name + "\",\n   " + as_cpp_literal(comment.text, "\n   ") + "},\n";
  out += "};\n// clang-format on\n\n";
  return out;
}

std::string write_table(const service_shape& service, bool has_comments) {
  const auto& descriptor = *service.descriptor;
  const auto info = service.table + "_info";
  auto out = "extern const " + service.runtime + "service_info " + info + ";\n\n";
  out += "// clang-format off\n";
  if (!service.methods.empty()) {
    out += "constexpr " + service.runtime + "method_info " + service.table + "_methods[] = {\n";
    for (const auto& method : service.methods) {
      const auto& rpc = *method.descriptor;
      out += "  {\n";
      out += "    .service = &" + info + ",\n";
      out += "    .index = " + std::to_string(rpc.index()) + ",\n";
      out += "    .name = \"" + rpc.name() + "\",\n";
      out += "    .full_name = \"" + rpc.full_name() + "\",\n";
      out += "    .path = \"/" + descriptor.full_name() + "/" + rpc.name() + "\",\n";
      out += "    .kind = " + service.runtime + "method_kind::" + kind_of(method) + ",\n";
      out += "    .repeat = " + service.runtime + "idempotency::" + repeat_of(rpc) + ",\n";
      out += "    .new_request = &new_message<" + method.request + ">,\n";
      out += "    .new_reply = &new_message<" + method.reply + ">,\n";
      out += "  },\n";
    }
    out += "};\n\n";
  }
  out += "constexpr " + service.runtime + "service_info " + info + " = {\n";
  out += "  .name = \"" + descriptor.full_name() + "\",\n";
  out += "  .methods = " + (service.methods.empty() ? "{}" : service.table + "_methods") + ",\n";
  out += "  .find_descriptor = [] { return " + file_descriptor(*descriptor.file()) + "->service("
         + std::to_string(descriptor.index()) + "); },\n";
  if (has_comments) out += "  .comments = contract_comments,\n";
  out += "};\n// clang-format on\n\n";
  return out;
}

std::string start_call(const method_shape& method) {
  const std::string replies = method.server_streams ? "run.writer<" + method.reply + ">()" : "";
  const std::string requests =
    method.client_streams ? "run.reader<" + method.request + ">()" : "run.request<" + method.request + ">()";
  const auto arguments = replies.empty() ? requests : requests + ", " + replies;
  const auto starter = method.server_streams ? "start_streaming" : "start_unary";
  return std::string{"run."} + starter + "(" + method.name + "(" + arguments + "));";
}

std::string write_handler(const service_shape& service) {
  auto out = "const " + service.runtime + "service_info& " + service.handler
             + "::info() const noexcept { return " + service.table + "_info; }\n\n";
  if (service.methods.empty())
    return out + "void " + service.handler + "::start(" + service.runtime + "handler_run&) {}\n\n";
  out += "// clang-format off\n";
  out += "void " + service.handler + "::start(" + service.runtime + "handler_run& run) {\n";
  out += "  switch (run.method().index) {\n";
  for (const auto& method : service.methods)
    out += "  case " + std::to_string(method.descriptor->index()) + ": " + start_call(method) + " break;\n";
  out += "  }\n}\n// clang-format on\n\n";
  return out;
}

std::string write_client(const service_shape& service) {
  auto out = service.client + "::" + service.client + "(" + service.runtime
             + "client_base base) : client_base(std::move(base)) {}\n";
  for (const auto& method : service.methods) {
    const auto info = service.table + "_methods[" + std::to_string(method.descriptor->index()) + "]";
    const std::string maker = method.client_streams
                                ? (method.server_streams ? "duplex_stream" : "request_stream")
                                : (method.server_streams ? "reply_stream" : "unary");
    const auto types = method.client_streams ? method.request + ", " + method.reply : method.reply;
    const auto arguments = method.client_streams ? info : info + ", std::move(request)";
    out += '\n';
    out += declaration(method.client_result, service.client + "::" + method.name, method.client_parameters,
                       " const {");
    out += "\n  return make_" + maker + "<" + types + ">(" + arguments + ");\n}\n";
  }
  return out;
}

} // namespace

std::string render_source(const pb::FileDescriptor& file) {
  const auto runtime = runtime_prefix(file);
  const auto comments = write_comments(file, runtime);
  std::string out =
    "// Generated by protoc-gen-troupe from " + file.name() + "; changes made here are lost.\n";
  out += "#include \"" + file_stem(file) + ".troupe.hpp\"\n\n";
  out += "#include <google/protobuf/descriptor.h>\n\n#include <memory>\n#include <utility>\n\n";
  const auto space = namespace_of(file);
  if (!space.empty()) out += "namespace " + space + " {\n\n";
  out += "namespace {\n\n";
  out += "template <class Message>\n";
  out += "std::shared_ptr<::google::protobuf::Message> new_message() {\n";
  out += "  return std::make_shared<Message>();\n}\n\n";
  out += write_descriptor_access(file);
  out += comments;
  for (int i = 0; i < file.service_count(); ++i)
    out += write_table(shape_of(*file.service(i)), !comments.empty());
  out += "} // namespace\n\n";
  for (int i = 0; i < file.service_count(); ++i) {
    const auto service = shape_of(*file.service(i));
    if (i > 0) out += '\n';
    out += "const " + service.runtime + "service_info& " + service.name + "::info() noexcept { return "
           + service.table + "_info; }\n\n";
    out += write_handler(service);
    out += write_client(service);
  }
  if (!space.empty()) out += "\n} // namespace " + space + "\n";
  return out;
}

} // namespace troupe::codegen
