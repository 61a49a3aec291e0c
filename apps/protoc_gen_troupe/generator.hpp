// protoc-gen-troupe as protoc sees it: checks all files of an invocation together, then writes
// NAME.troupe.hpp and NAME.troupe.cpp for each that has services.
#pragma once

#include <google/protobuf/compiler/code_generator.h>

namespace troupe::codegen {

// Parameter: `--troupe_opt=import_dir=DIR`, any number of times. Problems then name files by their paths
// below the first of these folders that has them, which editors can open, instead of by their import names.
// On an error of the contract nothing is written, and every problem is reported as "file:line:column: error:
// ...; fix:
// ...". Warnings go to the standard error output.
class contract_generator final : public google::protobuf::compiler::CodeGenerator {
public:
  bool Generate(const google::protobuf::FileDescriptor* file, const std::string& parameter,
                google::protobuf::compiler::GeneratorContext* context, std::string* error) const override;
  bool GenerateAll(const std::vector<const google::protobuf::FileDescriptor*>& files,
                   const std::string& parameter, google::protobuf::compiler::GeneratorContext* context,
                   std::string* error) const override;

  // `optional` in proto3 changes nothing in what is generated here.
  std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
};

} // namespace troupe::codegen
