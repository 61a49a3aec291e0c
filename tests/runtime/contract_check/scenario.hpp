// Scenarios as text files: cases that read as documents, with what is expected of each below it.
//
//   # why these cases exist
//   === the name of a case
//   --- contract            (any number of named parts)
//   message M {}
//   --- expected
//   ...
//
// TROUPE_REWRITE=1 in the environment writes the expected parts anew; review reads the difference.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace scenario {

struct part {
  std::string name;
  std::string text;
};

struct one_case {
  std::string name;
  std::vector<part> parts; // without the expected one
  std::string expected;

  // The texts of the parts "PREFIX" and "PREFIX FILE", as contracts: a part without a file's name is
  // shop.proto, one that does not say `syntax` gets a first line with syntax, package and the usual imports.
  std::map<std::string, std::string> contract(const std::string& prefix) const;
};

// Runs every case of every file in a folder below the tests' own, and compares.
void run(const std::string& folder, const std::function<std::string(const one_case&)>& outcome);

} // namespace scenario
