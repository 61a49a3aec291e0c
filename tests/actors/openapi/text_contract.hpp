// Contracts from the text of a .proto file, so that a test shows the contract that it is about.
#pragma once

#include "runtime/contract/service_info.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace troupe::testing {

// The services of one file, with descriptors and comments as protoc-gen-troupe gives them. Imports are taken
// from the files that are linked into the test ("google/api/annotations.proto", "troupe/options.proto", ...).
class text_contract {
public:
  // Fails the test case, with protoc's own messages, when the text is no valid file.
  explicit text_contract(const std::string& text);
  ~text_contract();
  text_contract(const text_contract&) = delete;
  text_contract& operator=(const text_contract&) = delete;

  const std::vector<const service_info*>& services() const { return services_; }

private:
  struct parsed;
  std::unique_ptr<parsed> parsed_;
  std::vector<const service_info*> services_;
  std::vector<std::size_t> slots_;
};

} // namespace troupe::testing
