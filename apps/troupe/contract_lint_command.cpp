#include "apps/troupe/command.hpp"
#include "apps/troupe/contract_files.hpp"
#include "runtime/contract_check/contract_validation.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <memory>

namespace troupe::cli {

namespace json = boost::json;

namespace {

struct lint_arguments {
  std::string contract;
  std::vector<std::string> import_dirs;
  bool as_json = false;
};

bool is_error(const contract_problem& one) { return one.severity == problem_severity::error; }

json::object to_json(const contract_problem& one) {
  return {{"severity", is_error(one) ? "error" : "warning"},
          {"file", one.where.file},
          {"line", one.where.line},
          {"column", one.where.column},
          {"problem", one.problem},
          {"fix", one.fix}};
}

void print(const std::vector<contract_problem>& problems, const lint_arguments& arguments,
           std::ostream& out) {
  if (arguments.as_json) {
    json::array all;
    for (const auto& one : problems)
      all.push_back(to_json(one));
    out << json::serialize(json::object{{"sound", !has_errors(problems)}, {"problems", std::move(all)}})
        << "\n";
    return;
  }
  for (const auto& one : problems)
    out << one.to_string() << "\n";
  const auto errors = std::ranges::count_if(problems, is_error);
  const auto warnings = static_cast<std::ptrdiff_t>(problems.size()) - errors;
  out << arguments.contract << ": " << errors << (errors == 1 ? " error, " : " errors, ") << warnings
      << (warnings == 1 ? " warning\n" : " warnings\n");
}

int lint(const lint_arguments& arguments, session& now) {
  const auto contract = load_contract(arguments.contract, arguments.import_dirs);
  if (!contract) {
    now.err << contract.error().message() << "\n";
    return bad_usage;
  }
  auto problems = validate_contract(contract->source.files());
  for (auto& one : problems)
    one.where = contract->shown(std::move(one.where));
  print(problems, arguments, now.out);
  return has_errors(problems) ? found_something : success;
}

} // namespace

void add_contract_lint_command(CLI::App& contract, session& now) {
  auto* command = contract.add_subcommand(
    "lint",
    "Say what is wrong with a contract: what protoc-gen-troupe would refuse, and what it would warn of.");
  auto arguments = std::make_shared<lint_arguments>();
  command
    ->add_option("CONTRACT", arguments->contract,
                 "A .proto file, a folder of them, or a descriptor set (protoc --include_source_info -o)")
    ->required();
  command
    ->add_option("-I,--import-dir", arguments->import_dirs,
                 "A folder where imports are looked for; may be given several times")
    ->allow_extra_args(false)
    ->check(CLI::ExistingDirectory);
  command->add_flag("--json", arguments->as_json,
                    "Print {\"sound\", \"problems\": [{severity, file, line, column, problem, fix}]}");
  command->footer("Example: troupe contract lint contracts");
  command->callback([arguments, &now] { now.outcome = lint(*arguments, now); });
}

} // namespace troupe::cli
