// The receiving half of a gossip stream: bytes become records, opened records become messages. Pure, and
// never holds more than it was told it may. Internal to this component.
#pragma once

#include "discovery/gossip_seal/gossip_sealer.hpp"
#include "discovery/gossip_transport/gossip_stream_frame.hpp"
#include "runtime/core/status.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace troupe {

// Cuts bytes into sealed frames.
class gossip_record_reader {
public:
  // The largest frame that a stranger may send: a hello, with room for what later versions add to it. Until
  // he has sent one he can occupy no more memory than this.
  static constexpr std::size_t stranger_limit = gossip_overhead + 256;

  // `limit`: bytes of the largest frame.
  explicit gossip_record_reader(std::size_t limit = stranger_limit) noexcept : limit_(limit) {}
  void set_limit(std::size_t limit) noexcept { limit_ = limit; }

  struct step {
    bool broken = false; // a length that no frame has: what follows cannot be read
    // One frame, valid until the next call and as long as the bytes are; empty: more bytes are needed.
    std::span<const std::byte> frame;
  };
  // Takes from the front of `bytes` what belongs to the next frame. To be called until `bytes` is empty.
  step next(std::span<const std::byte>& bytes);

  // Gives back the memory of the last frame, which ends.
  void release() noexcept {
    if (std::exchange(given_, false)) body_ = {};
  }

  // Bytes of a frame that has begun to arrive.
  std::size_t held() const noexcept { return head_size_ + (given_ ? 0 : body_.size()); }

private:
  std::size_t limit_;
  std::array<std::byte, gossip_record_prefix> head_{};
  std::size_t head_size_ = 0;
  byte_buffer body_;
  bool given_ = false; // body_ was handed out by the last call
};

// Puts the pieces of one direction together. One message of each topic may be under way at a time, so that a
// large one of one topic does not hold up those of another.
class gossip_message_reader {
public:
  static constexpr std::size_t topics = 2;

  explicit gossip_message_reader(std::size_t max_message_bytes) noexcept : limit_(max_message_bytes) {}

  // Of the hello.
  void begin(std::uint64_t tag) noexcept { tag_ = tag; }
  bool begun() const noexcept { return tag_.has_value(); }

  struct message {
    std::uint8_t topic = 0;
    byte_buffer bytes;
  };
  struct nothing {};  // more is needed
  struct unknown {};  // a message of a topic that is not known here has come to its end, and was not kept
  struct farewell {}; // the goodbye
  // An error breaks the stream.
  using outcome = std::variant<nothing, message, unknown, farewell, status>;

  // A frame behind the hello: another hello is an error.
  outcome take(const gossip_stream_frame& frame);

  // Bytes of messages that have begun to arrive, and whether there are such messages, of any topic and of
  // one (from 1).
  std::size_t held() const noexcept { return held_; }
  bool unfinished() const noexcept;
  bool unfinished(std::uint8_t topic) const noexcept { return slots_[topic - 1u].number.has_value(); }

private:
  struct slot {
    std::optional<std::uint32_t> number;
    byte_buffer bytes;
  };

  status in_place(std::uint64_t tag, std::uint64_t index);
  outcome take_piece(const gossip_piece& piece);

  std::size_t limit_;
  std::optional<std::uint64_t> tag_;
  std::uint64_t next_index_ = 0;
  std::array<slot, topics> slots_; // of topics 1, 2, ...
  std::size_t held_ = 0;
  bool said_goodbye_ = false;
};

} // namespace troupe
