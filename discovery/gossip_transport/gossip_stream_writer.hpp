// The sending half of a gossip stream: messages that wait, and the frames that they become. Pure. Internal to
// this component.
#pragma once

#include "discovery/gossip_seal/gossip_sealer.hpp"
#include "discovery/gossip_transport/gossip_stream_frame.hpp"
#include "discovery/gossip_transport/gossip_stream_reader.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace troupe {

// Topics take turns frame by frame; messages of one topic go one behind the other.
class gossip_stream_writer {
public:
  // What a message counts for besides its bytes.
  static constexpr std::size_t bytes_a_message = 64;
  // Bytes of a message in one frame.
  static constexpr std::size_t piece_size = max_gossip_payload - gossip_piece_overhead;

  struct entry {
    std::uint8_t topic = 0; // 1 to gossip_message_reader::topics
    endpoint to;
    byte_buffer bytes;
  };

  explicit gossip_stream_writer(std::uint64_t tag) noexcept : tag_(tag) {}

  // False: it does not fit into `limit`, and is not taken.
  bool put(entry&& what, std::size_t limit);

  // Whether no frame waits.
  bool empty() const noexcept;
  // Whether no frame was taken yet.
  bool untouched() const noexcept { return next_index_ == 0; }
  // The next frame; empty when none waits.
  byte_buffer next();
  byte_buffer goodbye();

  // All frames so far were handed over; how many messages have become complete by that.
  std::size_t handed_over();

  // Bytes that wait or are being handed over, as put() counts them.
  std::size_t queued_bytes() const noexcept { return queued_bytes_; }

  // Takes out everything that was not handed over whole, those that were begun first.
  std::vector<entry> take_rest();

private:
  struct lane {
    std::deque<entry> waiting;
    std::size_t sent = 0; // bytes of the first that are in frames
    std::uint32_t number = 0;
  };

  const std::uint64_t tag_;
  std::array<lane, gossip_message_reader::topics> lanes_;
  std::vector<entry> complete_; // all their frames were taken, and not yet handed over
  std::size_t turn_ = 0;
  std::size_t queued_bytes_ = 0;
  std::uint64_t next_index_ = 0;
  std::uint32_t next_number_ = 0;
};

} // namespace troupe
