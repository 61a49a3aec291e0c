// What a session remembers of calls. Internal to link_session.
#pragma once

#include "runtime/link/session_lane.hpp"
#include "runtime/link/session_windows.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory>

namespace troupe::session {

// Only calls that have sent or received items, or have frames that wait behind their own.
struct call_stream {
  item_intake received;
  std::uint64_t outstanding = 0; // bytes of items that we sent and the peer has not returned
  std::unique_ptr<lane> waiting;
};

struct call_state {
  // A call of ours: the batch that its request went to. The peer's: what its request holds of our window
  // until it was begun.
  std::uint64_t request = 0;
  waiting_frame* waiting_request = nullptr; // of ours, while it stands in a lane
  std::unique_ptr<call_stream> stream;
  bool cancelled = false; // by the peer, before its request was begun
  bool answered = false;  // by us; the answer stands behind items that wait

  call_stream& streaming() {
    if (!stream) stream = std::make_unique<call_stream>();
    return *stream;
  }
};

// Calls by id. States stay where they are until the next insertion.
class call_table {
public:
  // Items come in rows, so the last call asked for is remembered.
  call_state* find(std::uint64_t id) noexcept {
    if (last_ != nullptr && last_id_ == id) return last_;
    const auto found = calls_.find(id);
    if (found == calls_.end()) return nullptr;
    last_id_ = id;
    return last_ = &found->second;
  }
  const call_state* find(std::uint64_t id) const noexcept {
    const auto found = calls_.find(id);
    return found == calls_.end() ? nullptr : &found->second;
  }

  // Null when there is one of this id.
  call_state* insert(std::uint64_t id) {
    const auto [at, fresh] = calls_.try_emplace(id);
    last_id_ = id;
    last_ = &at->second;
    return fresh ? last_ : nullptr;
  }

  void erase(std::uint64_t id) noexcept {
    if (last_id_ == id) last_ = nullptr;
    calls_.erase(id);
  }

  std::size_t size() const noexcept { return calls_.size(); }

private:
  boost::unordered_flat_map<std::uint64_t, call_state> calls_;
  std::uint64_t last_id_ = 0;
  call_state* last_ = nullptr;
};

} // namespace troupe::session
