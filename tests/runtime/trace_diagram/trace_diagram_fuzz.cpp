// Any file makes a well-formed drawing, or a line of it is refused.
#include "runtime/trace_diagram/trace_diagram.hpp"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>

#include <cstdint>
#include <sstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  troupe::trace_selection_options options;
  options.events = 1 + data[0] % 16;
  if (data[0] >= 128) options.around = troupe::duration{data[0] * 1000};
  troupe::trace_selection selection{options};
  std::istringstream in{std::string{reinterpret_cast<const char*>(data) + 1, size - 1}};
  for (std::string line; std::getline(in, line);)
    if (auto event = troupe::parse_traced_event(line)) selection.add(std::move(*event));
  const auto trace = selection.finish();
  if (!trace) __builtin_trap();
  std::istringstream drawn{troupe::draw_svg(*trace, "fuzz")};
  boost::property_tree::ptree tree;
  boost::property_tree::read_xml(drawn, tree);
  return 0;
}
