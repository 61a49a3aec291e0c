// One client's connection: reads requests, keeps their answers in order, writes, and cuts clients that are
// too slow. Internal to this component. Everything happens on its thread.
//
//   bytes -> (TLS) -> request_parser -> connection_exchange -> handler
//   bytes <- (TLS) <- output_queue  <- in the order of the requests
#pragma once

#include "actors/http_edge/deadline_heap.hpp"
#include "actors/http_edge/io_thread.hpp"
#include "actors/http_edge/output_queue.hpp"
#include "actors/http_edge/request_parser.hpp"
#include "actors/http_edge/tls_session.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

class connection_exchange;
using connection_exchange_ptr = boost::intrusive_ptr<connection_exchange>;

class connection final : public boost::intrusive_ref_counter<connection> {
public:
  // `tls`: null for plain text.
  connection(io_thread& thread, boost::asio::ip::tcp::socket socket, tls_context_ptr tls);
  ~connection();

  // -- for the thread -----------------------------------------------------------------------------
  void start();
  // Pops what is answered, writes, goes on reading, makes the next appointment.
  void settle();
  void on_due();
  void begin_drain();
  // Ends the connection at once.
  void cut();

  io_thread& thread() noexcept { return thread_; }
  void touch() { thread_.touch(*this); }

  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
  deadline_entry appointment;
  std::size_t place = nowhere;
  bool touched = false;

  // -- for its exchanges --------------------------------------------------------------------------
  bool is_front(const connection_exchange& which) const noexcept;
  output_queue& output() noexcept { return out_; }
  std::size_t unsent() const noexcept { return out_.size() + ciphertext_.size(); }
  // Whether the response that is about to be written must be the last.
  bool must_close_after(const connection_exchange& which) const noexcept;
  // No further request is taken from this connection, which is closed once `which` is written.
  void close_after(const connection_exchange& which) noexcept;
  // `which` is complete.
  void finished(connection_exchange& which);

private:
  // -- input (connection_input.cpp) ---------------------------------------------------------------
  void read();
  void on_read(boost::system::error_code ec, std::size_t bytes);
  void on_end_of_input();
  bool wants_input() const noexcept;
  void make_room();
  void process();
  void on_head();
  void on_request();
  void dispatch(connection_exchange_ptr exchange);
  bool may_dispatch(const connection_exchange& exchange) const noexcept;
  // Answers the request being read with an error, as the last of this connection.
  void reject(int status, std::string_view text);
  connection_exchange_ptr acquire();

  // -- output (connection.cpp) --------------------------------------------------------------------
  void pop_finished();
  void recycle(connection_exchange_ptr exchange);
  void disconnect_from(std::size_t first);
  bool idle() const noexcept;
  bool head_is_late() const noexcept;
  void time_out();
  void flush();
  bool encrypt();
  void wait_writable();
  void begin_linger();
  void make_appointment();
  monotonic_time slowest(monotonic_time since, duration limit, std::uint64_t bytes) const;
  const http_limits& limits() const noexcept { return thread_.shared().options.limits; }

  io_thread& thread_;
  boost::asio::ip::tcp::socket socket_;
  std::string peer_;
  std::unique_ptr<tls_session> tls_;
  bool open_ = true;

  // Input: bytes_[begin_, end_) are plain text that waits to be parsed.
  request_parser parser_;
  std::string bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string cipher_in_; // what a TLS read fills
  bool reading_ = false;
  bool input_over_ = false;         // nothing further is parsed: the last request came, or nonsense did
  bool end_seen_ = false;           // the client sends no more
  connection_exchange_ptr current_; // being read
  bool in_head_ = false;            // some of a head is here
  bool in_body_ = false;
  bool continue_due_ = false; // "100 Continue" is owed before the body is read
  std::optional<monotonic_time> head_since_;
  monotonic_time body_since_{};
  connection_exchange_ptr waiting_; // read, but must wait for those before it (RFC 9112, 9.3.2)

  // In the order of the requests; the front one is being written.
  std::deque<connection_exchange_ptr> order_;
  const connection_exchange* last_ = nullptr; // nothing is answered after this one
  std::size_t unanswered_ = 0;
  bool unsafe_unanswered_ = false;
  std::vector<connection_exchange_ptr> spare_;

  // Output.
  output_queue out_;
  output_queue ciphertext_; // what is sent, when there is TLS
  bool waiting_writable_ = false;
  std::optional<monotonic_time> write_since_;
  std::uint64_t written_ = 0; // since then
  bool close_when_written_ = false;
  bool lingering_ = false;
  monotonic_time linger_until_{};
  monotonic_time idle_since_{};
  monotonic_time drain_until_ = monotonic_time::max();
};

} // namespace troupe
