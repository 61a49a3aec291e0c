// A TCP connection on a loop, with or without TLS. Internal to this component.
#pragma once

#include "runtime/environment/real_loop.hpp"
#include "runtime/environment/real_tls.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace troupe {

// One of the connections that a listener may have; gives itself back.
class connection_place {
public:
  connection_place() = default;
  explicit connection_place(std::shared_ptr<std::uint32_t> taken) : taken_(std::move(taken)) { ++*taken_; }
  ~connection_place() { give_back(); }
  connection_place(connection_place&& other) noexcept : taken_(std::move(other.taken_)) {}
  connection_place& operator=(connection_place&&) = delete;

  void give_back() noexcept {
    if (taken_) --*std::exchange(taken_, nullptr);
  }

private:
  std::shared_ptr<std::uint32_t> taken_;
};

// Held by its owner's stream and by what Asio has pending for it, so that a handler may destroy its own
// stream. On the loop only.
class real_connection : public std::enable_shared_from_this<real_connection> {
public:
  real_connection(real_loop& loop, boost::asio::ip::tcp::socket socket, const endpoint& peer,
                  connection_place place);

  // Calls `then` once, never from within this call, unless close() comes first.
  void start_handshake(stream_credentials_ptr credentials, stream_tls::side which,
                       std::function<void(const status&)> then);

  // As of byte_stream.
  void begin(stream_handler& handler);
  void write(byte_buffer bytes);
  void pause_reading() noexcept { paused_ = true; }
  void resume_reading();

  // Ends it without telling anybody. Harmless when it has ended.
  void close();

  // Does what the public functions put off. Called by the loop after they asked for it.
  void proceed();

  const endpoint& peer() const noexcept { return peer_; }
  const std::vector<std::string>& peer_names() const noexcept { return peer_names_; }

private:
  bool is_open() const noexcept { return socket_.is_open(); }
  bool wants_bytes() const noexcept { return is_open() && !paused_ && (handler_ != nullptr || handshaken_); }
  void proceed_later();
  void wait_for_bytes();
  void receive();
  void take(std::span<const std::byte> bytes);
  void take_kept();
  void take_plain_text();
  void go_on_with_handshake();
  void flush();
  void end(const status& why);
  void end_of_input();
  void release();
  status broken(int error) const;

  real_loop& loop_;
  boost::asio::ip::tcp::socket socket_;
  const endpoint peer_;
  connection_place place_;
  std::optional<stream_tls> tls_;
  std::vector<std::string> peer_names_;
  std::function<void(const status&)> handshaken_; // while the handshake lasts
  stream_handler* handler_ = nullptr;             // from begin() to the end

  byte_buffer written_;         // what write() took, until it is drained
  std::size_t handed_over_ = 0; // of written_: to the kernel, or to TLS
  std::size_t sent_ = 0;        // of TLS's output
  bool writing_ = false;        // written_ is under way
  bool paused_ = false;
  bool waits_for_bytes_ = false;
  bool waits_for_room_ = false;
  bool will_proceed_ = false;
  bool has_drained_ = false; // and on_drained() is to say so
  status send_failure_;
};

// The owner's side of a connection; closes it when destroyed.
std::unique_ptr<byte_stream> make_stream(std::shared_ptr<real_connection> connection);

} // namespace troupe
