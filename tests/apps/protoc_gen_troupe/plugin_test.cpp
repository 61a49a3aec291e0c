// The program protoc-gen-troupe, run by protoc as a build runs it.
#include <catch2/catch.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

// A folder that is gone after the test.
class scratch_folder {
public:
  scratch_folder() {
    auto name = (fs::temp_directory_path() / "troupe_plugin_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~scratch_folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream{path_ / name} << text; }
  const fs::path& path() const { return path_; }

private:
  fs::path path_;
};

struct outcome {
  int code;
  std::string output;
};

outcome protoc(const scratch_folder& folder, const std::string& arguments) {
  const auto command = "cd '" + folder.path().string()
                       + "' && protoc -I. -I'" TROUPE_PROTO_FOLDER
                         "' --plugin=protoc-gen-troupe='" TROUPE_PROTOC_GEN_TROUPE "' --troupe_out=. "
                       + arguments + " 2>&1";
  auto* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4096> part;
  while (const auto got = fread(part.data(), 1, part.size(), pipe))
    output.append(part.data(), got);
  return {WEXITSTATUS(pclose(pipe)), output};
}

} // namespace

TEST_CASE("a file with services gives a header and a source, a file without gives nothing") {
  scratch_folder folder;
  folder.write("a.proto",
               "syntax = \"proto3\"; package a; message M {} service S { rpc Do(M) returns (M); }");
  folder.write("b.proto", "syntax = \"proto3\"; package b; message M { optional int32 x = 1; }");
  const auto ran = protoc(folder, "a.proto b.proto");
  CHECK(ran.output == "");
  CHECK(ran.code == 0);
  CHECK(fs::exists(folder.path() / "a.troupe.hpp"));
  CHECK(fs::exists(folder.path() / "a.troupe.cpp"));
  CHECK_FALSE(fs::exists(folder.path() / "b.troupe.hpp"));
  CHECK_FALSE(fs::exists(folder.path() / "b.troupe.cpp"));
}

TEST_CASE("a bad contract stops the build with file, line, column and fix, and nothing is written") {
  scratch_folder folder;
  folder.write("a.proto", "syntax = \"proto3\";\n"
                          "package a;\n"
                          "message M {}\n"
                          "service S {\n"
                          "  rpc DoThis(M) returns (M);\n"
                          "  rpc Do_This(M) returns (M);\n"
                          "}\n");
  const auto ran = protoc(folder, "a.proto");
  CHECK(ran.code == 1);
  CHECK(ran.output
        == "--troupe_out: 1 error in the contract\n"
           "a.proto:6:3: error: a.S.Do_This: its function would be do_this(), like that of DoThis (line 5); "
           "fix: rename "
           "one of the two RPCs\n");
  CHECK_FALSE(fs::exists(folder.path() / "a.troupe.hpp"));
}

TEST_CASE("a doubtful contract is generated, with a warning") {
  scratch_folder folder;
  folder.write("a.proto", "syntax = \"proto3\"; message M {} service S { rpc Do(M) returns (M); }");
  const auto ran = protoc(folder, "a.proto");
  CHECK(ran.code == 0);
  CHECK(ran.output
        == "a.proto:1:33: warning: a.proto: without a package, the service's name must be unique in the "
           "whole system; "
           "fix: add a line like `package shop;`\n");
  CHECK(fs::exists(folder.path() / "a.troupe.hpp"));
}

TEST_CASE("with import folders, problems name files by their paths") {
  scratch_folder folder;
  fs::create_directories(folder.path() / "b,c");
  folder.write("b,c/a.proto", "syntax = \"proto3\"; package a;\nmessage M {}\n"
                              "service S { rpc Do(M) returns (M); rpc do(M) returns (M); }");
  const auto ran =
    protoc(folder, "-Ib,c --troupe_opt=import_dir=nowhere --troupe_opt=import_dir=b,c a.proto");
  CHECK(ran.code == 1);
  CHECK(ran.output
        == "--troupe_out: 1 error in the contract\n"
           "b,c/a.proto:3:36: error: a.S.do: its function would be do_(), like that of Do (line 3); fix: "
           "rename one of "
           "the two RPCs\n");
}

TEST_CASE("an unknown option is refused") {
  scratch_folder folder;
  folder.write("a.proto", "syntax = \"proto3\"; message M {}");
  const auto ran = protoc(folder, "--troupe_opt=fast a.proto");
  CHECK(ran.code == 1);
  CHECK(ran.output.find("unknown option \"fast\"") != std::string::npos);
}
