#include "runtime/link/outbox.hpp"

namespace troupe {

// The loop is asked under the lock, so that it cannot be gone: close() comes before its end.
void outbox::ask_for_flush() {
  if (flush_is_coming_) return;
  flush_is_coming_ = true;
  loop_->post(flush_);
}

outbox::outcome outbox::put(call_frame& what) {
  std::lock_guard lock{mutex_};
  if (closed_) return outcome::closed;
  if (what.what.kind == frame_kind::request && content_.calls.size() >= most_waiting) return outcome::full;
  content_.calls.push_back(std::move(what));
  ask_for_flush();
  return outcome::taken;
}

outbox::outcome outbox::put(actor_entry& what) {
  std::lock_guard lock{mutex_};
  if (closed_) return outcome::closed;
  if (content_.actors.size() >= most_waiting) return outcome::full;
  content_.actors.push_back(std::move(what));
  ask_for_flush();
  return outcome::taken;
}

void outbox::begin_turn() {
  std::lock_guard lock{mutex_};
  flush_is_coming_ = true;
}

void outbox::take(content& into, bool end) {
  std::lock_guard lock{mutex_};
  std::swap(into.calls, content_.calls);
  std::swap(into.actors, content_.actors);
  if (end && into.empty()) flush_is_coming_ = false;
}

outbox::content outbox::close() {
  std::lock_guard lock{mutex_};
  closed_ = true;
  return std::move(content_);
}

} // namespace troupe
