// The real network's event loop: a thread with an io_context. Internal to this component.
#pragma once

#include "runtime/environment/event_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace troupe {

class real_connection;

class real_loop final : public event_loop {
public:
  explicit real_loop(std::string_view name);
  ~real_loop() override;

  void post(std::function<void()> work) override;
  void run(std::function<void()> work) override;
  bool is_current() const noexcept override;
  std::unique_ptr<loop_timer> after(duration delay, std::function<void()> then) override;
  result<std::unique_ptr<stream_listener>> listen(const endpoint& local, listen_options options,
                                                  accept_handler on_accepted,
                                                  refusal_handler on_refused) override;
  std::unique_ptr<loop_timer> connect(const endpoint& peer, stream_credentials_ptr credentials,
                                      duration timeout, connect_handler then) override;

  boost::asio::io_context& context() noexcept { return context_; }

  // What one stream at a time reads into, so that idle streams hold no buffers. On the loop only.
  using read_buffer = std::array<std::byte, 128 * 1024>;
  std::span<std::byte> bytes_read() noexcept { return *bytes_read_; }
  std::span<std::byte> plain_text() noexcept { return *plain_text_; }

  // Calls proceed() of the connection once the callback that now runs has returned: what write(), begin() and
  // resume_reading() must not do themselves, without a way through the reactor. On the loop only.
  void proceed_later(std::shared_ptr<real_connection> connection);

  // Everything that Asio calls makes one first. Its end is where connections proceed.
  class turn {
  public:
    explicit turn(real_loop& loop) noexcept : loop_(loop) {}
    ~turn() { loop_.end_turn(); }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

  private:
    real_loop& loop_;
  };

private:
  void run_posted();
  void end_turn();

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;

  std::mutex mutex_; // guards what follows
  std::vector<std::function<void()>> posted_;
  bool stopped_ = false;

  // Of the loop's thread.
  std::vector<std::function<void()>> running_;
  std::vector<std::shared_ptr<real_connection>> to_proceed_;
  std::vector<std::shared_ptr<real_connection>> proceeding_;
  std::unique_ptr<read_buffer> bytes_read_ = std::make_unique<read_buffer>();
  std::unique_ptr<read_buffer> plain_text_ = std::make_unique<read_buffer>();

  std::thread thread_;
};

// See event_loop::listen() and event_loop::connect().
result<std::unique_ptr<stream_listener>> listen_on(real_loop& loop, const endpoint& local,
                                                   listen_options options, accept_handler on_accepted,
                                                   refusal_handler on_refused);
std::unique_ptr<loop_timer> connect_to(real_loop& loop, const endpoint& peer,
                                       stream_credentials_ptr credentials, duration timeout,
                                       connect_handler then);

} // namespace troupe
