// Recorded histories to and from Jepsen's form. For a model of one's own, specialize jepsen_codec.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/linearizability/history.hpp"
#include "runtime/linearizability/jepsen_events.hpp"
#include "runtime/linearizability/key_value_model.hpp"
#include "runtime/linearizability/queue_model.hpp"
#include "runtime/linearizability/register_model.hpp"
#include "runtime/linearizability/set_model.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

// What a client asks, in an invoke event.
struct jepsen_call {
  std::string f;
  std::string value = "null"; // JSON
};

// What it is answered. Jepsen has no answer "no": a compare-and-set that found another value, and a dequeue
// of an empty queue, are `fail` there. They are written so, with an error by which they are known again.
struct jepsen_end {
  bool ok = true;             // an ok event, or a fail event
  std::string value = "null"; // JSON
  std::string error;          // of a fail event
};

// How the inputs and outputs of a model are written. All four functions are static:
//   jepsen_call encode_call(const Model::input_type&);
//   jepsen_end encode_end(const Model::input_type&, const Model::output_type&);
//   result<Model::input_type> decode_call(const jepsen_call&);
//   result<std::optional<Model::output_type>> decode_end(const Model::input_type&, const jepsen_end&);
// where nothing means that the operation failed. Errors are INVALID_ARGUMENT.
template <class Model>
struct jepsen_codec;

// read: null, ok with the value. write: the value. cas: [expected, value].
template <>
struct jepsen_codec<register_model> {
  static jepsen_call encode_call(const register_input& from);
  static jepsen_end encode_end(const register_input& asked, const register_output& from);
  static result<register_input> decode_call(const jepsen_call& from);
  static result<std::optional<register_output>> decode_end(const register_input& asked,
                                                           const jepsen_end& from);
};

// get: [key, null], ok with [key, value]. put, append: [key, value]. delete: [key, null]. cas: [key,
// [expected, value]].
template <>
struct jepsen_codec<key_value_model> {
  static jepsen_call encode_call(const key_value_input& from);
  static jepsen_end encode_end(const key_value_input& asked, const key_value_output& from);
  static result<key_value_input> decode_call(const jepsen_call& from);
  static result<std::optional<key_value_output>> decode_end(const key_value_input& asked,
                                                            const jepsen_end& from);
};

// enqueue: the value. dequeue: null, ok with the value.
template <>
struct jepsen_codec<queue_model> {
  static jepsen_call encode_call(const queue_input& from);
  static jepsen_end encode_end(const queue_input& asked, const queue_output& from);
  static result<queue_input> decode_call(const jepsen_call& from);
  static result<std::optional<queue_output>> decode_end(const queue_input& asked, const jepsen_end& from);
};

// add, remove, contains: the element, ok with [element, answer], where null is an answer that is not told.
template <>
struct jepsen_codec<set_model> {
  static jepsen_call encode_call(const set_input& from);
  static jepsen_end encode_end(const set_input& asked, const set_output& from);
  static result<set_input> decode_call(const jepsen_call& from);
  static result<std::optional<set_output>> decode_end(const set_input& asked, const jepsen_end& from);
};

// The history in Jepsen's form, in the order of its events. Clients become processes of the same number;
// since a process has one operation at a time, an operation that begins while another one of its client is
// open, or was left open, gets a process of its own. What was left open ends in an info event. A text that is
// an integer is written as a number ("7" as 7), any other one as a JSON string; it must be UTF-8.
template <class Model>
std::string write_jepsen_history(const history_of<Model>& what) {
  using codec = jepsen_codec<Model>;
  const auto& all = what.operations();
  // By its number each event is the call or the end of one operation.
  constexpr auto nobody = static_cast<std::uint32_t>(-1);
  std::vector<std::uint32_t> operation_of(what.events(), nobody);
  std::uint64_t next_process = 0;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    operation_of[all[i].called.event] = i;
    if (all[i].outcome != operation_outcome::unknown) operation_of[all[i].ended.event] = i;
    next_process = std::max<std::uint64_t>(next_process, all[i].client + std::uint64_t{1});
  }
  std::vector<jepsen_event> events;
  std::vector<std::uint32_t> process_of(all.size());
  std::map<std::uint32_t, std::vector<std::uint32_t>> free_processes; // of a client that was seen
  for (std::uint32_t event = 0; event < what.events(); ++event) {
    const auto index = operation_of[event];
    const auto& one = all[index];
    const auto call = codec::encode_call(one.input);
    if (one.called.event == event) {
      auto& free = free_processes.try_emplace(one.client, std::vector{one.client}).first->second;
      if (free.empty()) free.push_back(static_cast<std::uint32_t>(next_process++));
      process_of[index] = free.back();
      free.pop_back();
      events.push_back({process_of[index], jepsen_type::invoke, call.f, call.value, {}, one.called.time});
      continue;
    }
    free_processes[one.client].push_back(process_of[index]);
    jepsen_end end{false, call.value, {}};
    if (one.output) end = codec::encode_end(one.input, *one.output);
    events.push_back({process_of[index], end.ok ? jepsen_type::ok : jepsen_type::fail, call.f, end.value,
                      end.error, one.ended.time});
  }
  const auto last = events.empty() ? duration{} : events.back().time;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (all[i].outcome != operation_outcome::unknown) continue;
    const auto call = codec::encode_call(all[i].input);
    events.push_back({process_of[i], jepsen_type::info, call.f, call.value, {}, last});
  }
  return write_jepsen_events(events);
}

// The history that a text in Jepsen's form tells; processes become clients. INVALID_ARGUMENT, with the line:
// not in that form, a function or value that the model does not have, an end without its call, a call of a
// process whose operation is still open. RESOURCE_EXHAUSTED: beyond the limits.
template <class Model>
result<history_of<Model>> read_jepsen_history(std::string_view text, const jepsen_limits& limits = {}) {
  using codec = jepsen_codec<Model>;
  const auto events = read_jepsen_events(text, limits);
  if (!events) return events.error();
  history_of<Model> out{nullptr, limits.max_events};
  struct open_operation {
    operation_number number;
    const jepsen_event* call;
  };
  std::unordered_map<std::uint32_t, open_operation> open; // by process
  const auto wrong = [](const jepsen_event& where, const std::string& what) {
    return invalid_argument("line {}: {}", where.line, what);
  };
  for (const auto& each : *events) {
    const auto found = open.find(each.process);
    if (each.type == jepsen_type::invoke) {
      if (found != open.end())
        return wrong(each, fmt::format("process {} calls while its operation of line {} is open",
                                       each.process, found->second.call->line));
      auto input = codec::decode_call({each.f, each.value});
      if (!input) return wrong(each, input.error().message());
      open[each.process] = {out.invoke_at(each.time, each.process, std::move(*input)), &each};
      continue;
    }
    if (found == open.end())
      return wrong(each, fmt::format("process {} ends an operation that it did not begin", each.process));
    const auto [number, call] = found->second;
    open.erase(found);
    if (call->f != each.f)
      return wrong(each, fmt::format("it ends {}, and line {} began {}", each.f, call->line, call->f));
    if (each.type == jepsen_type::info) continue;
    const auto& input = out.operations()[number.value()].input;
    auto output = codec::decode_end(input, {each.type == jepsen_type::ok, each.value, each.error});
    if (!output) return wrong(each, output.error().message());
    if (*output)
      out.complete_at(each.time, number, std::move(**output));
    else
      out.fail_at(each.time, number);
  }
  return out;
}

} // namespace troupe
