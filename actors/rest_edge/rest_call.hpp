// One request on its way: the caller's end of the call that it becomes. Internal to this component.
//
//   start -> (probe: a GET for If-Match) -> execute -> answer
//                                                   -> items ... answer, for a method whose server streams
#pragma once

#include "actors/http_edge/http_handler.hpp"
#include "actors/rest_edge/event_stream.hpp"
#include "actors/rest_edge/rest_plan.hpp"
#include "runtime/call/call.hpp"
#include "runtime/call/call_repeats.hpp"
#include "runtime/rest/transcode.hpp"

#include <optional>

namespace troupe {

class rest_call final : public call_end, public http_exchange_listener {
public:
  rest_call(std::shared_ptr<rest_edge::state> edge, const rest_plan& plan, const rest_match& match,
            http_exchange& exchange);
  ~rest_call() override;

  // On the exchange's thread, like everything but deliver().
  void start();

  void deliver(frame what) noexcept override;
  void on_disconnect() override;
  void on_writable() override;
  void on_wake() override;

private:
  // -- before the call (rest_request.cpp) ---------------------------------------------------------
  bool choose_reply_format();
  bool choose_body_format(body_format& format);
  bool build(body_format format);
  bool build_metadata();
  bool choose_deadline();

  // -- conditions and keys (rest_conditions.cpp) --------------------------------------------------
  // False when the request is answered already, or a probe goes on with it.
  bool check_conditions();
  bool check_idempotency_key();
  void probe(const rest_plan& plan, const rest_match& match);
  void on_probe_answer(const frame& what);
  void execute();

  // -- the answer (rest_call.cpp) -----------------------------------------------------------------
  void take(frame what);
  bool made_again(const frame& what);
  void on_answer(const frame& what);
  void reply(const google::protobuf::Message& message);
  void fail(const status& why, int http_status = 0);
  void add_reply_headers();
  void over();
  // Writes down the response for requests that repeat this one.
  void record(const status& outcome);

  // -- a stream (rest_stream.cpp) -----------------------------------------------------------------
  void on_item(const google::protobuf::Message& message);
  void end_stream(const status& outcome);
  void begin_stream();
  void send_part();
  void grant();
  void plan_wake();

  const method_info& method() const noexcept { return plan_.method(); }
  bool streams() const noexcept { return method().server_streams(); }

  std::shared_ptr<rest_edge::state> edge_;
  const rest_plan& plan_;
  const rest_match match_;
  const http_exchange_ptr exchange_;
  // Null before it is made and after it ended: the call holds this object as its caller.
  call_ptr call_;
  call_repeats repeats_;
  bool detached_ = false; // the client is gone, but the answer is to be recorded
  bool probing_ = false;
  bool conditional_ = false; // If-Match went to the service with the request

  std::shared_ptr<google::protobuf::Message> request_;
  call_metadata_ptr metadata_;
  deadline until_;
  body_format reply_format_ = body_format::json;
  std::string_view reply_type_; // its media type, as the client named it
  std::string idempotency_key_; // with its scope; empty: nothing is recorded

  std::optional<stream_writer> stream_;
  bool head_sent_ = false;
  std::uint32_t owed_ = 0; // items consumed that no credit was given for
  bool owes_large_ = false; // one of them was large
  monotonic_time last_sent_{};
  std::string part_;
  std::string json_;
};

// Answers an exchange with an error in the form that its client accepts. `http_status` 0: the code's own.
void answer_error(http_exchange& exchange, const status& why, int http_status = 0);
// The same without sending it.
void fill_error(http_exchange& exchange, const status& why, int http_status);

} // namespace troupe
