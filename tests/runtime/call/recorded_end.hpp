// An end of a call that writes down what it is given.
#pragma once

#include "runtime/call/call.hpp"
#include "runtime/call/directory.hpp"

#include <array>
#include <mutex>
#include <vector>

namespace call_test {

using namespace troupe;

// Keeps what a test looks at, and not the frames themselves, which would keep their calls alive.
struct seen_frame {
  frame_kind kind;
  std::uint32_t credit;
  status outcome;
};

class recorded_end final : public call_end {
public:
  void deliver(frame what) noexcept override {
    std::lock_guard lock{mutex_};
    frames_.push_back({what.kind, what.credit, what.outcome});
    last_ = what.kind == frame_kind::request ? what.call : nullptr;
  }
  std::vector<seen_frame> frames() const {
    std::lock_guard lock{mutex_};
    return frames_;
  }
  std::size_t count(frame_kind kind) const {
    std::lock_guard lock{mutex_};
    std::size_t out = 0;
    for (const auto& each : frames_)
      out += each.kind == kind ? 1 : 0;
    return out;
  }
  status outcome() const {
    std::lock_guard lock{mutex_};
    for (const auto& each : frames_)
      if (each.kind == frame_kind::answer) return each.outcome;
    return unknown("not answered");
  }
  // Lets go of the request.
  void forget() {
    std::lock_guard lock{mutex_};
    last_ = nullptr;
  }

private:
  mutable std::mutex mutex_;
  std::vector<seen_frame> frames_;
  call_ptr last_;
};
using recorded_end_ptr = boost::intrusive_ptr<recorded_end>;

inline const service_info service{.name = "test.Calls"};
inline const std::array<method_info, 2> methods{{
  {.service = &service,
   .index = 0,
   .name = "Change",
   .full_name = "test.Calls.Change",
   .path = "/test.Calls/Change"},
  {.service = &service,
   .index = 1,
   .name = "Read",
   .full_name = "test.Calls.Read",
   .path = "/test.Calls/Read",
   .repeat = idempotency::no_side_effects},
}};

inline call_ptr make_call(const recorded_end_ptr& caller, const method_info& method = methods[0]) {
  return call_ptr{new call(method, nullptr, deadline::never(), nullptr, caller)};
}

} // namespace call_test
