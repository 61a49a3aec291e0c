// One TCP connection between two nodes' transports, used in both directions. Internal to this component.
//
//   connecting --> greeting --> open --> over          each side may say goodbye first, and then sends
//                     ^  |                             nothing more; the other sends what waits, and closes:
//   accepted ---------+  +-- a stranger, until his     so an idle stream ends without a message lost
//                            hello is genuine
#pragma once

#include "discovery/gossip_transport/gossip_stream_reader.hpp"
#include "discovery/gossip_transport/gossip_stream_writer.hpp"
#include "discovery/gossip_transport/gossip_surroundings.hpp"

#include <memory>
#include <optional>

namespace troupe {

class gossip_stream;

// Called on the loop.
class gossip_stream_owner {
public:
  virtual ~gossip_stream_owner() = default;
  virtual gossip_sealer& sealer() = 0;
  // What hellos say.
  virtual endpoint advertised() const = 0;
  // The peer's hello was genuine: stream.peer() and sender() are known.
  virtual void on_greeted(gossip_stream& which) = 0;
  // May end with everything destroyed, but the stream that calls.
  virtual void on_message(gossip_stream& which, std::uint8_t topic, std::span<const std::byte> bytes) = 0;
  // Whether so many more bytes of unfinished messages may be held; negative: fewer are.
  virtual bool on_unfinished(std::ptrdiff_t change) = 0;
  // The stream takes no new messages from now on, and waits for the other side.
  virtual void on_leaving(gossip_stream& which) = 0;
  // Nothing more comes of it.
  virtual void on_over(gossip_stream& which) = 0;
};

class gossip_stream final : public std::enable_shared_from_this<gossip_stream>, private stream_handler {
public:
  // `tag`: see gossip_stream_frame.hpp.
  gossip_stream(gossip_surroundings& around, gossip_stream_owner& owner, std::uint64_t number,
                std::uint64_t tag);
  ~gossip_stream() override;

  // One of the two, once.
  void dial(const endpoint& to);
  void accept(std::unique_ptr<byte_stream> stream);

  // RESOURCE_EXHAUSTED: too much waits. Precondition: takes_messages().
  status send(gossip_topic topic, const endpoint& to, std::span<const std::byte> payload);
  // Says goodbye once all is sent; a stream that is not open yet and has nothing to send ends at once.
  void leave();
  // Ends it at once; what was not handed over fails with `why`. No effect when it is over.
  void end(const status& why);
  // The same, and tells of it: because of what the peer did, or did not do in time.
  void refuse(std::string_view subject, const status& why);

  std::uint64_t number() const noexcept { return number_; }
  const std::optional<endpoint>& dialed() const noexcept { return dialed_; }
  // Where the peer says that it listens; where it was dialed until then.
  const endpoint& peer() const noexcept { return peer_; }
  const std::array<std::byte, 16>& sender() const noexcept { return sender_; }
  bool greeted() const noexcept { return reader_.begun(); }
  bool over() const noexcept { return phase_ == phase::over; }
  bool takes_messages() const noexcept { return !over() && !leaving_ && !peer_leaves_; }
  bool idle() const noexcept;
  monotonic_time last_active() const noexcept { return active_; }

private:
  enum class phase : std::uint8_t { connecting, greeting, open, over };

  void begin(std::unique_ptr<byte_stream> stream);
  void say_hello();
  void put_control(std::span<const std::byte> plain);
  void flush();
  // False: the stream is over.
  bool take_frame(std::span<const std::byte> sealed);
  bool take_time();
  bool take_refusal(const refused_gossip& why);
  bool take_hello(const gossip_hello& hello, const opened_gossip& from);
  bool take_piece(const gossip_stream_frame& frame);
  // False: too much is unfinished, and the stream is over.
  bool count_unfinished();
  void count_queued();
  void arm();
  monotonic_time next_due() const noexcept;
  void check_times();

  // stream_handler
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_drained(byte_buffer spent) override;
  void on_closed(const status& why) override;

  gossip_surroundings& around_;
  gossip_stream_owner& owner_;
  const std::uint64_t number_;
  const std::uint64_t tag_;
  std::optional<endpoint> dialed_;
  endpoint peer_;
  endpoint address_; // of the connection's other end
  std::array<std::byte, 16> sender_{};
  phase phase_ = phase::connecting;
  gossip_record_reader records_;
  gossip_message_reader reader_;
  gossip_stream_writer writer_;
  byte_buffer control_; // records that go before what the writer has
  byte_buffer spare_;
  std::unique_ptr<loop_timer> pending_;
  std::unique_ptr<byte_stream> stream_;
  std::unique_ptr<loop_timer> timer_;
  monotonic_time armed_for_ = monotonic_time::max();
  monotonic_time began_;
  monotonic_time active_;
  monotonic_time write_began_;
  monotonic_time goodbye_at_;
  // When what is not whole yet began to arrive: a frame, and a message of each topic.
  std::array<std::optional<monotonic_time>, 1 + gossip_message_reader::topics> unfinished_since_;
  std::size_t unfinished_ = 0; // bytes that the owner was told of
  std::size_t queued_ = 0;     // bytes that the meter was told of
  unsigned hellos_ = 0;
  unsigned times_told_ = 0;
  bool writing_ = false;
  bool leaving_ = false;
  bool said_goodbye_ = false;
  bool peer_leaves_ = false;
};

} // namespace troupe
