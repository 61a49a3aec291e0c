#include "runtime/link/session_assembly.hpp"

#include "runtime/probe/probe.hpp"

namespace troupe::session {

namespace {

// Only these have parts that may be large; the others would be cut to keep memory or time, not turns.
bool may_be_cut(envelope_kind kind) noexcept {
  switch (kind) {
  case envelope_kind::request:
  case envelope_kind::item:
  case envelope_kind::reply:
  case envelope_kind::failure:
  case envelope_kind::message:
  case envelope_kind::ended:
    return true;
  default:
    return may_be_skipped(kind);
  }
}

} // namespace

status frame_assembly::add(std::uint32_t stream, bool last, byte_view piece, byte_view& whole) {
  whole = {};
  complete_ = {};
  // To the frame beside it, when there is one.
  if (TROUPE_PLANTED_BUG("link.fragment_misplaced") && partial_.contains(stream ^ 1)) stream ^= 1;
  auto found = partial_.find(stream);
  if (piece.empty()) {
    if (!last) return invalid_argument("a fragment without content");
    if (found == partial_.end()) return invalid_argument("gave up a frame that it had not begun");
    total_ -= found->second.size();
    partial_.erase(found);
    return {};
  }
  if (found == partial_.end()) {
    if (!may_be_cut(static_cast<envelope_kind>(piece.front())))
      return invalid_argument("cut a frame of kind {} in fragments", std::to_integer<int>(piece.front()));
    if (last) {
      if (piece.size() > max_frame_) return invalid_argument("a frame of more than {} bytes", max_frame_);
      whole = piece;
      return {};
    }
    if (partial_.size() >= max_partial_frames)
      return invalid_argument("more than {} frames in fragments at a time", max_partial_frames);
    found = partial_.try_emplace(stream).first;
  }
  auto& bytes = found->second;
  if (piece.size() > max_frame_ - bytes.size())
    return invalid_argument("a frame of more than {} bytes", max_frame_);
  if (piece.size() > max_total_ - total_)
    return invalid_argument("frames in fragments with more than {} bytes together", max_total_);
  bytes.insert(bytes.end(), piece.begin(), piece.end());
  total_ += piece.size();
  if (!last) return {};
  total_ -= bytes.size();
  complete_ = std::move(bytes);
  partial_.erase(found);
  whole = complete_;
  return {};
}

} // namespace troupe::session
