#include "runtime/configuration/yaml_document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

namespace troupe {
namespace {

text_position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

// The place of an error of the parser. Its line and column are wrong at the end of a text, its offset is
// right.
text_position position_of(const YAML::Mark& mark, std::string_view text) {
  if (mark.is_null()) return {};
  text_position out;
  const auto end = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text.size());
  for (const char c : text.substr(0, end)) {
    ++out.column;
    if (c == '\n') out = {out.line + 1, 1};
  }
  return out;
}

// Builds the tree from the parser's events. Errors leave by an exception of our own, because the parser has
// no other way to be stopped; parse_yaml() catches it.
class builder final : public YAML::EventHandler {
public:
  yaml_node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    yaml_node node;
    node.at = position_of(mark);
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw yaml_error{position_of(mark), "an alias refers to the value it is part of"};
    count(size_of(found->second), position_of(mark));
    if (open_.size() + depth_of(found->second) > max_yaml_depth) too_deep(position_of(mark));
    yaml_node copy = found->second;
    copy.at = position_of(mark);
    place(std::move(copy));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    yaml_node node;
    node.kind = yaml_node::type::scalar;
    node.at = position_of(mark);
    node.text = value;
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(yaml_node::type::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(yaml_node::type::mapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

private:
  struct level {
    yaml_node node;
    YAML::anchor_t anchor = 0;
    std::optional<yaml_node> key; // of a mapping: the key whose value comes next
  };

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    // "?" is a plain value, "!" a quoted one.
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw yaml_error{position_of(mark), fmt::format("tags are not supported (here {})", tag)};
  }

  [[noreturn]] static void too_deep(text_position at) {
    throw yaml_error{at, fmt::format("nested more than {} levels deep", max_yaml_depth)};
  }

  void count(std::size_t nodes, text_position at) {
    nodes_ += nodes;
    if (nodes_ > max_yaml_nodes) {
      throw yaml_error{
        at, fmt::format("more than {} values (aliases count as often as they are used)", max_yaml_nodes)};
    }
  }

  static std::size_t size_of(const yaml_node& node) {
    std::size_t out = 1;
    for (const auto& item : node.items)
      out += size_of(item);
    for (const auto& entry : node.entries)
      out += 1 + size_of(entry.value);
    return out;
  }
  static std::size_t depth_of(const yaml_node& node) {
    std::size_t out = 0;
    for (const auto& item : node.items)
      out = std::max(out, 1 + depth_of(item));
    for (const auto& entry : node.entries)
      out = std::max(out, 1 + depth_of(entry.value));
    return out;
  }

  void open(yaml_node::type kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    check_tag(mark, tag);
    count(1, position_of(mark));
    if (open_.size() == max_yaml_depth) too_deep(position_of(mark));
    level next;
    next.node.kind = kind;
    next.node.at = position_of(mark);
    next.anchor = anchor;
    open_.push_back(std::move(next));
  }

  void close() {
    level done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != 0) anchors_[done.anchor] = done.node;
    place(std::move(done.node));
  }

  void add(yaml_node node, YAML::anchor_t anchor) {
    count(1, node.at);
    if (anchor != 0) anchors_[anchor] = node;
    place(std::move(node));
  }

  // Puts a finished node where it belongs.
  void place(yaml_node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    level& parent = open_.back();
    if (parent.node.kind == yaml_node::type::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      if (node.kind != yaml_node::type::scalar) throw yaml_error{node.at, "a key must be a plain word"};
      if (node.text == "<<") throw yaml_error{node.at, "merge keys (<<) are not supported"};
      parent.key = std::move(node);
    } else {
      // The parser finds out at the next token that a value is missing; its key is where a reader looks.
      if (node.kind == yaml_node::type::null) node.at = parent.key->at;
      parent.node.entries.push_back({std::move(parent.key->text), parent.key->at, std::move(node)});
      parent.key.reset();
    }
  }

  yaml_node root_;
  std::vector<level> open_;
  std::map<YAML::anchor_t, yaml_node> anchors_;
  std::size_t nodes_ = 0;
};

class nothing final : public YAML::EventHandler {
public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    throw yaml_error{position_of(mark), "a second document in the same file"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

} // namespace

boost::system::result<yaml_node, yaml_error> parse_yaml(std::string_view text) {
  if (text.size() > max_yaml_bytes) return yaml_error{{}, fmt::format("more than {} bytes", max_yaml_bytes)};
  std::istringstream stream{std::string{text}};
  try {
    YAML::Parser parser{stream};
    builder tree;
    parser.HandleNextDocument(tree);
    nothing more;
    parser.HandleNextDocument(more);
    return tree.take();
  } catch (const yaml_error& error) {
    return error;
  } catch (const YAML::Exception& error) {
    return yaml_error{position_of(error.mark, text), fmt::format("not valid YAML: {}", error.msg)};
  }
}

} // namespace troupe
