// Ids are types: a node id cannot be passed where a shard number is meant.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <ostream>
#include <utility>

namespace troupe {

// A value of type T that is only itself: `using shard_number = strong_type<std::uint32_t, struct shard_number_tag>;`
// Comparable, hashable, printable; conversion only by naming it. No arithmetic but increment, for sequences.
template <class T, class Tag>
class strong_type {
public:
  using value_type = T;

  constexpr strong_type() = default;
  constexpr explicit strong_type(T value) : value_(std::move(value)) {}

  constexpr const T& value() const noexcept { return value_; }

  // The next value of a sequence. Only for integers.
  constexpr strong_type next() const
    requires std::is_integral_v<T>
  {
    return strong_type{static_cast<T>(value_ + 1)};
  }

  friend constexpr bool operator==(const strong_type&, const strong_type&) = default;
  friend constexpr auto operator<=>(const strong_type&, const strong_type&) = default;

  friend std::ostream& operator<<(std::ostream& out, const strong_type& id) { return out << id.value_; }

private:
  T value_{};
};

} // namespace troupe

template <class T, class Tag>
struct std::hash<troupe::strong_type<T, Tag>> {
  std::size_t operator()(const troupe::strong_type<T, Tag>& id) const noexcept { return std::hash<T>{}(id.value()); }
};
