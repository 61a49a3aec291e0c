// A frame as an element of a CAF mailbox. Only the actors of actors/service know it; to any other actor it is
// an empty message. Internal to the call path.
#pragma once

#include "runtime/call/actor_reference.hpp"

#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>

namespace troupe {

// Every frame element's content has this type token, which no message of CAF or of a user can have: tokens
// are made of 6-bit type numbers, with 0x3F standing for "not a built-in type".
inline constexpr std::uint32_t frame_token = 0xF0F0F0F0;

class frame_element final : public caf::mailbox_element, private caf::type_erased_tuple {
public:
  enum class role : std::uint8_t { callee, caller };

  // `bound` is the reference whose mailbox depth the element counts towards; null for frames that do not
  // count. `receiver` is which end of the call the receiving actor is; one actor may be both, of one call
  // even.
  frame_element(frame what, actor_reference_ptr bound, role receiver = role::callee);

  // A request that nobody took (the actor ended before it came to it) is abandoned here.
  ~frame_element() override;

  // The frame behind an element, or null when it is an ordinary CAF message.
  static frame_element* of(caf::mailbox_element& element) noexcept;

  // What is in it, for whoever only watches.
  const frame& look() const noexcept { return frame_; }

  // Takes the frame out; a request in it is then the taker's to answer.
  frame take() noexcept { return std::move(frame_); }
  // Takes over the duty to call request_left() when the request no longer waits. Null for frames that do not
  // count.
  actor_reference_ptr take_bound() noexcept { return std::move(bound_); }
  role receiver() const noexcept { return receiver_; }

  caf::type_erased_tuple& content() override { return *this; }
  const caf::type_erased_tuple& content() const override { return *this; }
  caf::message move_content_to_message() override { return {}; }
  caf::message copy_content_to_message() const override { return {}; }

private:
  void* get_mutable(std::size_t) override { return nullptr; }
  caf::error load(std::size_t, caf::deserializer&) override { return caf::none; }
  std::size_t size() const noexcept override { return 0; }
  std::uint32_t type_token() const noexcept override { return frame_token; }
  caf::rtti_pair type(std::size_t) const noexcept override { return {0, nullptr}; }
  const void* get(std::size_t) const noexcept override { return nullptr; }
  std::string stringify(std::size_t) const override { return {}; }
  caf::type_erased_value_ptr copy(std::size_t) const override { return nullptr; }
  caf::error save(std::size_t, caf::serializer&) const override { return caf::none; }

  frame frame_;
  actor_reference_ptr bound_;
  role receiver_;
};

} // namespace troupe
