// The bits and sizes that encoding and decoding of frames share. Internal to runtime/link.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::wire {

// Length and kind.
inline constexpr std::size_t frame_length_size = 4;
inline constexpr std::size_t frame_head_size = frame_length_size + 1;

inline constexpr std::uint8_t request_has_payload = 1;
inline constexpr std::uint8_t request_has_credit = 2;
inline constexpr std::uint8_t request_has_priority = 4;
inline constexpr std::uint8_t request_has_time_left = 8;
inline constexpr std::uint8_t request_has_shard_key = 16;
inline constexpr std::uint8_t request_has_metadata = 32;
inline constexpr std::uint8_t all_of_request = 63;

inline constexpr std::uint8_t reply_has_payload = 1;
inline constexpr std::uint8_t reply_has_headers = 2;
inline constexpr std::uint8_t all_of_reply = 3;

inline constexpr std::uint8_t item_has_headers = 1;
inline constexpr std::uint8_t failure_has_headers = 1;
inline constexpr std::uint8_t message_has_sender_node = 1;

// CAF keeps its flags in the highest four bits of a message id; turned to the front they make the number
// short.
inline constexpr int message_id_rotation = 4;

} // namespace troupe::wire
