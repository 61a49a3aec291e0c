#include "discovery/directory/static_directory.hpp"

#include <algorithm>
#include <atomic>

namespace troupe {

// Readers never lock: the list of instances is replaced, not changed. Lists that were replaced are kept until
// the directory ends; there are as many as instances were added.
class static_directory::local_route final : public instance_route {
public:
  explicit local_route(std::string service) : service_(std::move(service)) {}

  void add(actor_reference_ptr instance) {
    auto next = lists_.empty() ? std::make_unique<list>() : std::make_unique<list>(*lists_.back());
    next->push_back(std::move(instance));
    current_.store(next.get(), std::memory_order_release);
    lists_.push_back(std::move(next));
  }

  result<call_end_ptr> choose(const call&) noexcept override {
    const auto* instances = current_.load(std::memory_order_acquire);
    if (instances == nullptr)
      return with_retry_hint(
        unavailable("no instance of {} is known: no module on this node plays it", service_),
        retry_hint::not_executed);
    if (instances->size() == 1) return call_end_ptr{instances->front()};
    return call_end_ptr{pick(*instances)};
  }

  result<call_end_ptr> choose_other(const call& what,
                                    std::span<const call_end_ptr> failed) noexcept override {
    if (auto other = find_other(failed)) return other;
    return choose(what);
  }

  // The least busy one: this is for the few calls that failed, and there are few instances on a node.
  call_end_ptr find_other(std::span<const call_end_ptr> failed) noexcept override {
    const auto* instances = current_.load(std::memory_order_acquire);
    const actor_reference_ptr* best = nullptr;
    if (instances == nullptr) return nullptr;
    for (const auto& each : *instances) {
      if (!each->attached() || std::find(failed.begin(), failed.end(), each) != failed.end()) continue;
      if (best == nullptr || each->depth() < (*best)->depth()) best = &each;
    }
    return best ? call_end_ptr{*best} : nullptr;
  }

  bool known() const noexcept override { return current_.load(std::memory_order_acquire) != nullptr; }

  bool available() const noexcept override {
    const auto* instances = current_.load(std::memory_order_acquire);
    if (instances == nullptr) return false;
    for (const auto& each : *instances)
      if (each->attached()) return true;
    return false;
  }

  std::vector<actor_reference_ptr> instances() const {
    const auto* instances = current_.load(std::memory_order_acquire);
    return instances ? *instances : std::vector<actor_reference_ptr>{};
  }

private:
  using list = std::vector<actor_reference_ptr>;

  actor_reference_ptr pick(const list& instances) noexcept {
    // Two different candidates; the multiplier of a Weyl sequence spreads consecutive turns over all pairs.
    const auto turn = turn_.fetch_add(1, std::memory_order_relaxed) * 0x9E3779B97F4A7C15ull;
    const auto count = instances.size();
    const auto first = static_cast<std::size_t>((turn >> 32) % count);
    const auto second = (first + 1 + static_cast<std::size_t>((turn & 0xFFFFFFFF) % (count - 1))) % count;
    const auto& a = instances[first];
    const auto& b = instances[second];
    if (a->attached() != b->attached()) return a->attached() ? a : b;
    return b->depth() < a->depth() ? b : a;
  }

  std::string service_;
  std::atomic<const list*> current_ = nullptr;
  std::atomic<std::uint64_t> turn_ = 0;
  std::vector<std::unique_ptr<list>> lists_; // guarded by the directory's mutex
};

static_directory::static_directory() = default;
static_directory::~static_directory() = default;

instance_route& static_directory::route(std::string_view service) {
  std::lock_guard lock{mutex_};
  auto found = routes_.find(service);
  if (found == routes_.end())
    found = routes_.emplace(std::string{service}, std::make_unique<local_route>(std::string{service})).first;
  return *found->second;
}

void static_directory::add(std::string_view service, actor_reference_ptr instance) {
  auto& found = static_cast<local_route&>(route(service));
  std::lock_guard lock{mutex_};
  found.add(std::move(instance));
}

std::map<std::string, std::vector<actor_reference_ptr>, std::less<>> static_directory::instances() const {
  std::map<std::string, std::vector<actor_reference_ptr>, std::less<>> out;
  std::lock_guard lock{mutex_};
  for (const auto& [name, route] : routes_)
    out.emplace(name, route->instances());
  return out;
}

} // namespace troupe
