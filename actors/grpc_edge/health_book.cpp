#include "actors/grpc_edge/health_book.hpp"

#include <algorithm>

namespace troupe::grpc_detail {

void health_book::set(std::string_view service, bool serving) {
  if (closed_) return;
  serving_[std::string{service}] = serving;
  for (auto& [who, entry] : watches_)
    if (entry.service == service) enqueue(who, entry);
}

void health_book::close() {
  closed_ = true;
  for (auto& [service, serving] : serving_)
    serving = false;
  for (auto& [who, entry] : watches_)
    enqueue(who, entry);
}

std::optional<serving_state> health_book::state(std::string_view service) const {
  auto found = serving_.find(std::string{service});
  if (found == serving_.end()) return {};
  return found->second ? serving_state::serving : serving_state::not_serving;
}

void health_book::watch(watcher who, std::string_view service, std::uint32_t credit) {
  auto& entry = watches_[who];
  entry = {.service = std::string{service}, .credit = credit, .told = {}, .queued = entry.queued};
  enqueue(who, entry);
}

void health_book::add_credit(watcher who, std::uint32_t credit) {
  auto found = watches_.find(who);
  if (found == watches_.end()) return;
  found->second.credit += std::min(credit, UINT32_MAX - found->second.credit);
  enqueue(who, found->second);
}

void health_book::forget(watcher who) {
  auto found = watches_.find(who);
  if (found == watches_.end()) return;
  if (found->second.queued) std::erase(queue_, who);
  watches_.erase(found);
}

std::optional<health_book::update> health_book::take_update() {
  while (!queue_.empty()) {
    auto who = queue_.front();
    queue_.pop_front();
    auto& entry = watches_.at(who);
    entry.queued = false;
    auto present = watched_state(entry.service);
    if (entry.credit == 0 || entry.told == present) continue;
    --entry.credit;
    entry.told = present;
    return update{who, present};
  }
  return {};
}

void health_book::enqueue(watcher who, watch_entry& entry) {
  if (entry.queued) return;
  entry.queued = true;
  queue_.push_back(who);
}

serving_state health_book::watched_state(const std::string& service) const {
  return state(service).value_or(serving_state::service_unknown);
}

} // namespace troupe::grpc_detail
