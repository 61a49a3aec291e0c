#include "discovery/gossip_transport/gossip_stream_frame.hpp"

#include <algorithm>

namespace troupe {
namespace {

enum class kind : std::uint8_t { hello = 0x80, piece = 0x81, goodbye = 0x82 };

template <class Number>
void put(Number value, byte_buffer& to) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    to.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> 8 * i & 0xFF));
}

// Takes fields from the front; `short_of` once one was not there.
class fields {
public:
  explicit fields(std::span<const std::byte> of) : left_(of) {}

  template <class Number>
  Number take() {
    std::uint64_t out = 0;
    if (left_.size() < sizeof(Number)) {
      short_ = true;
      left_ = {};
      return 0;
    }
    for (std::size_t i = 0; i < sizeof(Number); ++i)
      out |= std::to_integer<std::uint64_t>(left_[i]) << 8 * i;
    left_ = left_.subspan(sizeof(Number));
    return static_cast<Number>(out);
  }

  bool short_of() const noexcept { return short_; }
  std::span<const std::byte> rest() const noexcept { return left_; }

private:
  std::span<const std::byte> left_;
  bool short_ = false;
};

} // namespace

void encode(const gossip_hello& what, byte_buffer& to) {
  put(static_cast<std::uint8_t>(kind::hello), to);
  put(what.tag, to);
  for (const auto byte : what.listens.address.bytes())
    to.push_back(std::byte{byte});
  put(what.listens.port, to);
}

void encode(const gossip_piece& what, byte_buffer& to) {
  put(static_cast<std::uint8_t>(kind::piece), to);
  put(what.tag, to);
  put(what.index, to);
  put(what.topic, to);
  put(what.message, to);
  put(static_cast<std::uint8_t>(what.last ? 1 : 0), to);
  to.insert(to.end(), what.bytes.begin(), what.bytes.end());
}

void encode(const gossip_goodbye& what, byte_buffer& to) {
  put(static_cast<std::uint8_t>(kind::goodbye), to);
  put(what.tag, to);
  put(what.index, to);
}

gossip_stream_frame decode_stream_frame(std::span<const std::byte> plain) {
  fields from{plain};
  switch (static_cast<kind>(from.take<std::uint8_t>())) {
  case kind::hello: {
    gossip_hello out;
    out.tag = from.take<std::uint64_t>();
    ip_address::bytes_type address{};
    for (auto& byte : address)
      byte = from.take<std::uint8_t>();
    out.listens = {ip_address{address}, from.take<std::uint16_t>()};
    if (from.short_of()) return {};
    return out;
  }
  case kind::piece: {
    gossip_piece out;
    out.tag = from.take<std::uint64_t>();
    out.index = from.take<std::uint64_t>();
    out.topic = from.take<std::uint8_t>();
    out.message = from.take<std::uint32_t>();
    const auto last = from.take<std::uint8_t>();
    if (from.short_of() || last > 1) return {};
    out.last = last == 1;
    out.bytes = from.rest();
    return out;
  }
  case kind::goodbye: {
    gossip_goodbye out;
    out.tag = from.take<std::uint64_t>();
    out.index = from.take<std::uint64_t>();
    if (from.short_of()) return {};
    return out;
  }
  }
  return {};
}

void append_record(std::span<const std::byte> sealed, byte_buffer& to) {
  put(static_cast<std::uint32_t>(sealed.size()), to);
  to.insert(to.end(), sealed.begin(), sealed.end());
}

} // namespace troupe
