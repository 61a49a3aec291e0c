#include "runtime/trace_diagram/markup.hpp"
#include "runtime/trace_diagram/trace_diagram.hpp"
#include "tests/runtime/trace_diagram/events.hpp"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>

#include <sstream>

using namespace troupe;
using namespace troupe::test;

namespace {

boost::property_tree::ptree parsed(const std::string& xml) {
  std::istringstream in{xml};
  boost::property_tree::ptree out;
  boost::property_tree::read_xml(in, out);
  return out;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

selected_trace rich() {
  return selection_of({"0 boot a", "0 boot b", "1 send a b #1 stream.bytes", "2 receive a b #1 x",
                       "3 pause a", "4 log b log hello", "5 fault - partition 5us for 1s partition a | b",
                       "6 send b a #2 x", "6 drop b a #2 partition", "7 resume a", "8 crash b - killed",
                       "9 timer a tick", "10 deliver a shop.Orders.Get request"});
}

} // namespace

TEST_CASE("text cannot break out of the markup") {
  CHECK(markup_escape("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  CHECK(markup_escape("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n\t")
        == "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n\t");
  const std::string nothing = "\xEF\xBF\xBD";
  CHECK(markup_escape(std::string_view{"\0\x1B\x7F", 2}) == nothing + nothing);
  CHECK(markup_escape("\xC0\xAF") == nothing + nothing);               // overlong
  CHECK(markup_escape("\xED\xA0\x80") == nothing + nothing + nothing); // surrogate
  CHECK(markup_escape("\xE2\x80\xAE") == nothing + nothing + nothing); // right-to-left override
  CHECK(markup_escape("\xEF\xBF\xBF") == nothing + nothing + nothing); // not a character
  CHECK(markup_escape("\xF4\x90\x80\x80") == nothing + nothing + nothing + nothing);
  CHECK(markup_escape("\xE2\x82") == nothing + nothing); // cut off
}

TEST_CASE("an SVG is well-formed and contains what happened") {
  const auto svg = draw_svg(rich(), "Seed <17>");
  const auto tree = parsed(svg);
  CHECK(tree.get<std::string>("svg.title") == "Seed <17>");
  for (const auto* part : {"message arrived", "message lost", "mark timer", "mark fault", "mark crash",
                           "mark log", "Orders.Get request", "class=\"paused\"", "class=\"down\"",
                           "class=\"bar\"", "13 events from", "prefers-color-scheme: dark"})
    CHECK(has(svg, part));
}

TEST_CASE("drawings need no other file and run nothing") {
  for (const auto& drawn : {draw_svg(rich(), "t"), draw_html(rich(), "t")}) {
    CHECK_FALSE(has(drawn, "<script"));
    CHECK_FALSE(has(drawn, "href"));
    CHECK_FALSE(has(drawn, "url("));
    CHECK_FALSE(has(drawn, "@import"));
    CHECK_FALSE(has(drawn, "src="));
  }
  CHECK(has(draw_html(rich(), "t"), "default-src 'none'"));
}

TEST_CASE("hostile names and details stay text") {
  auto trace = rich();
  trace.nodes[0].name = "<script>alert(1)</script>";
  for (auto& each : trace.events) {
    if (each.node == "a") each.node = trace.nodes[0].name;
    each.detail = "\"><img src=x onerror=alert(1)>";
    each.name = "'</title><script>";
  }
  const auto html = draw_html(trace, "<script>");
  CHECK_FALSE(has(html, "<script"));
  CHECK_FALSE(has(html, "<img"));
  CHECK_NOTHROW(parsed(draw_svg(trace, "]]>")));
}

TEST_CASE("what is left out is said") {
  std::vector<std::string> lines{"0 boot a", "0 boot b", "1 run b x"};
  for (int i = 0; i < 100; ++i)
    lines.push_back(std::to_string(i) + " timer a t" + std::to_string(i));
  const auto some = selection_of(lines, {.events = 10, .around = duration{50'000}, .nodes = {"a"}});
  const auto said = omissions(some);
  REQUIRE(said.size() == 3);
  CHECK(said[0] == "Left out: 47 events before and 44 events after these.");
  CHECK(said[1] == "Hidden by choice of nodes, kinds or sizes: 2 events.");
  CHECK(said[2] == "Without a lifeline of their own: b.");
  for (const auto& drawn : {draw_svg(some, "t"), draw_html(some, "t")})
    for (const auto& each : said)
      CHECK(has(drawn, each));
  CHECK(omissions(rich()).empty());
}

TEST_CASE("an empty trace is drawn, too") {
  CHECK_NOTHROW(parsed(draw_svg({}, "nothing")));
  CHECK(has(draw_html({}, "nothing"), "No event of the trace is shown."));
}

TEST_CASE("the largest selection stays a file that a browser shows") {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < most_selected_events; i += 2) {
    const auto number = std::to_string(i);
    lines.push_back(number + " send a b #" + number + " " + std::string(60, 'x'));
    lines.push_back(number + " receive a b #" + number + " x");
  }
  CHECK(draw_html(selection_of(lines, {.events = 1'000'000}), "t").size() < 8 * 1024 * 1024);
}
