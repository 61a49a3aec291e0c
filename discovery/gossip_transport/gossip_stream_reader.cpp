#include "discovery/gossip_transport/gossip_stream_reader.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

gossip_record_reader::step gossip_record_reader::next(std::span<const std::byte>& bytes) {
  release();
  const auto wanted = std::min(bytes.size(), head_.size() - head_size_);
  std::copy_n(bytes.begin(), wanted, head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
  head_size_ += wanted;
  bytes = bytes.subspan(wanted);
  if (head_size_ < head_.size()) return {};

  std::size_t size = 0;
  for (std::size_t i = 0; i < head_.size(); ++i)
    size |= std::to_integer<std::size_t>(head_[i]) << 8 * i;
  if (size < gossip_overhead || size > limit_) return {.broken = true, .frame = {}};

  if (body_.empty() && bytes.size() >= size) {
    const auto frame = bytes.first(size);
    bytes = bytes.subspan(size);
    head_size_ = 0;
    return {.broken = false, .frame = frame};
  }
  const auto more = std::min(bytes.size(), size - body_.size());
  body_.insert(body_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(more));
  bytes = bytes.subspan(more);
  if (body_.size() < size) return {};
  head_size_ = 0;
  given_ = true;
  return {.broken = false, .frame = body_};
}

bool gossip_message_reader::unfinished() const noexcept {
  return std::any_of(slots_.begin(), slots_.end(), [](const slot& each) { return each.number.has_value(); });
}

status gossip_message_reader::in_place(std::uint64_t tag, std::uint64_t index) {
  if (!tag_) return failed_precondition("a frame came before the hello");
  if (tag != *tag_) return data_loss("a frame of another stream");
  if (index != next_index_) return data_loss("frame {} came where {} was to come", index, next_index_);
  if (said_goodbye_) return failed_precondition("a frame came behind the goodbye");
  ++next_index_;
  return {};
}

gossip_message_reader::outcome gossip_message_reader::take(const gossip_stream_frame& frame) {
  if (const auto* piece = std::get_if<gossip_piece>(&frame)) return take_piece(*piece);
  if (const auto* goodbye = std::get_if<gossip_goodbye>(&frame)) {
    if (auto wrong = in_place(goodbye->tag, goodbye->index); !wrong.ok()) return wrong;
    if (unfinished()) return data_loss("the goodbye came in the midst of a message");
    said_goodbye_ = true;
    return farewell{};
  }
  if (std::holds_alternative<gossip_hello>(frame)) return failed_precondition("a second hello");
  return invalid_argument("a frame of no known kind");
}

gossip_message_reader::outcome gossip_message_reader::take_piece(const gossip_piece& piece) {
  if (auto wrong = in_place(piece.tag, piece.index); !wrong.ok()) return wrong;
  if (piece.topic < 1 || piece.topic > topics) {
    if (piece.last) return unknown{};
    return nothing{};
  }
  auto& to = slots_[piece.topic - 1u];
  if (to.number && *to.number != piece.message)
    return data_loss("message {} of topic {} began before message {} had ended", piece.message, piece.topic,
                     *to.number);
  if (piece.bytes.size() > limit_ - to.bytes.size())
    return resource_exhausted("a message of topic {} has more than {} bytes", piece.topic, limit_);
  if (!piece.last) {
    to.number = piece.message;
    to.bytes.insert(to.bytes.end(), piece.bytes.begin(), piece.bytes.end());
    held_ += piece.bytes.size();
    return nothing{};
  }
  held_ -= to.bytes.size();
  message out{piece.topic, std::exchange(to.bytes, {})};
  to.number.reset();
  out.bytes.insert(out.bytes.end(), piece.bytes.begin(), piece.bytes.end());
  return out;
}

} // namespace troupe
