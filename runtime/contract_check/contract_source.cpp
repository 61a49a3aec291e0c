#include "runtime/contract_check/contract_source.hpp"

#include "google/api/annotations.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "troupe/options.pb.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/api.pb.h>
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <algorithm>

namespace troupe {

namespace pb = google::protobuf;

namespace {

// Linkers drop what nothing refers to; these references keep the descriptors that contracts import.
void link_known_files() {
  (void)google::api::HttpRule::descriptor();
  (void)google::rpc::Status::descriptor();
  (void)google::rpc::BadRequest::descriptor();
  (void)troupe::EntityOptions::descriptor();
  (void)pb::Any::descriptor();
  (void)pb::Api::descriptor();
  (void)pb::Duration::descriptor();
  (void)pb::Empty::descriptor();
  (void)pb::FieldMask::descriptor();
  (void)pb::Struct::descriptor();
  (void)pb::Timestamp::descriptor();
  (void)pb::StringValue::descriptor();
}

class text_tree final : public pb::compiler::SourceTree {
public:
  using texts = std::map<std::string, std::string>;
  text_tree(texts files, texts imports) : files_(std::move(files)), imports_(std::move(imports)) {}

  pb::io::ZeroCopyInputStream* Open(const std::string& name) override {
    for (const auto* texts : {&files_, &imports_})
      if (const auto found = texts->find(name); found != texts->end())
        return new pb::io::ArrayInputStream(found->second.data(), static_cast<int>(found->second.size()));
    return nullptr;
  }

  std::string GetLastErrorMessage() override { return "file not found"; }

private:
  texts files_;
  texts imports_;
};

class error_list final : public pb::compiler::MultiFileErrorCollector,
                         public pb::DescriptorPool::ErrorCollector {
public:
  void AddError(const std::string& file, int line, int column, const std::string& message) override {
    auto where = file;
    if (line >= 0) where += ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1);
    add(where + ": error: " + message);
  }

  // Of files that came without their text.
  void AddError(const std::string& file, const std::string& element, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    add(file + ": error: " + element + ": " + message);
  }

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }

private:
  void add(const std::string& line) {
    // protobuf repeats an error for each way that leads to the file.
    if (("\n" + text_ + "\n").find("\n" + line + "\n") != std::string::npos) return;
    if (!text_.empty()) text_ += '\n';
    text_ += line;
  }

  std::string text_;
};

bool known_file(const std::string& name) {
  return pb::DescriptorPool::generated_pool()->FindFileByName(name) != nullptr
         && (name.starts_with("google/") || name.starts_with("troupe/"));
}

// The files of a descriptor set. Unlike protobuf's own databases it leaves conflicts between them to the
// pool, which reports them instead of logging them.
class set_files final : public pb::DescriptorDatabase {
public:
  bool add(const pb::FileDescriptorProto& file) { return files_.emplace(file.name(), file).second; }
  bool FindFileByName(const std::string& name, pb::FileDescriptorProto* out) override {
    const auto found = files_.find(name);
    if (found == files_.end()) return false;
    *out = found->second;
    return true;
  }
  bool FindFileContainingSymbol(const std::string&, pb::FileDescriptorProto*) override { return false; }
  bool FindFileContainingExtension(const std::string&, int, pb::FileDescriptorProto*) override {
    return false;
  }

private:
  std::map<std::string, pb::FileDescriptorProto> files_;
};

// The files that this program knows, for imports that nobody else has.
class known_files final : public pb::DescriptorDatabase {
public:
  bool FindFileByName(const std::string& name, pb::FileDescriptorProto* out) override {
    if (!known_file(name)) return false;
    pb::DescriptorPool::generated_pool()->FindFileByName(name)->CopyTo(out);
    return true;
  }
  bool FindFileContainingSymbol(const std::string&, pb::FileDescriptorProto*) override { return false; }
  bool FindFileContainingExtension(const std::string&, int, pb::FileDescriptorProto*) override {
    return false;
  }
};

