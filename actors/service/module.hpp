// A module: one service, how its handlers are made, and how many of them run under which limits.
#pragma once

#include "actors/service/service.hpp"
#include "runtime/contract/service_info.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe {

// What a host needs to know to run a service. Made by module<H>(); the setters return *this to be chained:
//   troupe::module<orders>().instances(4).mailbox_limit(10'000)
class service_module {
public:
  using factory = std::function<std::unique_ptr<service_handler>()>;

  service_module(const service_info& service, factory make) : service_(&service), make_(std::move(make)) {}

  // Actors that play the service on this node, 1 to 1024. Calls are spread over them; each has its own state.
  service_module& instances(unsigned count) & { return set(instances_, count, 1, 1024); }
  service_module&& instances(unsigned count) && { return std::move(instances(count)); }

  // The three limits that follow may also stand in the contract, as option (troupe.service); what is said
  // here wins.

  // Requests that may wait for one instance, 1 to 1,000,000; the next is refused with RESOURCE_EXHAUSTED.
  // 1000 unless said otherwise.
  service_module& mailbox_limit(unsigned requests) & {
    return set(mailbox_limit_, std::optional{requests}, 1u, 1'000'000u);
  }
  service_module&& mailbox_limit(unsigned requests) && { return std::move(mailbox_limit(requests)); }

  // Handlers of one instance that may be under way at a time, interleaved where they co_await; 1 to
  // 1,000,000.
  service_module& max_concurrent(unsigned handlers) & {
    return set(max_concurrent_, std::optional{handlers}, 1u, 1'000'000u);
  }
  service_module&& max_concurrent(unsigned handlers) && { return std::move(max_concurrent(handlers)); }

  // A handler begins when the one before it has ended, also where that one waits.
  service_module& one_at_a_time() & { return max_concurrent(1); }
  service_module&& one_at_a_time() && { return std::move(max_concurrent(1)); }

  // How long on_start() and, at shutdown, the calls under way and on_stop() may take. Then the instance is
  // killed.
  service_module& start_timeout(duration limit) & {
    return set(start_timeout_, limit, duration{1}, duration::max());
  }
  service_module&& start_timeout(duration limit) && { return std::move(start_timeout(limit)); }
  service_module& stop_timeout(duration limit) & {
    return set(stop_timeout_, limit, duration{0}, duration::max());
  }
  service_module&& stop_timeout(duration limit) && { return std::move(stop_timeout(limit)); }

  // Handlers compute for long (milliseconds): they run on the scheduler's threads only. Without this, a
  // handler whose call came through a door runs on the door's own thread, which saves a thread change and
  // lets other clients of that thread wait meanwhile.
  service_module& compute_heavy() & {
    compute_heavy_ = true;
    return *this;
  }
  service_module&& compute_heavy() && { return std::move(compute_heavy()); }

  bool is_compute_heavy() const noexcept { return compute_heavy_; }
  const service_info& service() const noexcept { return *service_; }
  const factory& make() const noexcept { return make_; }
  unsigned instances() const noexcept { return instances_; }
  std::optional<unsigned> mailbox_limit() const noexcept { return mailbox_limit_; }
  std::optional<unsigned> max_concurrent() const noexcept { return max_concurrent_; }
  duration start_timeout() const noexcept { return start_timeout_; }
  duration stop_timeout() const noexcept { return stop_timeout_; }

private:
  template <class T>
  service_module& set(T& field, std::type_identity_t<T> value, std::type_identity_t<T> least,
                      std::type_identity_t<T> most) {
    field = value < least ? least : value > most ? most : value;
    return *this;
  }

  const service_info* service_;
  factory make_;
  unsigned instances_ = 1;
  bool compute_heavy_ = false;
  std::optional<unsigned> mailbox_limit_;
  std::optional<unsigned> max_concurrent_;
  duration start_timeout_ = std::chrono::seconds{30};
  duration stop_timeout_ = std::chrono::seconds{10};
};

// The module of handler class H. The arguments are kept and passed to H's constructor, again after each
// restart.
template <class H, class... Args>
service_module module(Args... args) {
  static_assert(std::is_base_of_v<service_handler, H>,
                "H must derive from a handler class that protoc-gen-troupe made");
  return {H::service::info(), [kept = std::tuple<Args...>{std::move(args)...}] {
            return std::apply([](const auto&... each) { return std::make_unique<H>(each...); }, kept);
          }};
}

} // namespace troupe
