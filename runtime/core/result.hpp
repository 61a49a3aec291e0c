// A value or the status that says why there is none.
#pragma once

#include "runtime/core/status.hpp"

#include <boost/system/result.hpp>

#include <stdexcept>

namespace troupe {

// Boost's result with our status: `if (!r) return r.error(); use(*r);`
// `value()` on an error throws bad_result, which is a bug in the caller and crashes its actor.
template <class T>
using result = boost::system::result<T, status>;

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
