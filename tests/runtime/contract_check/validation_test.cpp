#include "runtime/contract_check/contract_source.hpp"
#include "runtime/contract_check/contract_validation.hpp"
#include "tests/runtime/contract_check/scenario.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

TEST_CASE("what is wrong with a contract is said with its place and the fix") {
  scenario::run("validation", [](const auto& each) {
    const auto source = contract_source::parse(each.contract("contract"), each.contract("imports"));
    if (!source) return source.error().message() + "\n";
    std::string out;
    for (const auto& one : validate_contract(source->files()))
      out += one.to_string() + "\n";
    return out.empty() ? std::string{"sound\n"} : out;
  });
}

TEST_CASE("warnings do not stop a build") {
  contract_problem warning{problem_severity::warning, {}, "p", "f"};
  contract_problem error{problem_severity::error, {"a.proto", 3, 1}, "p", "f"};
  CHECK_FALSE(has_errors(std::vector{warning}));
  CHECK(has_errors(std::vector{warning, error}));
  CHECK(error.to_string() == "a.proto:3:1: error: p; fix: f");
  CHECK(warning.to_string() == ": warning: p; fix: f");
}
