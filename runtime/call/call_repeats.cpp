#include "runtime/call/call_repeats.hpp"

namespace troupe {

bool call_repeats::again(const call& ended, const status& outcome) {
  if (outcome.code() != status_code::unavailable || ended.method().kind != method_kind::unary) return false;
  const auto hint = retry_hint_of(outcome);
  const bool safe = hint == retry_hint::not_executed
                    || (hint == retry_hint::may_have_executed && ended.method().may_repeat());
  // Without a callee nobody was there to take it, and a moment later nobody will be.
  if (!safe || ended.callee() == nullptr || attempts_ >= most_attempts) return false;
  ++attempts_;
  failed_.push_back(ended.callee());
  return true;
}

} // namespace troupe
