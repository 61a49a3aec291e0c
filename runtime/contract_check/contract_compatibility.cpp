#include "runtime/contract_check/contract_compatibility.hpp"

#include "runtime/contract_check/contract_versions.hpp"

#include <fmt/core.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <tuple>

namespace troupe {

namespace pb = google::protobuf;

namespace {

bool keeps_something_of(const pb::FileDescriptor& file, const detail::contract_versions& versions) {
  for (int i = 0; i < file.message_type_count(); ++i)
    if (versions.find(*file.message_type(i))) return true;
  for (int i = 0; i < file.enum_type_count(); ++i)
    if (versions.find(*file.enum_type(i))) return true;
  for (int i = 0; i < file.service_count(); ++i)
    if (versions.find(*file.service(i))) return true;
  return false;
}

} // namespace

std::string break_kinds::to_string() const {
  static constexpr std::pair<break_kind, const char*> names[] = {{break_kind::wire, "WIRE"},
                                                                 {break_kind::json, "JSON"},
                                                                 {break_kind::rest, "REST"},
                                                                 {break_kind::source, "SOURCE"}};
  std::string out;
  for (const auto& [kind, name] : names)
    if (has(kind)) out += (out.empty() ? "" : " ") + std::string{name};
  return out;
}

std::string contract_break::to_string() const {
  return fmt::format("{}: error: {} [{}, {}]; fix: {}", where.to_string(), problem, kinds.to_string(), rule,
                     fix);
}

std::vector<contract_break> compare_contracts(std::span<const pb::FileDescriptor* const> before,
                                              std::span<const pb::FileDescriptor* const> after) {
  detail::contract_versions versions{before, after};
  detail::compare_files(before, versions);
  for (const auto* file : before) {
    for (int i = 0; i < file->message_type_count(); ++i)
      detail::compare_message(*file->message_type(i), versions);
    for (int i = 0; i < file->enum_type_count(); ++i)
      detail::compare_enum(*file->enum_type(i), versions);
    for (int i = 0; i < file->service_count(); ++i)
      detail::compare_service(*file->service(i), versions);
  }
  auto breaks = std::move(versions).take();
  std::ranges::stable_sort(breaks, [](const auto& a, const auto& b) {
    return std::tie(a.where, a.rule) < std::tie(b.where, b.rule);
  });
  return breaks;
}

void detail::compare_files(contract_versions::files before, contract_versions& versions) {
  for (const auto* file : before) {
    const auto* now = versions.find(*file);
    if (!now) {
      // Elements that are gone with their file are named one by one.
      if (keeps_something_of(*file, versions))
        versions.add("file_removed", break_kind::source, position_of(*file),
                     fmt::format("{}: the file is gone; what is left of it is elsewhere", file->name()),
                     "leave a file of this name that does `import public` of the new one");
      continue;
    }
    if (now->package() != file->package())
      versions.add(
        "package_changed", break_kind::wire | break_kind::json | break_kind::rest | break_kind::source,
        position_of_package(*now),
        fmt::format("{}: the package was \"{}\" and is \"{}\", and with it every name on the wire",
                    now->name(), file->package(), now->package()),
        file->package().empty()
          ? std::string{"keep the file without a package, and offer the package as a file of its own"}
          : fmt::format("keep `package {};`, and offer the new package as a file of its own beside it",
                        file->package()));
    if (now->syntax() != file->syntax())
      versions.add("syntax_changed", break_kind::wire | break_kind::json | break_kind::source,
                   position_of(*now),
                   fmt::format("{}: the syntax was {} and is {}, which changes enums, defaults and presence",
                               now->name(), pb::FileDescriptor::SyntaxName(file->syntax()),
                               pb::FileDescriptor::SyntaxName(now->syntax())),
                   fmt::format("keep `syntax = \"{}\";`", pb::FileDescriptor::SyntaxName(file->syntax())));
  }
}

} // namespace troupe
