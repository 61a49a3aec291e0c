#include "apps/troupe/contract_files.hpp"
#include "tests/apps/troupe/shell.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

using namespace troupe;
using cli::load_contract;

namespace {

std::vector<std::string> names_of(const result<cli::loaded_contract>& contract) {
  std::vector<std::string> out;
  if (!contract) return {contract.error().message()};
  for (const auto* file : contract->source.files())
    out.push_back(file->name());
  return out;
}

using names = std::vector<std::string>;

} // namespace

TEST_CASE("a folder is all contracts in it, named from the folder") {
  shell::folder folder;
  folder.write("a.proto", "syntax = \"proto3\"; import \"b/c.proto\"; message A { b.C c = 1; }");
  folder.write("b/c.proto", "syntax = \"proto3\"; package b; message C {}");
  folder.write("b/readme.txt", "no contract");
  const auto contract = load_contract(folder / "", {});
  CHECK(names_of(contract) == names{"a.proto", "b/c.proto"});
  CHECK(contract->shown({"b/c.proto", 3, 1}).to_string() == folder / "b/c.proto" + ":3:1");
  CHECK(contract->shown({"other.proto", 3, 1}).to_string() == "other.proto:3:1");
}

TEST_CASE("a file is named from its folder, and finds its neighbours") {
  shell::folder folder;
  const auto a =
    folder.write("shop/a.proto", "syntax = \"proto3\"; import public \"b.proto\"; message A { B b = 1; }");
  folder.write("shop/b.proto", "syntax = \"proto3\"; import 'c.proto'; message B { C c = 1; }");
  folder.write("shop/c.proto", "syntax = \"proto3\"; // import \"nothing.proto\";\nmessage C {}");
  CHECK(names_of(load_contract(a, {})) == names{"a.proto"});
}

TEST_CASE("a file below an import folder is named from there") {
  shell::folder folder;
  const auto a =
    folder.write("root/shop/a.proto", "syntax = \"proto3\"; import \"lib/b.proto\"; message A { B b = 1; }");
  folder.write("other/lib/b.proto", "syntax = \"proto3\"; message B {}");
  CHECK(names_of(load_contract(a, {folder / "other", folder / "root"})) == names{"shop/a.proto"});
  CHECK(names_of(load_contract(a, {folder / "root"}))
        == names{"lib/b.proto: error: file not found\n" + a
                 + ":1:20: error: Import \"lib/b.proto\" was not found or had errors.\n" + a
                 + ":1:54: error: \"B\" is not defined."});
}

TEST_CASE("google's and troupe's own files are always found") {
  shell::folder folder;
  const auto a =
    folder.write("a.proto", "syntax = \"proto3\"; import \"google/api/annotations.proto\"; import "
                            "\"google/protobuf/timestamp.proto\"; import \"troupe/options.proto\"; import "
                            "\"google/rpc/status.proto\"; message A { google.protobuf.Timestamp at = 1; }");
  CHECK(names_of(load_contract(a, {})) == names{"a.proto"});
}

TEST_CASE("any other file is a descriptor set") {
  shell::folder folder;
  google::protobuf::FileDescriptorSet set;
  set.add_file()->set_name("shop/a.proto");
  const auto path = folder.write("a.binpb", set.SerializeAsString());
  CHECK(names_of(load_contract(path, {})) == names{"shop/a.proto"});
  const auto text = folder.write("notes.txt", "no descriptors");
  CHECK(names_of(load_contract(text, {}))[0].starts_with(text + ": error: not a file descriptor set; fix: "));
}

TEST_CASE("an empty folder is no contract") {
  shell::folder folder;
  CHECK(names_of(load_contract(folder / "", {}))
        == names{folder / "" + ": error: no .proto file in this folder"});
}
