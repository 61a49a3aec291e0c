#include "runtime/contract_check/cpp_names.hpp"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace troupe::codegen {

namespace {

constexpr std::string_view keywords[] = {
  "alignas",     "alignof",  "and",        "and_eq",    "asm",       "auto",         "bitand",
  "bitor",       "bool",     "break",      "case",      "catch",     "char",         "char16_t",
  "char32_t",    "char8_t",  "class",      "co_await",  "co_return", "co_yield",     "compl",
  "concept",     "const",    "const_cast", "consteval", "constexpr", "constinit",    "continue",
  "decltype",    "default",  "delete",     "do",        "double",    "dynamic_cast", "else",
  "enum",        "explicit", "export",     "extern",    "false",     "float",        "for",
  "friend",      "goto",     "if",         "inline",    "int",       "long",         "mutable",
  "namespace",   "new",      "noexcept",   "not",       "not_eq",    "nullptr",      "operator",
  "or",          "or_eq",    "private",    "protected", "public",    "register",     "reinterpret_cast",
  "requires",    "return",   "short",      "signed",    "sizeof",    "static",       "static_assert",
  "static_cast", "struct",   "switch",     "template",  "this",      "thread_local", "throw",
  "true",        "try",      "typedef",    "typeid",    "typename",  "union",        "unsigned",
  "using",       "virtual",  "void",       "volatile",  "wchar_t",   "while",        "xor",
  "xor_eq",
};

// Macros of <cerrno>, <cassert> and friends that protoc dodges as well, because no underscore-free name
// survives them.
constexpr std::string_view protoc_reserved[] = {"NULL", "assert"};

// Members of the generated classes and of their bases (actors/service) that an RPC must not hide.
constexpr std::string_view members[] = {"client",
                                        "crash",
                                        "current_call",
                                        "handler",
                                        "host",
                                        "info",
                                        "log",
                                        "make_client",
                                        "make_duplex_stream",
                                        "make_reply_stream",
                                        "make_request_stream",
                                        "make_unary",
                                        "now",
                                        "on_start",
                                        "on_stop",
                                        "plain_messages",
                                        "random",
                                        "run_in_background",
                                        "self",
                                        "service",
                                        "set_reply_header",
                                        "sleep_for",
                                        "start",
                                        "supervisor",
                                        "write_log"};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

std::string protoc_word(std::string_view word) {
  const bool taken =
    is_cpp_keyword(word) || std::ranges::find(protoc_reserved, word) != std::end(protoc_reserved);
  return taken ? std::string{word} + "_" : std::string{word};
}

bool package_hides_runtime(const google::protobuf::FileDescriptor& file,
                           std::set<const google::protobuf::FileDescriptor*>& seen) {
  if (!seen.insert(&file).second) return false;
  // As the first part it is the runtime's own namespace, or one inside it.
  if (("." + file.package() + ".").find(".troupe.", 1) != std::string::npos) return true;
  if (file.FindMessageTypeByName("troupe") || file.FindEnumTypeByName("troupe")
      || file.FindServiceByName("troupe"))
    return true;
  for (int i = 0; i < file.dependency_count(); ++i)
    if (package_hides_runtime(*file.dependency(i), seen)) return true;
  return false;
}

} // namespace

bool is_cpp_keyword(std::string_view word) { return std::ranges::binary_search(keywords, word); }

std::string snake_case(std::string_view name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (is_upper(c) && i > 0 && name[i - 1] != '_') {
      const bool after_word = is_lower(name[i - 1]) || is_digit(name[i - 1]);
      // The last capital of a run begins the next word: "HTTPRoute" is http_route.
      const bool begins_word = i + 1 < name.size() && is_lower(name[i + 1]);
      if (after_word || begins_word) out += '_';
    }
    out += lower(c);
  }
  return out;
}

std::string method_name(const google::protobuf::MethodDescriptor& method) {
  auto out = snake_case(method.name());
  if (is_cpp_keyword(out) || std::ranges::find(members, out) != std::end(members)) out += '_';
  return out;
}

std::string namespace_of(const google::protobuf::FileDescriptor& file) {
  std::string out;
  std::string_view rest = file.package();
  while (!rest.empty()) {
    const auto dot = rest.find('.');
    if (!out.empty()) out += "::";
    out += protoc_word(rest.substr(0, dot));
    rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  }
  return out;
}

std::string class_of(const google::protobuf::Descriptor& message) {
  const auto* outer = message.containing_type();
  return protoc_word(outer ? class_of(*outer) + "_" + message.name() : message.name());
}

std::string type_name(const google::protobuf::Descriptor& message,
                      const google::protobuf::FileDescriptor& from) {
  auto name = class_of(message);
  // A lower-case name could be hidden by a member function of the class that uses it.
  if (message.file()->package() == from.package() && is_upper(name.front())) return name;
  const auto space = namespace_of(*message.file());
  return space.empty() ? "::" + name : "::" + space + "::" + name;
}

std::string service_class(const google::protobuf::ServiceDescriptor& service) {
  return protoc_word(service.name());
}

std::string runtime_prefix(const google::protobuf::FileDescriptor& file) {
  std::set<const google::protobuf::FileDescriptor*> seen;
  return package_hides_runtime(file, seen) ? "::troupe::" : "troupe::";
}

std::string file_stem(const google::protobuf::FileDescriptor& file) {
  const auto& name = file.name();
  const auto dot = name.rfind('.');
  const auto slash = name.rfind('/');
  const bool has_extension = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  return has_extension ? name.substr(0, dot) : name;
}

} // namespace troupe::codegen
