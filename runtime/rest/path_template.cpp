#include "runtime/rest/path_template.hpp"

#include "runtime/rest/percent_encoding.hpp"

namespace troupe {

namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

// RFC 3986 pchar without ":", "*" and what templates use themselves; escapes are checked when decoding.
bool is_literal_part(char c) {
  return is_name_part(c) || std::string_view{"-.~%!$&'()+,;@"}.find(c) != std::string_view::npos;
}

// A recursive descent over the grammar in google/api/http.proto.
class template_parser {
public:
  explicit template_parser(std::string_view text) : text_(text) {}

  result<path_template> parse() {
    if (!take('/')) return error("a path template starts with \"/\"");
    if (at_end()) return std::move(out_);
    if (auto bad = segments(false); !bad.ok()) return bad;
    if (take(':')) {
      if (auto bad = verb(); !bad.ok()) return bad;
    }
    if (!at_end()) return error(unexpected());
    for (std::size_t i = 0; i + 1 < out_.segments.size(); ++i)
      if (out_.segments[i].kind == segment_kind::rest)
        return invalid_argument("path template \"{}\": \"**\" must be the last segment", text_);
    return std::move(out_);
  }

private:
  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (peek() != c || at_end()) return false;
    ++at_;
    return true;
  }

  status error(std::string_view what) const {
    return invalid_argument("path template \"{}\", position {}: {}", text_, at_ + 1, what);
  }

  std::string unexpected() const {
    return at_end() ? std::string{"it ends too early"} : fmt::format("unexpected \"{}\"", text_[at_]);
  }

  status segments(bool inside_variable) {
    do {
      if (auto bad = segment(inside_variable); !bad.ok()) return bad;
    } while (take('/'));
    return {};
  }

  status segment(bool inside_variable) {
    if (out_.segments.size() == max_template_segments)
      return error(fmt::format("more than {} segments", max_template_segments));
    if (peek() == '{') {
      if (inside_variable) return error("variables cannot be nested");
      return variable();
    }
    if (take('*')) {
      out_.segments.push_back({take('*') ? segment_kind::rest : segment_kind::single, {}});
      if (peek() == '*') return error("write \"*\" or \"**\"");
      return {};
    }
    path_segment literal{segment_kind::literal, {}};
    if (auto bad = take_literal(literal.text); !bad.ok()) return bad;
    out_.segments.push_back(std::move(literal));
    return {};
  }

  status take_literal(std::string& into) {
    const auto start = at_;
    while (!at_end() && is_literal_part(text_[at_]))
      ++at_;
    if (at_ == start) {
      if (at_end() || peek() == '/' || peek() == ':') return error("a segment is empty");
      return error(unexpected());
    }
    auto decoded = percent_decode(text_.substr(start, at_ - start));
    if (!decoded) return error("a \"%\" is not followed by two hexadecimal digits");
    if (decoded->find('/') != std::string::npos)
      return error("an escaped \"/\" in a literal can never match a segment");
    into = std::move(*decoded);
    return {};
  }

  status variable() {
    if (out_.variables.size() == max_template_variables)
      return error(fmt::format("more than {} variables", max_template_variables));
    take('{');
    path_variable var;
    do {
      const auto start = at_;
      if (!is_name_start(peek())) return error("a field name is expected, such as {order_id} or {order.id}");
      while (is_name_part(peek()))
        ++at_;
      var.fields.emplace_back(text_.substr(start, at_ - start));
    } while (take('.'));
    for (const auto& field : var.fields)
      var.field_path += (var.field_path.empty() ? "" : ".") + field;
    for (const auto& other : out_.variables)
      if (other.field_path == var.field_path)
        return error(fmt::format("\"{}\" is bound twice", var.field_path));

    var.first_segment = out_.segments.size();
    if (take('=')) {
      if (auto bad = segments(true); !bad.ok()) return bad;
    } else {
      out_.segments.push_back({segment_kind::single, {}});
      if (out_.segments.size() > max_template_segments)
        return error(fmt::format("more than {} segments", max_template_segments));
    }
    if (!take('}')) return error(at_end() ? std::string{"a \"}\" is missing"} : unexpected());
    var.segment_count = out_.segments.size() - var.first_segment;
    var.several_segments = var.segment_count > 1 || out_.segments.back().kind == segment_kind::rest;
    out_.variables.push_back(std::move(var));
    return {};
  }

  status verb() {
    if (at_end()) return error("a verb is missing after \":\"");
    return take_literal(out_.verb);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  path_template out_;
};

// What a literal looks like in a template; keeps what take_literal() accepts plainly.
std::string literal_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '%' && is_literal_part(c))
      out.push_back(c);
    else
      out += percent_encode({&c, 1});
  }
  return out;
}

std::string segment_text(const path_segment& segment) {
  switch (segment.kind) {
  case segment_kind::literal:
    return literal_text(segment.text);
  case segment_kind::single:
    return "*";
  case segment_kind::rest:
    return "**";
  }
  return {};
}

std::string write_template(const path_template& what, bool with_variables) {
  std::string out;
  auto variable = what.variables.begin();
  std::size_t variable_ends = 0; // one past the segments of the variable being written; 0: none is
  for (std::size_t i = 0; i < what.segments.size(); ++i) {
    out += '/';
    if (with_variables && variable != what.variables.end() && variable->first_segment == i) {
      out += '{' + variable->field_path;
      if (variable->segment_count == 1 && what.segments[i].kind == segment_kind::single) {
        out += '}';
        ++variable;
        continue;
      }
      out += '=';
      variable_ends = i + variable->segment_count;
      ++variable;
    }
    out += segment_text(what.segments[i]);
    if (variable_ends == i + 1) out += '}';
  }
  if (out.empty()) out = "/";
  if (!what.verb.empty()) out += ':' + literal_text(what.verb);
  return out;
}

} // namespace

std::string path_template::to_string() const { return write_template(*this, true); }
std::string path_template::shape() const { return write_template(*this, false); }

result<path_template> parse_path_template(std::string_view text) { return template_parser{text}.parse(); }

} // namespace troupe
