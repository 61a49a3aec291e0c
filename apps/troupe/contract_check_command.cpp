#include "apps/troupe/command.hpp"
#include "apps/troupe/contract_files.hpp"
#include "runtime/contract_check/contract_compatibility.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <memory>

namespace troupe::cli {

namespace json = boost::json;

namespace {

constexpr std::pair<const char*, break_kind> kinds[] = {{"wire", break_kind::wire},
                                                        {"json", break_kind::json},
                                                        {"rest", break_kind::rest},
                                                        {"source", break_kind::source}};

struct check_arguments {
  std::string before;
  std::string after;
  std::vector<std::string> import_dirs;
  std::vector<std::string> ignored;
  bool as_json = false;
};

json::object to_json(const contract_break& one) {
  json::array names;
  for (const auto& [name, kind] : kinds)
    if (one.kinds.has(kind)) names.emplace_back(break_kinds{kind}.to_string());
  return {{"rule", one.rule},       {"kinds", std::move(names)},  {"file", one.where.file},
          {"line", one.where.line}, {"column", one.where.column}, {"problem", one.problem},
          {"fix", one.fix}};
}

void print(const std::vector<contract_break>& breaks, const check_arguments& arguments, std::ostream& out) {
  if (arguments.as_json) {
    json::array all;
    for (const auto& one : breaks)
      all.push_back(to_json(one));
    out << json::serialize(json::object{{"compatible", breaks.empty()}, {"breaks", std::move(all)}}) << "\n";
    return;
  }
  for (const auto& one : breaks)
    out << one.to_string() << "\n";
  if (breaks.empty())
    out << "compatible: " << arguments.after << " understands " << arguments.before
        << ", and is understood by it\n";
  else
    out << breaks.size() << (breaks.size() == 1 ? " break" : " breaks") << " between " << arguments.before
        << " and " << arguments.after << "\n";
}

int check(const check_arguments& arguments, session& now) {
  const auto before = load_contract(arguments.before, arguments.import_dirs);
  const auto after = load_contract(arguments.after, arguments.import_dirs);
  for (const auto* each : {&before, &after})
    if (!*each) now.err << each->error().message() << "\n";
  if (!before || !after) return bad_usage;
  break_kinds ignored;
  for (const auto& [name, kind] : kinds)
    for (const auto& given : arguments.ignored)
      if (given == name) ignored = ignored | kind;
  auto breaks = compare_contracts(before->source.files(), after->source.files());
  for (auto& one : breaks) {
    one.kinds = one.kinds.without(ignored);
    one.where = after->shown(std::move(one.where));
  }
  std::erase_if(breaks, [](const auto& one) { return one.kinds.empty(); });
  print(breaks, arguments, now.out);
  return breaks.empty() ? success : found_something;
}

} // namespace

void add_contract_check_command(CLI::App& contract, session& now) {
  auto* command = contract.add_subcommand(
    "check",
    "Say what breaks when the contract OLD becomes NEW.\n"
    "Compatible means: programs of both versions can talk to each other in both directions, what is stored "
    "stays readable, HTTP clients keep working, and code that uses the generated code still compiles.");
  auto arguments = std::make_shared<check_arguments>();
  const std::string forms = "a .proto file, a folder of them, or a descriptor set (protoc -o)";
  command->add_option("OLD", arguments->before, "The contract as it was: " + forms)->required();
  command->add_option("NEW", arguments->after, "The contract as it is, in any of these forms")->required();
  command
    ->add_option("-I,--import-dir", arguments->import_dirs,
                 "A folder where imports are looked for; may be given several times")
    ->allow_extra_args(false)
    ->check(CLI::ExistingDirectory);
  command
    ->add_option(
      "--ignore", arguments->ignored,
      "Breaks that do not matter to you, like `--ignore source,json`: wire (gRPC, stored messages), json "
      "(REST bodies), rest (routes and queries), source (code)")
    ->delimiter(',')
    ->allow_extra_args(false)
    ->transform(CLI::IsMember({"wire", "json", "rest", "source"}, CLI::ignore_case));
  command->add_flag("--json", arguments->as_json,
                    "Print {\"compatible\", \"breaks\": [{rule, kinds, file, line, column, problem, fix}]}");
  command->footer("Example: troupe contract check released/contracts contracts");
  command->callback([arguments, &now] { now.outcome = check(*arguments, now); });
}

} // namespace troupe::cli
