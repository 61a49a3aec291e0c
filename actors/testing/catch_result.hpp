// Lets Catch2 show what a result<T> holds when a check on it fails. Part of catch.hpp; by itself it is for
// tests that link nothing of troupe::testing.
#pragma once

#include "runtime/core/result.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace Catch {

template <class T>
struct StringMaker<troupe::result<T>> {
  static std::string convert(const troupe::result<T>& outcome) {
    if (!outcome) return "error " + outcome.error().to_string();
    if constexpr (std::is_void_v<T>)
      return "success";
    else if constexpr (requires { outcome->ShortDebugString(); })
      return "{" + outcome->ShortDebugString() + "}";
    else
      return Detail::stringify(*outcome);
  }
};

} // namespace Catch
