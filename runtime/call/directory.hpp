// How a caller finds whom to call. The static table of one node and the registry of a whole cluster
// (discovery/directory) stand behind this interface, so that a call looks the same wherever its service runs.
#pragma once

#include "runtime/call/call.hpp"
#include "runtime/core/result.hpp"

#include <span>
#include <string_view>

namespace troupe {

// Every way to one service. Lives as long as its directory; instances come and go behind it. Thread-safe.
class service_route {
public:
  virtual ~service_route();

  // The end that shall take this call: UNAVAILABLE, naming the service and what is known of it, when there is
  // none.
  virtual result<call_end_ptr> choose(const call& what) noexcept = 0;

  // The same for a call that `failed` did not answer: one that is none of these when there is one, else one
  // of them.
  virtual result<call_end_ptr> choose_other(const call& what, std::span<const call_end_ptr> failed) noexcept;
};

class directory {
public:
  virtual ~directory();

  // The route to a service by its full name ("shop.Orders"). Never fails: a service that nobody plays has a
  // route that refuses every call until somebody does. The reference stays valid as long as the directory.
  virtual service_route& route(std::string_view service) = 0;
};

// Sends a call on its way: picks an instance and delivers the request, or answers with the reason why not.
void submit(service_route& route, const call_ptr& what) noexcept;
// The same by choose_other().
void submit_elsewhere(service_route& route, const call_ptr& what,
                      std::span<const call_end_ptr> failed) noexcept;

} // namespace troupe
