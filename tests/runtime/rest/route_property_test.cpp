// The route tree against a matcher that tries every template in turn, on templates and paths made from a
// seed.
#include "runtime/rest/route_tree.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

using namespace troupe;

namespace {

class generator {
public:
  explicit generator(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t limit) {
    auto z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (z ^ z >> 31) % limit;
  }

  std::string make_template() {
    std::string out;
    const auto segments = 1 + below(4);
    for (std::uint64_t i = 0; i < segments; ++i) {
      switch (below(5)) {
      case 0:
        out += "/*";
        break;
      case 1:
        out += "/a";
        break;
      case 2:
        out += "/b";
        break;
      case 3:
        out += fmt::format("/{{v{}}}", i);
        break;
      default:
        if (i + 1 == segments)
          out += "/**";
        else
          out += "/a";
      }
    }
    if (below(4) == 0) out += below(2) ? ":x" : ":y";
    return out;
  }

  std::string make_path() {
    static constexpr const char* pieces[] = {"/a", "/b", "/c", "/", "/a:x", "/c:y", "/%61", "/b:z"};
    std::string out;
    for (auto i = 1 + below(5); i > 0; --i)
      out += pieces[below(std::size(pieces))];
    return out;
  }

private:
  std::uint64_t state_;
};

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> out;
  if (path == "/") return out;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const auto next = path.find('/', at + 1);
    out.emplace_back(path.substr(at + 1, next == std::string_view::npos ? next : next - at - 1));
    at = next;
  }
  return out;
}

// How specific a match is: a digit a segment, the smaller string the better. Empty: no match.
std::string naive_match(const path_template& what, const std::vector<std::string>& segments) {
  std::string out;
  std::size_t i = 0;
  for (const auto& segment : what.segments) {
    if (segment.kind == segment_kind::rest) return out + "3";
    if (i == segments.size()) return {};
    const auto text = segments[i] == "%61" ? "a" : segments[i];
    if (segment.kind == segment_kind::literal ? text != segment.text : segments[i].empty()) return {};
    out += segment.kind == segment_kind::literal ? "1" : "2";
    ++i;
  }
  return i == segments.size() ? out + "0" : std::string{};
}

} // namespace

TEST_CASE("property: the tree finds the most specific template, and only templates that match") {
  std::size_t matches = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    generator random{seed};
    std::map<std::string, std::unique_ptr<rest_route>> routes; // by shape
    for (int i = 0; i < 12; ++i) {
      auto route = std::make_unique<rest_route>();
      route->binding.http_method = "GET";
      route->binding.path = parse_path_template(random.make_template()).value();
      routes.try_emplace(route->binding.path.shape(), std::move(route));
    }
    route_tree tree;
    for (const auto& [shape, route] : routes)
      tree.add(*route);
    tree.finish();

    for (int i = 0; i < 100; ++i) {
      const auto path = random.make_path();
      const path_pieces whole{path};
      for (const bool with_verb : {false, true}) {
        if (with_verb && whole.verb().empty()) continue;
        const auto pieces = with_verb ? whole.without_verb() : whole;
        const std::string verb{with_verb ? whole.verb() : std::string_view{}};
        auto plain = path;
        if (with_verb) plain.resize(plain.size() - verb.size() - 1);

        std::vector<std::string> expected;
        for (const auto& [shape, route] : routes)
          if (const auto score = naive_match(route->binding.path, split(plain));
              !score.empty() && route->binding.path.verb == verb)
            expected.push_back(score + shape);
        std::sort(expected.begin(), expected.end());

        std::vector<std::string> found;
        tree.find(pieces, verb, [&](const rest_route& route) {
          found.push_back(naive_match(route.binding.path, split(plain)) + route.binding.path.shape());
          return false;
        });
        INFO("seed " << seed << ", path " << path << ", verb " << verb);
        REQUIRE(found == expected);
        matches += found.size();
      }
    }
  }
  CHECK(matches > 10'000); // the sample is not all misses
}
