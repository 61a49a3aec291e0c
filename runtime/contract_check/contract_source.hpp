// Contracts as text or as compiled descriptor sets, made into descriptors. No file is opened here: the caller
// hands over what it has read.
#pragma once

#include "runtime/core/result.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace google::protobuf {
class FileDescriptor;
} // namespace google::protobuf

namespace troupe {

// Bounds of one contract, against descriptor sets that are none.
inline constexpr std::size_t max_contract_files = 10'000;
inline constexpr std::size_t max_contract_bytes = 64 * 1024 * 1024;

// Descriptors with source positions and comments, which live as long as this object. Moveable.
class contract_source {
public:
  // Files by their import names ("shop/orders.proto"). Imports are looked for among `files` first, then among
  // `imports`, then among the files that this program knows: google/protobuf, google/api, google/rpc and
  // troupe. INVALID_ARGUMENT, one "file:line:column: error: ..." a line, when a file is not valid protobuf.
  static result<contract_source> parse(std::map<std::string, std::string> files,
                                       std::map<std::string, std::string> imports = {});

  // A serialized google.protobuf.FileDescriptorSet, as `protoc --descriptor_set_out` writes it. Files that it
  // lacks (protoc without --include_imports) are looked for among those that this program knows. `name` is
  // for errors.
  static result<contract_source> from_descriptor_set(const std::string& bytes, const std::string& name);

  ~contract_source();
  contract_source(contract_source&&) noexcept;
  contract_source& operator=(contract_source&&) noexcept;

  // What was handed over, without what was only imported; of a descriptor set, without the files that this
  // program knows anyway. Sorted by name.
  const std::vector<const google::protobuf::FileDescriptor*>& files() const noexcept;

private:
  struct pool;
  explicit contract_source(std::unique_ptr<pool> owned) noexcept;
  std::unique_ptr<pool> pool_;
};

} // namespace troupe
