#include "apps/troupe/contract_files.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

namespace troupe::cli {

namespace fs = std::filesystem;

namespace {

using text_map = std::map<std::string, std::string>;

result<std::string> read_file(const fs::path& path) {
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed) return not_found("{}: error: {}", path.string(), failed.message());
  if (size > max_contract_bytes)
    return resource_exhausted("{}: error: larger than {} bytes", path.string(), max_contract_bytes);
  std::ifstream in{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in) return unavailable("{}: error: cannot be read", path.string());
  return text;
}

// The names that a text imports; also those in comments, which are looked for in vain.
std::vector<std::string> imports_of(std::string_view text) {
  std::vector<std::string> out;
  constexpr std::string_view word = "import";
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto open = text.find_first_of("\"';", at);
    if (open == std::string_view::npos || text[open] == ';') continue;
    const auto close = text.find(text[open], open + 1);
    if (close != std::string_view::npos) out.emplace_back(text.substr(open + 1, close - open - 1));
  }
  return out;
}

std::string relative_name(const fs::path& file, const fs::path& root) {
  std::error_code ignored;
  const auto name =
    fs::weakly_canonical(file, ignored).lexically_relative(fs::weakly_canonical(root, ignored));
  return name.empty() || name.native().starts_with("..") ? std::string{} : name.generic_string();
}

class loader {
public:
  explicit loader(const std::vector<std::string>& import_dirs)
    : roots_(import_dirs.begin(), import_dirs.end()) {}

  status add_folder(const fs::path& folder) {
    std::error_code failed;
    for (fs::recursive_directory_iterator at{folder, failed}, end; !failed && at != end; at.increment(failed))
      if (at->path().extension() == ".proto" && at->is_regular_file())
        if (auto added = add(at->path().lexically_relative(folder).generic_string(), at->path()); !added.ok())
          return added;
    if (failed) return unavailable("{}: error: {}", folder.string(), failed.message());
    if (files_.empty()) return invalid_argument("{}: error: no .proto file in this folder", folder.string());
    return add_imports();
  }

  status add_file(const fs::path& file) {
    auto folder = file.parent_path();
    if (folder.empty()) folder = ".";
    std::string name;
    for (const auto& root : roots_)
      if (name = relative_name(file, root); !name.empty()) break;
    if (name.empty()) name = file.filename().string();
    roots_.push_back(folder);
    if (auto added = add(name, file); !added.ok()) return added;
    return add_imports();
  }

  result<loaded_contract> finish() && {
    auto source = contract_source::parse(std::move(files_), std::move(imports_));
    if (!source) return status{source.error().code(), with_paths(source.error().message())};
    return loaded_contract{std::move(*source), std::move(paths_)};
  }

private:
  status add(const std::string& name, const fs::path& path) {
    if (files_.size() >= max_contract_files)
      return resource_exhausted("{}: error: more than {} files", path.string(), max_contract_files);
    auto text = read_file(path);
    if (!text) return text.error();
    paths_[name] = path.string();
    files_[name] = std::move(*text);
    return {};
  }

  status add_imports() {
    std::vector<std::string> pending;
    for (const auto& [name, text] : files_)
      for (auto& each : imports_of(text))
        pending.push_back(std::move(each));
    while (!pending.empty()) {
      const auto name = std::move(pending.back());
      pending.pop_back();
      if (files_.contains(name) || imports_.contains(name)) continue;
      const auto path = find_import(name);
      if (!path) continue; // protobuf says so, with the import's place
      if (imports_.size() >= max_contract_files)
        return resource_exhausted("{}: error: more than {} imports", path->string(), max_contract_files);
      auto text = read_file(*path);
      if (!text) return text.error();
      for (auto& each : imports_of(*text))
        pending.push_back(std::move(each));
      paths_[name] = path->string();
      imports_[name] = std::move(*text);
    }
    return {};
  }

  std::optional<fs::path> find_import(const std::string& name) const {
    for (const auto& root : roots_) {
      std::error_code ignored;
      if (auto path = root / name; fs::is_regular_file(path, ignored)) return path;
    }
    return std::nullopt;
  }

  // Complaints begin with import names.
  std::string with_paths(const std::string& complaints) const {
    std::string out;
    std::string_view rest = complaints;
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const auto name = std::string{line.substr(0, line.find(':'))};
      const auto path = paths_.find(name);
      if (!out.empty()) out += '\n';
      out += path == paths_.end() ? std::string{line} : path->second + std::string{line.substr(name.size())};
    }
    return out;
  }

  std::vector<fs::path> roots_;
  text_map files_;
  text_map imports_;
  std::map<std::string, std::string> paths_;
};

} // namespace

source_position loaded_contract::shown(source_position where) const {
  if (const auto path = paths.find(where.file); path != paths.end()) where.file = path->second;
  return where;
}

result<loaded_contract> load_contract(const std::string& path, const std::vector<std::string>& import_dirs) {
  const fs::path given{path};
  std::error_code failed;
  const auto what = fs::status(given, failed);
  if (!fs::exists(what)) return not_found("{}: error: there is no such file or folder", path);
  loader texts{import_dirs};
  if (fs::is_directory(what)) {
    if (auto added = texts.add_folder(given); !added.ok()) return added;
    return std::move(texts).finish();
  }
  if (given.extension() == ".proto") {
    if (auto added = texts.add_file(given); !added.ok()) return added;
    return std::move(texts).finish();
  }
  auto bytes = read_file(given);
  if (!bytes) return bytes.error();
  auto source = contract_source::from_descriptor_set(*bytes, path);
  if (!source) return source.error();
  return loaded_contract{std::move(*source), {}};
}

} // namespace troupe::cli
