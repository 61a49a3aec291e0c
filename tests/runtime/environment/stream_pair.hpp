// What tests of streams have in common: ends that take notes, raw sockets, waiting with a limit.
#pragma once

#include "runtime/environment/event_loop.hpp"
#include "runtime/environment/real_environment.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

constexpr endpoint any_port{ip_address::loopback(), 0};

byte_buffer buffer_of(std::string_view text);

// Notes that loops write and the test waits for.
class notebook {
public:
  void change(const std::function<void()>& what) {
    std::lock_guard hold{mutex_};
    what();
    changed_.notify_all();
  }
  // False: it has not come true within 20 seconds.
  bool wait(const std::function<bool()>& until) {
    std::unique_lock hold{mutex_};
    return changed_.wait_for(hold, std::chrono::seconds{20}, until);
  }
  template <class Value>
  Value read(const Value& value) {
    std::lock_guard hold{mutex_};
    return value;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// One end of a stream. The hooks run on the loop, after the note was taken.
class stream_end final : public stream_handler {
public:
  explicit stream_end(notebook& notes) : notes_(notes) {}

  void on_bytes(std::span<const std::byte> bytes) override;
  void on_drained(byte_buffer spent) override;
  void on_closed(const status& why) override;

  void take(std::unique_ptr<byte_stream> given) {
    stream = std::move(given);
    stream->begin(*this);
  }
  void write(std::string_view text) { stream->write(buffer_of(text)); }

  std::unique_ptr<byte_stream> stream; // on the loop only
  std::function<void(std::span<const std::byte>)> bytes_hook;
  std::function<void(byte_buffer)> drained_hook;
  std::function<void()> closed_hook;

  // Of the notes.
  std::string received;
  int drained = 0;
  std::vector<status> closed;

private:
  notebook& notes_;
};

// A listener on a loop of its own and somebody who connects to it on another.
class stream_pair {
public:
  stream_pair();
  ~stream_pair();

  // Accepts into `server`, or into accept_hook when there is one.
  void listen(listen_options options = {}, const endpoint& local = any_port);
  // Begins to connect into `client`; the outcome is noted.
  void connect(stream_credentials_ptr credentials = nullptr, duration timeout = std::chrono::seconds{10});
  void connect_to(const endpoint& peer, stream_credentials_ptr credentials = nullptr,
                  duration timeout = std::chrono::seconds{10});
  // Both ends are there, the latest attempt succeeded. False: they were not after 20 seconds.
  bool connected();
  // connect() and connected().
  bool meet(stream_credentials_ptr credentials = nullptr);

  void on_server(const std::function<void()>& what) { server_loop->run(what); }
  void on_client(const std::function<void()>& what) { client_loop->run(what); }
  // What both loops had to do when this was called has been done.
  void settle();

  real_environment world;
  network& net = world.get().network;
  notebook notes;
  std::unique_ptr<event_loop> server_loop = net.open_loop("server");
  std::unique_ptr<event_loop> client_loop = net.open_loop("client");
  std::function<void(std::unique_ptr<byte_stream>)> accept_hook;
  std::unique_ptr<stream_listener> listener;
  endpoint address; // of the listener
  stream_end server{notes};
  stream_end client{notes};
  std::unique_ptr<loop_timer> connecting;

  // Of the notes.
  int accepted = 0;
  int attempts = 0;
  int connects = 0;
  status connect_outcome;
  std::vector<std::pair<endpoint, status>> refused;
};

// A blocking IPv4 socket.
class raw_socket {
public:
  raw_socket();
  explicit raw_socket(int number) : number_(number) {}
  ~raw_socket();
  raw_socket(raw_socket&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  raw_socket& operator=(raw_socket&&) = delete;

  int number() const noexcept { return number_; }
  bool connect(const endpoint& to);
  // Binds to a free port of 127.0.0.1 and listens.
  endpoint listen(int backlog);
  raw_socket accept();
  // False: the peer has gone.
  bool send(std::string_view text);
  // At most 64 KiB; empty: the end, a failure, or nothing within 20 seconds.
  std::string receive();
  // Waits for the end of the connection; false: bytes came, or nothing within 20 seconds.
  bool ended();
  // Resets the connection instead of ending it.
  void reset();
  void close();

private:
  int number_;
};

// Descriptors that the process has open.
std::size_t open_descriptors();

// A megabyte or so that does not repeat every power of two.
std::string pattern(std::size_t size);

} // namespace troupe::test
