// What is generated, as files that a reviewer reads. TROUPE_REWRITE=1 in the environment writes them anew.
#include "apps/protoc_gen_troupe/render.hpp"
#include "runtime/contract_check/contract_source.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace {

const std::filesystem::path folder = TROUPE_TEST_FOLDER;

std::string read(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::map<std::string, std::string> contracts() {
  std::map<std::string, std::string> out;
  const auto root = folder / "contracts";
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root})
    if (entry.path().extension() == ".proto")
      out[entry.path().lexically_relative(root).string()] = read(entry.path());
  return out;
}

void compare(const std::string& name, const std::string& text) {
  const auto path = folder / "golden" / name;
  if (std::getenv("TROUPE_REWRITE")) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << text;
  }
  INFO("differs from golden/" << name << "; run the test with TROUPE_REWRITE=1 and review the difference");
  CHECK(text == read(path));
}

} // namespace

TEST_CASE("generated code is what the golden files show") {
  const auto source = troupe::contract_source::parse(contracts());
  REQUIRE(source.has_value());
  REQUIRE(source->files().size() == 4);
  int with_services = 0;
  for (const auto* file : source->files()) {
    if (file->service_count() == 0) continue;
    ++with_services;
    const auto stem = file->name().substr(0, file->name().size() - 6);
    compare(stem + ".troupe.hpp", troupe::codegen::render_header(*file));
    compare(stem + ".troupe.cpp", troupe::codegen::render_source(*file));
  }
  CHECK(with_services == 3);
}

TEST_CASE("generated code is the same every time") {
  const auto once = troupe::contract_source::parse(contracts());
  const auto twice = troupe::contract_source::parse(contracts());
  for (std::size_t i = 0; i < once->files().size(); ++i) {
    if (once->files()[i]->service_count() == 0) continue;
    CHECK(troupe::codegen::render_source(*once->files()[i])
          == troupe::codegen::render_source(*twice->files()[i]));
  }
}
