// Whether a changed contract still understands those who speak its previous version, and names each break.
// Pure.
//
// Compatible means: programs built from the old contract go on exchanging messages with programs built from
// the new one in both directions, stored messages stay readable, HTTP clients keep working, and code written
// against the old generated code still compiles.
#pragma once

#include "runtime/contract_check/contract_problem.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace troupe {

// Who notices a break.
enum class break_kind : std::uint8_t {
  wire = 1,   // protobuf's binary form: gRPC, node to node, journals and queues
  json = 2,   // proto3 JSON: REST bodies, GraphQL
  rest = 4,   // HTTP routes, query parameters, headers
  source = 8, // C++ (and other) code that uses the generated code
};

// A set of them.
class break_kinds {
public:
  constexpr break_kinds() noexcept = default;
  constexpr break_kinds(break_kind one) noexcept : bits_(static_cast<std::uint8_t>(one)) {}

  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr bool has(break_kind one) const noexcept { return (bits_ & static_cast<std::uint8_t>(one)) != 0; }
  constexpr break_kinds without(break_kinds others) const noexcept {
    break_kinds out;
    out.bits_ = static_cast<std::uint8_t>(bits_ & ~others.bits_);
    return out;
  }
  friend constexpr break_kinds operator|(break_kinds a, break_kinds b) noexcept {
    a.bits_ |= b.bits_;
    return a;
  }
  friend constexpr bool operator==(break_kinds, break_kinds) = default;

  // "WIRE JSON"; empty for none.
  std::string to_string() const;

private:
  std::uint8_t bits_ = 0;
};

constexpr break_kinds operator|(break_kind a, break_kind b) noexcept {
  return break_kinds{a} | break_kinds{b};
}

struct contract_break {
  std::string rule; // "field_removed"; README.md lists them all
  break_kinds kinds;
  source_position where; // in the new contract: the element, or what it was part of
  std::string problem;   // names the element
  std::string fix;

  // "shop/orders.proto:12:3: error: shop.Order.price: ... [WIRE JSON, field_type_changed]; fix: ..."
  std::string to_string() const;
};

// Every break between two versions of a contract, sorted by position. Elements are matched by full name
// (fields and enum values by number), so files may be split and merged; where a file of the same name has
// another package, its elements are matched under their new names, and the package is reported once. Removing
// a field or enum value is compatible when its number and its name are reserved.
std::vector<contract_break> compare_contracts(std::span<const google::protobuf::FileDescriptor* const> before,
                                              std::span<const google::protobuf::FileDescriptor* const> after);

} // namespace troupe
