// What other threads want sent on a connection, until the connection's loop takes it: the only part of a
// connection that threads share. Internal to this component.
#pragma once

#include "runtime/call/call.hpp"
#include "runtime/environment/event_loop.hpp"

#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <variant>
#include <vector>

namespace troupe {

// A frame of a call, by the end that sends it.
struct call_frame {
  enum class from : std::uint8_t {
    caller,  // this node made the call: request, item, half_close, credit, cancel
    callee,  // the peer made it: item, credit, answer
    mailbox, // the peer made it, and its request has left the mailbox
  };
  frame what;
  from side = from::caller;
};

// A message from an actor of this node to an actor of the peer.
struct actor_message {
  caf::strong_actor_ptr sender;
  caf::actor_id receiver = 0;
  caf::message_id id;
  caf::message content;
};

struct watch_order {
  enum class what : std::uint8_t { watch, unwatch, ended };
  what order = what::watch;
  caf::actor_id actor = 0;
  caf::error reason; // ended
};

class outbox : public boost::intrusive_ref_counter<outbox> {
public:
  using actor_entry = std::variant<actor_message, watch_order>;

  struct content {
    std::vector<call_frame> calls;
    std::vector<actor_entry> actors;
    bool empty() const noexcept { return calls.empty() && actors.empty(); }
  };

  // Requests that may wait here; further ones are refused at once.
  static constexpr std::size_t most_waiting = 65'536;

  // `flush` is run on the loop, soon after something was put into an empty outbox.
  outbox(event_loop& loop, std::function<void()> flush) : loop_(&loop), flush_(std::move(flush)) {}

  enum class outcome : std::uint8_t { taken, full, closed };

  // Thread-safe. `what` is untouched unless it is taken.
  outcome put(call_frame& what);
  outcome put(actor_entry& what);

  // -- on the loop only

  // Between begin_turn() and end_turn() nothing asks for a flush, because the turn flushes at its end.
  void begin_turn();
  // Swaps what is there for `into`'s buffers, which must be empty. With `end`, the turn is over when there
  // was nothing.
  void take(content& into, bool end);

  // Nothing is taken any more; gives what was left.
  content close();

private:
  void ask_for_flush();

  std::mutex mutex_;
  event_loop* loop_;
  std::function<void()> flush_;
  content content_;
  bool flush_is_coming_ = false;
  bool closed_ = false;
};
using outbox_ptr = boost::intrusive_ptr<outbox>;

} // namespace troupe
