#include "discovery/gossip_transport/gossip_stream_writer.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

bool gossip_stream_writer::put(entry&& what, std::size_t limit) {
  const auto cost = what.bytes.size() + bytes_a_message;
  if (queued_bytes_ > limit || cost > limit - queued_bytes_) return false;
  queued_bytes_ += cost;
  lanes_[what.topic - 1u].waiting.push_back(std::move(what));
  return true;
}

bool gossip_stream_writer::empty() const noexcept {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const lane& each) { return each.waiting.empty(); });
}

byte_buffer gossip_stream_writer::next() {
  if (empty()) return {};
  while (lanes_[turn_].waiting.empty())
    turn_ = (turn_ + 1) % lanes_.size();
  auto& from = lanes_[turn_];
  turn_ = (turn_ + 1) % lanes_.size();
  auto& first = from.waiting.front();
  if (from.sent == 0) from.number = next_number_++;

  gossip_piece piece;
  piece.tag = tag_;
  piece.index = next_index_++;
  piece.topic = first.topic;
  piece.message = from.number;
  piece.bytes = std::span{first.bytes}.subspan(from.sent);
  piece.last = piece.bytes.size() <= piece_size;
  if (!piece.last) piece.bytes = piece.bytes.first(piece_size);
  byte_buffer out;
  out.reserve(piece.bytes.size() + gossip_piece_overhead);
  encode(piece, out);

  from.sent += piece.bytes.size();
  if (piece.last) {
    complete_.push_back(std::move(first));
    from.waiting.pop_front();
    from.sent = 0;
  }
  return out;
}

byte_buffer gossip_stream_writer::goodbye() {
  byte_buffer out;
  encode(gossip_goodbye{tag_, next_index_++}, out);
  return out;
}

std::size_t gossip_stream_writer::handed_over() {
  const auto done = std::exchange(complete_, {});
  for (const auto& each : done)
    queued_bytes_ -= each.bytes.size() + bytes_a_message;
  return done.size();
}

std::vector<gossip_stream_writer::entry> gossip_stream_writer::take_rest() {
  auto out = std::exchange(complete_, {});
  for (auto& each : lanes_) {
    std::move(each.waiting.begin(), each.waiting.end(), std::back_inserter(out));
    each = {};
  }
  queued_bytes_ = 0;
  return out;
}

} // namespace troupe
