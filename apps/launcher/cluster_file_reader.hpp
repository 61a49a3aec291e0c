// Takes values out of a YAML tree and collects what is wrong with them, each with its place. Internal to
// apps/launcher. Pure.
#pragma once

#include "runtime/configuration/yaml_document.hpp"
#include "runtime/core/result.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::launcher {

class cluster_file_reader {
public:
  // `file` is named in each complaint.
  explicit cluster_file_reader(std::string_view file) : file_(file) {}

  // Each of the following complains when the value is not what it must be, and gives an empty one.

  // Whether it is a mapping without keys that are there twice, and, if any are named, with none but `known`
  // ones.
  bool is_mapping(const yaml_node& at, std::string_view what,
                  std::initializer_list<std::string_view> known = {});
  const yaml_node* required(const yaml_node& in, std::string_view key, std::string_view meaning);
  std::string text(const yaml_node& at, std::string_view what);
  std::int64_t number(const yaml_node& at, std::string_view what, std::int64_t least, std::int64_t most);
  // A list of texts, none of them empty.
  std::vector<std::string> words(const yaml_node& at, std::string_view what);

  // The value of a key, or null.
  static const yaml_node* find(const yaml_node& in, std::string_view key) noexcept;

  void complain(text_position at, std::string_view what);
  bool failed() const noexcept { return count_ > 0; }
  // All complaints, in the order of the file.
  status failure() const;

private:
  struct complaint {
    text_position at;
    std::string line;
  };

  std::string file_;
  std::vector<complaint> complaints_;
  std::size_t count_ = 0;
};

} // namespace troupe::launcher
