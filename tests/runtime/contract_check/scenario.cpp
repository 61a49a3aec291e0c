#include "tests/runtime/contract_check/scenario.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace scenario {

namespace {

namespace fs = std::filesystem;

struct document {
  std::string preamble;
  std::vector<one_case> cases;
};

document parse(const fs::path& path) {
  std::ifstream in{path};
  REQUIRE(in);
  document out;
  std::string* text = &out.preamble;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      out.cases.push_back({line.substr(4), {}, {}});
      text = nullptr;
    } else if (line == "--- expected") {
      text = &out.cases.back().expected;
    } else if (line.starts_with("--- ")) {
      text = &out.cases.back().parts.emplace_back(part{line.substr(4), {}}).text;
    } else {
      REQUIRE(text != nullptr);
      *text += line + "\n";
    }
  }
  // The empty line before the next case belongs to neither.
  for (auto& each : out.cases)
    while (each.expected.ends_with("\n\n") || each.expected == "\n")
      each.expected.pop_back();
  return out;
}

std::string print(const document& what) {
  auto out = what.preamble;
  for (std::size_t i = 0; i < what.cases.size(); ++i) {
    const auto& each = what.cases[i];
    out += (i == 0 ? "" : "\n") + ("=== " + each.name) + "\n";
    for (const auto& part : each.parts)
      out += "--- " + part.name + "\n" + part.text;
    out += "--- expected\n" + each.expected;
  }
  return out;
}

} // namespace

std::map<std::string, std::string> one_case::contract(const std::string& prefix) const {
  std::map<std::string, std::string> out;
  for (const auto& [name, text] : parts) {
    if (name != prefix && !name.starts_with(prefix + " ")) continue;
    const auto file = name == prefix ? std::string{"shop.proto"} : name.substr(prefix.size() + 1);
    const bool complete = text.starts_with("syntax") || text.starts_with("//");
    out[file] = complete
                  ? text
                  : "syntax = \"proto3\"; package shop; import \"google/api/annotations.proto\"; import "
                    "\"google/protobuf/empty.proto\"; import \"troupe/options.proto\";\n"
                      + text;
  }
  return out;
}

void run(const std::string& folder, const std::function<std::string(const one_case&)>& outcome) {
  const auto root = fs::path{TROUPE_TEST_FOLDER} / folder;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{root})
    files.push_back(entry.path());
  std::ranges::sort(files);
  REQUIRE_FALSE(files.empty());
  for (const auto& file : files) {
    auto cases = parse(file);
    REQUIRE_FALSE(cases.cases.empty());
    for (auto& each : cases.cases) {
      const auto got = outcome(each);
      if (std::getenv("TROUPE_REWRITE")) each.expected = got;
      INFO(folder << "/" << file.filename().string() << ": " << each.name);
      CHECK(got == each.expected);
    }
    if (std::getenv("TROUPE_REWRITE")) std::ofstream{file} << print(cases);
  }
}

} // namespace scenario
