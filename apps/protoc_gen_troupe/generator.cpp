#include "apps/protoc_gen_troupe/generator.hpp"

#include "apps/protoc_gen_troupe/render.hpp"
#include "runtime/contract_check/contract_validation.hpp"
#include "runtime/contract_check/cpp_names.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string_view>

namespace troupe::codegen {

namespace pb = google::protobuf;

namespace {

void write(pb::compiler::GeneratorContext& context, const std::string& name, const std::string& text) {
  const std::unique_ptr<pb::io::ZeroCopyOutputStream> file{context.Open(name)};
  pb::io::CodedOutputStream out{file.get()};
  out.WriteString(text);
}

// protoc puts the plugin's name before the first line, so that line holds the count and the problems stand
// below it, where editors find them.
std::string report(const std::vector<contract_problem>& problems) {
  std::string lines;
  int errors = 0;
  for (const auto& each : problems) {
    if (each.severity == problem_severity::error) ++errors;
    lines += "\n" + each.to_string();
  }
  return std::to_string(errors) + (errors == 1 ? " error in the contract" : " errors in the contract")
         + lines;
}

// False when the parameter is not what it should be. protoc joins the options with commas; a folder's name
// may have some.
bool read_import_dirs(const std::string& parameter, std::vector<std::filesystem::path>& dirs) {
  constexpr std::string_view option = "import_dir=";
  for (std::size_t begin = 0; begin < parameter.size();) {
    const auto end = std::min(parameter.find(',', begin), parameter.size());
    const auto piece = std::string_view{parameter}.substr(begin, end - begin);
    if (piece.starts_with(option))
      dirs.emplace_back(piece.substr(option.size()));
    else if (!dirs.empty())
      dirs.back() += "," + std::string{piece};
    else
      return false;
    begin = end + 1;
  }
  return true;
}

void show_paths(std::vector<contract_problem>& problems, const std::vector<std::filesystem::path>& dirs) {
  for (auto& each : problems)
    for (const auto& dir : dirs) {
      std::error_code ignored;
      if (!std::filesystem::exists(dir / each.where.file, ignored)) continue;
      each.where.file = (dir / each.where.file).string();
      break;
    }
}

} // namespace

bool contract_generator::Generate(const pb::FileDescriptor* file, const std::string& parameter,
                                  pb::compiler::GeneratorContext* context, std::string* error) const {
  return GenerateAll({file}, parameter, context, error);
}

bool contract_generator::GenerateAll(const std::vector<const pb::FileDescriptor*>& files,
                                     const std::string& parameter, pb::compiler::GeneratorContext* context,
                                     std::string* error) const {
  std::vector<std::filesystem::path> import_dirs;
  if (!read_import_dirs(parameter, import_dirs)) {
    *error = "unknown option \"" + parameter + "\"; fix: the only option is --troupe_opt=import_dir=DIR";
    return false;
  }
  auto problems = validate_contract(files);
  show_paths(problems, import_dirs);
  if (has_errors(problems)) {
    *error = report(problems);
    return false;
  }
  for (const auto& warning : problems)
    std::cerr << warning.to_string() << '\n';
  for (const auto* file : files) {
    if (file->service_count() == 0) continue;
    write(*context, file_stem(*file) + ".troupe.hpp", render_header(*file));
    write(*context, file_stem(*file) + ".troupe.cpp", render_source(*file));
  }
  return true;
}

} // namespace troupe::codegen