std::size_t size_of(const std::map<std::string, std::string>& texts) {
  std::size_t bytes = 0;
  for (const auto& [name, text] : texts)
    bytes += text.size();
  return bytes;
}

status too_large(const std::string& what) {
  return resource_exhausted("{} has more than {} files or {} bytes", what, max_contract_files,
                            max_contract_bytes);
}

} // namespace

struct contract_source::pool {
  known_files known;
  error_list errors;
  set_files set;
  std::unique_ptr<text_tree> tree;
  std::unique_ptr<pb::compiler::SourceTreeDescriptorDatabase> texts;
  std::unique_ptr<pb::MergedDescriptorDatabase> merged;
  std::unique_ptr<pb::DescriptorPool> descriptors;
  std::vector<const pb::FileDescriptor*> files;
};

contract_source::contract_source(std::unique_ptr<pool> owned) noexcept : pool_(std::move(owned)) {}
contract_source::~contract_source() = default;
contract_source::contract_source(contract_source&&) noexcept = default;
contract_source& contract_source::operator=(contract_source&&) noexcept = default;

const std::vector<const pb::FileDescriptor*>& contract_source::files() const noexcept { return pool_->files; }

result<contract_source> contract_source::parse(std::map<std::string, std::string> files,
                                               std::map<std::string, std::string> imports) {
  link_known_files();
  if (files.size() + imports.size() > max_contract_files
      || size_of(files) + size_of(imports) > max_contract_bytes)
    return too_large("the contract");
  std::vector<std::string> names;
  for (const auto& [name, text] : files)
    names.push_back(name);
  auto made = std::make_unique<pool>();
  made->tree = std::make_unique<text_tree>(std::move(files), std::move(imports));
  made->texts = std::make_unique<pb::compiler::SourceTreeDescriptorDatabase>(made->tree.get(), &made->known);
  made->texts->RecordErrorsTo(&made->errors);
  made->descriptors =
    std::make_unique<pb::DescriptorPool>(made->texts.get(), made->texts->GetValidationErrorCollector());
  for (const auto& name : names)
    if (const auto* file = made->descriptors->FindFileByName(name)) made->files.push_back(file);
  if (!made->errors.empty()) return invalid_argument("{}", made->errors.text());
  return contract_source{std::move(made)};
}

result<contract_source> contract_source::from_descriptor_set(const std::string& bytes,
                                                             const std::string& name) {
  link_known_files();
  if (bytes.size() > max_contract_bytes) return too_large(name);
  pb::FileDescriptorSet set;
  if (!set.ParseFromString(bytes) || set.file_size() == 0 || !set.unknown_fields().empty())
    return invalid_argument(
      "{}: error: not a file descriptor set; fix: make one with `protoc --include_imports "
      "--include_source_info --descriptor_set_out={} ...`",
      name, name);
  if (static_cast<std::size_t>(set.file_size()) > max_contract_files) return too_large(name);
  auto made = std::make_unique<pool>();
  std::vector<std::string> names;
  for (const auto& file : set.file()) {
    // Built from our own copy, so that options mean the same on both sides of a comparison.
    if (known_file(file.name())) continue;
    if (!made->set.add(file)) return invalid_argument("{}: error: {} is in the set twice", name, file.name());
    names.push_back(file.name());
  }
  made->merged = std::make_unique<pb::MergedDescriptorDatabase>(&made->set, &made->known);
  made->descriptors = std::make_unique<pb::DescriptorPool>(made->merged.get(), &made->errors);
  std::ranges::sort(names);
  for (const auto& file : names)
    if (const auto* found = made->descriptors->FindFileByName(file)) made->files.push_back(found);
  if (!made->errors.empty()) return invalid_argument("{}", made->errors.text());
  return contract_source{std::move(made)};
}

} // namespace troupe
