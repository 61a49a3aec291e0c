// The answers given to requests that carried an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header),
// so that a repeated request gets the recorded answer instead of a second execution. Without I/O, clock or
// lock.
#pragma once

#include "runtime/core/deadline.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace troupe {

struct idempotency_limits {
  std::size_t entries = 20'000;           // keys known at a time, in progress or answered
  std::size_t bytes = 64 * 1024 * 1024;   // of recorded answers together
  std::size_t answer_bytes = 1024 * 1024; // of one; larger ones are not recorded
  duration keep = std::chrono::hours{24};
};

struct recorded_answer {
  int status = 200;
  std::string content_type;
  std::string entity_tag;
  std::string fields; // further header fields, as lines
  std::string body;

  std::size_t size() const noexcept {
    return content_type.size() + entity_tag.size() + fields.size() + body.size() + sizeof *this;
  }
};

class idempotency_store {
public:
  explicit idempotency_store(idempotency_limits limits = {}) : limits_(limits) {}

  enum class verdict {
    execute,     // first seen: execute, then call complete() or forget()
    replay,      // answered before: give the recorded answer again
    in_progress, // the first request has no answer yet: 409
    mismatch,    // the key was used for another request: 422
    full,        // all places are taken by requests in progress: 503
  };
  struct decision {
    verdict what = verdict::execute;
    std::shared_ptr<const recorded_answer> answer; // verdict replay
  };

  // `key`: the client's key with its scope (who, which method). `fingerprint`: a hash of the request.
  decision begin(std::string_view key, std::string_view fingerprint, monotonic_time now);

  // The request with `key` was answered. An answer that is too large to keep is as good as forget().
  void complete(std::string_view key, recorded_answer answer, monotonic_time now);

  // The request with `key` was not executed, or may be executed again.
  void forget(std::string_view key);

  std::size_t entries() const noexcept { return entries_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

private:
  struct entry {
    std::string fingerprint;
    std::shared_ptr<const recorded_answer> answer; // null: in progress
    monotonic_time until = monotonic_time::max();
    std::list<const std::string*>::iterator age; // valid with an answer
  };
  using entry_map = std::unordered_map<std::string, entry>;

  void erase(entry_map::iterator at);
  void expire(monotonic_time now);

  idempotency_limits limits_;
  entry_map entries_;
  std::list<const std::string*> answered_; // oldest first; the keys of entries_
  std::size_t bytes_ = 0;
};

} // namespace troupe
