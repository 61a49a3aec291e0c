#include "runtime/contract_check/contract_compatibility.hpp"
#include "runtime/contract_check/contract_source.hpp"
#include "tests/runtime/contract_check/scenario.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace troupe;

namespace {

std::vector<contract_break> breaks_of(const scenario::one_case& each) {
  const auto before = contract_source::parse(each.contract("before"));
  const auto after = contract_source::parse(each.contract("after"));
  INFO(each.name);
  if (!before) FAIL(before.error().message());
  if (!after) FAIL(after.error().message());
  return compare_contracts(before->files(), after->files());
}

} // namespace

TEST_CASE("each break between two versions of a contract is named, and nothing else") {
  scenario::run("compatibility", [](const auto& each) {
    std::string out;
    for (const auto& one : breaks_of(each))
      out += one.to_string() + "\n";
    return out.empty() ? std::string{"compatible\n"} : out;
  });
}

TEST_CASE("a contract is compatible with itself") {
  scenario::run("validation", [](const auto& each) {
    const auto source = contract_source::parse(each.contract("contract"), each.contract("imports"));
    if (source) CHECK(compare_contracts(source->files(), source->files()).empty());
    return each.expected;
  });
  scenario::run("compatibility", [](const auto& each) {
    for (const auto* version : {"before", "after"}) {
      const auto source = contract_source::parse(each.contract(version));
      INFO(each.name);
      REQUIRE(source.has_value());
      CHECK(compare_contracts(source->files(), source->files()).empty());
    }
    return each.expected;
  });
}

TEST_CASE("every rule has a case in the scenarios") {
  std::set<std::string> seen;
  scenario::run("compatibility", [&](const auto& each) {
    for (const auto& one : breaks_of(each))
      seen.insert(one.rule);
    return each.expected;
  });
  const std::set<std::string> all = {"default_changed",
                                     "entity_key_changed",
                                     "enum_removed",
                                     "enum_value_removed",
                                     "enum_value_renamed",
                                     "enum_value_renumbered",
                                     "etag_changed",
                                     "event_topic_changed",
                                     "field_label_changed",
                                     "field_oneof_changed",
                                     "field_removed",
                                     "field_renamed",
                                     "field_renumbered",
                                     "field_type_changed",
                                     "file_removed",
                                     "http_binding_removed",
                                     "http_body_changed",
                                     "http_response_body_changed",
                                     "idempotency_key_required",
                                     "idempotency_weakened",
                                     "json_name_changed",
                                     "message_removed",
                                     "oneof_renamed",
                                     "package_changed",
                                     "presence_removed",
                                     "request_limit_lowered",
                                     "request_type_changed",
                                     "required_field_added",
                                     "reservation_removed",
                                     "reserved_reused",
                                     "response_type_changed",
                                     "rpc_removed",
                                     "service_removed",
                                     "streaming_changed",
                                     "syntax_changed"};
  CHECK(seen == all);
}

TEST_CASE("kinds of breaks are a set") {
  constexpr auto both = break_kind::wire | break_kind::json;
  CHECK(both.has(break_kind::wire));
  CHECK_FALSE(both.has(break_kind::rest));
  CHECK(both.without(break_kind::wire) == break_kinds{break_kind::json});
  CHECK(both.without(both).empty());
  CHECK((both | break_kind::rest | break_kind::source).to_string() == "WIRE JSON REST SOURCE");
  CHECK(break_kinds{}.to_string() == "");
}
