// Contracts on disk: a .proto file, a folder of them, or a compiled descriptor set.
#pragma once

#include "runtime/contract_check/contract_problem.hpp"
#include "runtime/contract_check/contract_source.hpp"

#include <map>
#include <string>
#include <vector>

namespace troupe::cli {

// A contract that was read, and the paths that people know its files by.
struct loaded_contract {
  contract_source source;
  std::map<std::string, std::string> paths; // import name -> path as the user wrote it

  // The position with the file's path for its import name.
  source_position shown(source_position where) const;
};

// Reads `path`:
//   - a folder: every .proto in it and below; import names start at the folder
//   - FILE.proto: that file; its import name starts at the first of `import_dirs` that holds it, else at its
//   own folder
//   - any other file: a FileDescriptorSet
// Imports that are not part of that are looked for in `import_dirs`, then beside the file.
// INVALID_ARGUMENT with one complaint a line, NOT_FOUND when there is nothing at `path`.
result<loaded_contract> load_contract(const std::string& path, const std::vector<std::string>& import_dirs);

} // namespace troupe::cli
