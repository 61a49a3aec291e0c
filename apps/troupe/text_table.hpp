// Rows of texts as aligned columns. Pure.
#pragma once

#include <string>
#include <vector>

namespace troupe::cli {

class text_table {
public:
  // The head, one word a column.
  explicit text_table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  // As many texts as the head has; an empty one is shown as "-".
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // Each line with a line feed, no spaces at its end.
  std::string to_string() const;

private:
  std::vector<std::vector<std::string>> rows_;
};

} // namespace troupe::cli
