// A value or the status that says why there is none.
#pragma once

#include "runtime/core/status.hpp"

#include <boost/system/result.hpp>

#include <concepts>
#include <stdexcept>
#include <type_traits>

namespace troupe {

// Boost's result with our status: `if (!r) return r.error(); use(*r);`
// `value()` on an error throws bad_result, which is a bug in the caller and crashes its actor.
//
// A class of its own only because of result<bool>: Boost's takes a mutable result<bool> for something to make a bool of
// when it is copied by direct initialization (into a lambda, an optional), and the copy then holds `true`.
template <class T>
class [[nodiscard]] result : public boost::system::result<T, status> {
  using base = boost::system::result<T, status>;

public:
  constexpr result()
    requires std::default_initializable<base>
  = default;
  constexpr result(const result&) = default;
  constexpr result(result&&) = default;
  constexpr result& operator=(const result&) = default;
  constexpr result& operator=(result&&) = default;

  // From a value, or from a status that is not ok; from a result of something convertible.
  template <class A>
    requires(!std::derived_from<std::remove_cvref_t<A>, base> && std::convertible_to<A, base>)
  constexpr result(A&& from) : base(static_cast<A&&>(from)) {}

  // From what a value can be made of explicitly.
  template <class... A>
    requires(sizeof...(A) > 0 && std::constructible_from<base, A...>
             && !(sizeof...(A) == 1 && (std::derived_from<std::remove_cvref_t<A>, base> || ...))
             && !(sizeof...(A) == 1 && (std::convertible_to<A, base> || ...)))
  constexpr explicit result(A&&... from) : base(static_cast<A&&>(from)...) {}
};

// What value() throws when there is no value.
class bad_result : public std::logic_error {
public:
  explicit bad_result(troupe::status why) : std::logic_error(why.to_string()), why_(std::move(why)) {}
  const troupe::status& why() const noexcept { return why_; }

private:
  troupe::status why_;
};

// Found by boost::system::result through argument-dependent look-up.
[[noreturn]] inline void throw_exception_from_error(const status& why, const boost::source_location&) {
  throw bad_result{why};
}

// Success as a status, or the error.
template <class T>
status status_of(const result<T>& outcome) {
  return outcome ? status{} : outcome.error();
}

} // namespace troupe
