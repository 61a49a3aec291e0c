// One call: what a caller asks of a service, and how the two ends speak until it is answered.
//
//   caller end                                   callee end
//      | request  ------------------------------>  |
//      | item, half_close (client streams) ----->  |
//      |  <----------- credit (client streams)     |
//      |  <------------- item (server streams)     |
//      | credit (server streams) --------------->  |
//      | cancel -------------------------------->  |
//      |  <------------------------------- answer  |
//
// An end is an actor, an edge's connection, or the link to another node; none knows what the other one is.
// Exactly one answer is delivered for each call, whatever happens: a request that is dropped anywhere (its
// actor crashed, its mailbox closed) is answered UNAVAILABLE by the last one to hold it.
#pragma once

#include "runtime/contract/service_info.hpp"
#include "runtime/core/deadline.hpp"
#include "runtime/core/status.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

class call;
class call_end;
using call_ptr = boost::intrusive_ptr<call>;
using call_end_ptr = boost::intrusive_ptr<call_end>;

using header_list = std::vector<std::pair<std::string, std::string>>;

// W3C Trace Context (https://www.w3.org/TR/trace-context/): the parent of whatever this call does.
struct trace_context {
  std::uint64_t trace_high = 0;
  std::uint64_t trace_low = 0;
  std::uint64_t span = 0;
  bool sampled = false;

  bool valid() const noexcept { return (trace_high | trace_low) != 0 && span != 0; }
  bool operator==(const trace_context&) const = default;
};

// What travels with a call besides its request and its deadline. Immutable once the call was made; calls that
// a handler makes share its caller's.
struct call_metadata {
  std::string identity;        // who calls, as the edge authenticated it; empty: nobody in particular
  std::string idempotency_key; // the client's own name for this request; empty: none
  trace_context trace;
  header_list headers; // names in lower case; "-bin" values are raw bytes
};
using call_metadata_ptr = std::shared_ptr<const call_metadata>;

// Metadata of a call that carries none.
const call_metadata_ptr& no_call_metadata() noexcept;

enum class frame_kind : std::uint8_t { request, item, half_close, credit, cancel, answer };

struct frame {
  call_ptr call;
  frame_kind kind = frame_kind::request;
  std::uint32_t credit = 0; // kind credit: how many more items the other end may send
  message_ptr message;      // kind item; kind answer of a unary or client-streaming method that succeeded
  status outcome;           // kind answer; kind cancel: the reason
};

// Where frames go. Implementations are thread-safe, keep the order of frames from one thread, never block and
// never throw. A frame may be handled before deliver() returns, so hold no lock while calling it.
class call_end : public boost::intrusive_ref_counter<call_end> {
public:
  virtual ~call_end();
  virtual void deliver(frame what) noexcept = 0;

  // Told to the caller end: the handler of a call has begun, so the request waits no longer. The link to
  // another node opens its window again.
  virtual void request_begun(call&) noexcept {}

  // Frames to one receiver from the ends of one lane keep their order on their way to another node: an
  // actor's id, for example. 0: this end keeps no order between its calls.
  virtual std::uint64_t lane() const noexcept { return 0; }
};

// How many items a stream's consumer allows its producer before it has consumed any.
inline constexpr std::uint32_t default_stream_credit = 16;

class call final : public boost::intrusive_ref_counter<call> {
public:
  // `caller` receives the frames of the call; null for a call whose answer nobody wants. For a
  // server-streaming or bidirectional method, `credit` is how many items the callee may send before it is
  // granted more.
  call(const method_info& method, message_ptr request, troupe::deadline until, call_metadata_ptr metadata,
       call_end_ptr caller, std::uint32_t credit = default_stream_credit);
  ~call();

  const method_info& method() const noexcept { return *method_; }
  // Null for methods whose client streams.
  const message_ptr& request() const noexcept { return request_; }
  troupe::deadline until() const noexcept { return until_; }
  // Never null.
  const call_metadata_ptr& metadata() const noexcept { return metadata_; }
  std::uint32_t initial_credit() const noexcept { return initial_credit_; }
  const call_end_ptr& caller() const noexcept { return caller_; }

  // -- caller's side

  // Hands the request to `callee`, which becomes the other end for good. Once only.
  void send_to(call_end_ptr callee) noexcept;
  // Who that is; null before.
  const call_end_ptr& callee() const noexcept { return callee_; }

  // Sends a further frame to the callee: an item, half_close or credit. No effect once answered.
  void send_item(message_ptr item) noexcept;
  void half_close() noexcept;
  void grant(std::uint32_t items) noexcept;

  // The caller has no more interest (it went away, its deadline passed). The callee's handler ends at its
  // next suspension point. No answer is delivered after this returns, unless one is on its way from another
  // thread.
  void cancel(status reason) noexcept;

  // -- callee's side

  // Gives the answer. Returns false, with no effect, when the call was answered or cancelled before.
  bool answer(message_ptr reply) noexcept;
  bool fail(status why) noexcept;
  // The end of a server-streaming or bidirectional call that went well.
  bool finish() noexcept { return answer(nullptr); }

  void reply_item(message_ptr item) noexcept;
  void grant_caller(std::uint32_t items) noexcept;

  // The callee went away before it answered. The status says whether the call may have executed, and so
  // whether a retry is safe (see retry_hint).
  void abandon(std::string_view why) noexcept;

  // Set by the callee when its handler begins; an abandoned call that never began is always safe to retry.
  void mark_started() noexcept {
    started_.store(true, std::memory_order_relaxed);
    if (caller_) caller_->request_begun(*this);
  }
  bool started() const noexcept { return started_.load(std::memory_order_relaxed); }

  bool answered() const noexcept { return answered_.load(std::memory_order_acquire); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }

  // Whether the callee has sent an item or its answer: the headers of the reply are on their way, and fixed.
  // For the callee only.
  bool reply_begun() const noexcept { return reply_begun_ || answered(); }

  // Headers of the reply (HTTP headers, gRPC initial metadata). The callee fills them before it answers or
  // sends its first item; the caller reads them after.
  header_list reply_headers;

  // For the ends' own book-keeping; each touches only its own.
  void* caller_state = nullptr;
  void* callee_state = nullptr;
  // Whose callee_state it is: an actor that follows a crashed or killed one receives frames of its calls too.
  std::atomic<const void*> callee_owner = nullptr;

private:
  bool claim_answer() noexcept { return !answered_.exchange(true, std::memory_order_acq_rel); }

  const method_info* method_;
  message_ptr request_;
  troupe::deadline until_;
  call_metadata_ptr metadata_;
  call_end_ptr caller_;
  call_end_ptr callee_;
  std::uint32_t initial_credit_;
  bool reply_begun_ = false;
  std::atomic<bool> answered_ = false;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> started_ = false;
};

// Whether the failed call may be made again, as abandon() and the link record it in the status.
enum class retry_hint : std::uint8_t {
  none,              // the failure says nothing: it is the handler's own answer
  not_executed,      // no handler saw the request: any method may be retried
  may_have_executed, // a handler had begun: only idempotent methods may be retried
};
retry_hint retry_hint_of(const status& outcome) noexcept;

// Marks a status with a hint, as the ErrorInfo detail {domain "troupe", reason "NOT_EXECUTED" |
// "MAY_HAVE_EXECUTED"}.
status with_retry_hint(status outcome, retry_hint hint);

} // namespace troupe
