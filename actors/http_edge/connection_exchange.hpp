// One request of a connection with its response. Internal to this component.
#pragma once

#include "actors/http_edge/connection.hpp"
#include "actors/http_edge/http_handler.hpp"

namespace troupe {

class connection_exchange final : public http_exchange {
public:
  explicit connection_exchange(connection& owner);

  // -- http_exchange ------------------------------------------------------------------------------
  void send() override;
  void begin_stream() override;
  void write(std::string_view part) override;
  void end_stream() override;
  void abort_stream() override;
  std::size_t unsent() const override;
  void listen(http_exchange_listener* listener) override { listener_ = listener; }
  void wake_at(monotonic_time when) override;
  monotonic_time arrived() const override { return arrived_; }
  monotonic_time now() const override { return thread_->now(); }
  bool on_own_thread() const noexcept override { return thread_->is_current(); }
  void post(std::function<void()> what) override { thread_->post(std::move(what)); }

  // -- for its connection -------------------------------------------------------------------------
  http_request& mutable_request() noexcept { return request_; }
  // Makes it as new, for the next request.
  void reset(std::string_view peer, bool secure);
  void set_arrived(monotonic_time when) { arrived_ = when; }
  void set_keep_alive(bool keep) { keep_alive_ = keep; }
  bool keep_alive() const noexcept { return keep_alive_; }
  bool finished() const noexcept { return step_ == step::finished; }
  bool safe() const noexcept { return request_.safe(); }
  monotonic_time wake() const noexcept { return wake_; }
  // Calls the listener when its time has come.
  void wake_if_due(monotonic_time now);
  // What was written before it came to the front goes to the connection.
  void come_to_front();
  // What was written has left: tells a producer that stopped.
  void drained();
  // The connection is gone, or will be before this is answered.
  void disconnect();

private:
  enum class step : std::uint8_t { open, streaming, finished };

  void finish();
  void report(bool aborted);
  void compress();
  void write_head(bool streaming);
  bool body_allowed() const noexcept;
  void put(std::string_view bytes);

  connection* owner_; // null once it is over
  std::shared_ptr<io_thread> thread_;
  http_exchange_listener* listener_ = nullptr;
  monotonic_time arrived_{};
  monotonic_time wake_ = monotonic_time::max();
  step step_ = step::open;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool throttled_ = false;
  std::uint64_t body_bytes_ = 0;
  std::string held_; // written before it came to the front
};

} // namespace troupe
