#include "actors/rest_edge/idempotency_store.hpp"

namespace troupe {

void idempotency_store::erase(entry_map::iterator at) {
  if (at->second.answer) {
    bytes_ -= at->second.answer->size();
    answered_.erase(at->second.age);
  }
  entries_.erase(at);
}

void idempotency_store::expire(monotonic_time now) {
  // All answers are kept equally long, so the oldest expires first.
  while (!answered_.empty()) {
    auto oldest = entries_.find(*answered_.front());
    if (oldest->second.until > now) return;
    erase(oldest);
  }
}

idempotency_store::decision idempotency_store::begin(std::string_view key, std::string_view fingerprint,
                                                     monotonic_time now) {
  expire(now);
  std::string name{key};
  if (auto known = entries_.find(name); known != entries_.end()) {
    if (known->second.fingerprint != fingerprint) return {.what = verdict::mismatch};
    if (!known->second.answer) return {.what = verdict::in_progress};
    return {.what = verdict::replay, .answer = known->second.answer};
  }
  if (entries_.size() >= limits_.entries) {
    if (answered_.empty()) return {.what = verdict::full};
    erase(entries_.find(*answered_.front()));
  }
  entries_.emplace(std::move(name), entry{.fingerprint = std::string{fingerprint}});
  return {.what = verdict::execute};
}

void idempotency_store::complete(std::string_view key, recorded_answer answer, monotonic_time now) {
  auto found = entries_.find(std::string{key});
  if (found == entries_.end() || found->second.answer) return;
  auto size = answer.size();
  if (size > limits_.answer_bytes || size > limits_.bytes) {
    erase(found);
    return;
  }
  while (bytes_ + size > limits_.bytes && !answered_.empty())
    erase(entries_.find(*answered_.front()));
  bytes_ += size;
  found->second.answer = std::make_shared<const recorded_answer>(std::move(answer));
  found->second.until = deadline::after(now, limits_.keep).when();
  found->second.age = answered_.insert(answered_.end(), &found->first);
}

void idempotency_store::forget(std::string_view key) {
  auto found = entries_.find(std::string{key});
  if (found != entries_.end() && !found->second.answer) erase(found);
}

} // namespace troupe
