// What answers HTTP requests: a handler is given exchanges, one request and its response each.
#pragma once

#include "actors/http_edge/http_message.hpp"
#include "runtime/core/deadline.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <functional>
#include <string_view>

namespace troupe {

// Who wants to know what happens to an exchange. Called on the exchange's thread.
class http_exchange_listener {
public:
  // The client is gone, or the server cuts the connection; nothing more can be sent. Called at most once, and
  // not after the response was completed.
  virtual void on_disconnect() = 0;
  // What was written to a stream has left for the most part.
  virtual void on_writable() {}
  // The time asked for with wake_at() has come.
  virtual void on_wake() {}

protected:
  ~http_exchange_listener() = default;
};

// One request and its response. It belongs to one thread of the server; every function but post() and
// on_own_thread() may be called there only. A handler that answers later keeps a pointer to it and comes back
// through post().
class http_exchange : public boost::intrusive_ref_counter<http_exchange> {
public:
  virtual ~http_exchange();

  // Valid until the response is complete.
  const http_request& request() const noexcept { return request_; }
  // To be filled in before send() or begin_stream().
  http_response& response() noexcept { return response_; }

  // -- a whole response ---------------------------------------------------------------------------

  // Sends response(). The server leaves out the body of an answer to HEAD and of 204 and 304, and codes it
  // with gzip when the client accepts that and it is worth it. No effect on an exchange that is over.
  virtual void send() = 0;

  // -- a response of unknown length ---------------------------------------------------------------

  // Sends the head of response(), whose body must be empty. An answer to HEAD is complete with it.
  virtual void begin_stream() = 0;
  // Sends a further part, if possible together with others written in the same turn of the thread.
  virtual void write(std::string_view part) = 0;
  virtual void end_stream() = 0;
  // Ends the connection without ending the stream, so that the client sees that something is missing.
  virtual void abort_stream() = 0;
  // Bytes written to this exchange that the network has not taken yet. Producers stop above
  // http_stream_high_water and go on at on_writable().
  virtual std::size_t unsent() const = 0;

  // -- while it is being answered -----------------------------------------------------------------

  // Null: nobody. The listener must stay alive until it is replaced, or on_disconnect() was called.
  virtual void listen(http_exchange_listener* listener) = 0;
  // Calls the listener's on_wake() once, at `when` or soon after; monotonic_time::max() for never. The latest
  // call counts.
  virtual void wake_at(monotonic_time when) = 0;
  // When the request had arrived completely.
  virtual monotonic_time arrived() const = 0;
  // The present, as of the beginning of this turn of the thread.
  virtual monotonic_time now() const = 0;

  // -- from any thread ----------------------------------------------------------------------------

  virtual bool on_own_thread() const noexcept = 0;
  // Runs `what` on the exchange's thread, in order with others posted from the same thread; drops it when the
  // server has stopped.
  virtual void post(std::function<void()> what) = 0;

protected:
  http_request request_;
  http_response response_;
};
using http_exchange_ptr = boost::intrusive_ptr<http_exchange>;

inline constexpr std::size_t http_stream_high_water = 64 * 1024;

// Answers requests, or sees to it that they are answered. Called by all threads of the server at the same
// time.
class http_handler {
public:
  virtual ~http_handler();

  // The request is complete. The exchange must be answered, now or later. Must not block. An exception that
  // escapes is answered 500 and closes the connection.
  virtual void handle(http_exchange& exchange) = 0;
};

} // namespace troupe
