// The senders whose datagrams were opened lately, and which of these. Pure. Internal to this component.
//
// The one promise: a datagram that was opened once is refused from then on, for good. A sender in the table
// is judged by its window. One that left it, left when all its datagrams were too old for a stranger
// (`forget_after` and `freshness` have passed), or for lack of room: then everything up to the newest time of
// those who left is too old for strangers. One that comes back has a window that knows nothing, so that
// nothing is taken of it that was too old then.
#pragma once

#include "discovery/gossip_seal/gossip_frame.hpp"
#include "discovery/gossip_seal/replay_window.hpp"
#include "runtime/core/deadline.hpp"

#include <map>

namespace troupe {

struct known_sender {
  replay_window seen;
  // Nothing older is taken: when it became known it may have been forgotten before, and its window with it.
  std::uint64_t earliest_time = 0;
  std::uint64_t newest_time = 0; // by the sender's cluster time
  monotonic_time heard_at;       // when the datagram of that time came
  // The key of the last datagram, so that deriving it is done once a run.
  std::optional<key_fingerprint> key_of;
  std::uint32_t run = 0;
  gossip_secret key;
};

class known_senders {
public:
  struct limits {
    std::size_t senders = 0;     // at least 1
    std::uint64_t freshness = 0; // milliseconds
    duration forget_after{};
  };

  explicit known_senders(const limits& bounds) noexcept : limits_(bounds) {}

  // Null for a stranger. Valid until the next accept() or drop_keys().
  known_sender* find(const sender_instance& sender);

  // Whether a genuine datagram is too old. `ours` is the cluster time at `now`.
  //
  // Who is known is judged by its own clock as well: when a node with a fast clock has just moved our time
  // forward, the others' datagrams are not old, even though they have not heard of that yet.
  bool is_stale(const known_sender* sender, std::uint64_t time, std::uint64_t ours,
                monotonic_time now) const noexcept;

  // Remembers a genuine datagram that is neither stale nor seen; `ours` as above, with this datagram heard.
  known_sender& accept(const sender_instance& sender, std::uint64_t time, std::uint64_t sequence,
                       std::uint64_t ours, monotonic_time now);

  // Wipes what was derived from a key.
  void drop_keys(const key_fingerprint& of);

  std::size_t size() const noexcept { return senders_.size(); }
  std::uint64_t evicted() const noexcept { return evicted_; }

private:
  void forget(std::uint64_t ours, monotonic_time now);
  void make_room();

  limits limits_;
  std::map<sender_instance, known_sender> senders_;
  std::uint64_t floor_ = 0; // a stranger's time must be later
  std::uint64_t evicted_ = 0;
  std::optional<monotonic_time> forgot_at_;
};

} // namespace troupe
