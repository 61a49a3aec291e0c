#include "runtime/simulation/network_faults.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

double either(double a, double b) noexcept { return 1 - (1 - a) * (1 - b); }

bool holds(const node_set& set, std::uint32_t node) noexcept {
  return set.empty() || std::find(set.begin(), set.end(), node) != set.end();
}

} // namespace

const link_conditions network_faults::to_itself_{.latency = std::chrono::microseconds{5},
                                                 .jitter = std::chrono::microseconds{5}};

link_conditions operator+(const link_conditions& a, const link_conditions& b) noexcept {
  link_conditions out;
  out.latency = a.latency + b.latency;
  out.jitter = a.jitter + b.jitter;
  out.tail_chance = either(a.tail_chance, b.tail_chance);
  out.tail = std::max(a.tail, b.tail);
  out.loss = either(a.loss, b.loss);
  out.duplication = either(a.duplication, b.duplication);
  out.reordering = either(a.reordering, b.reordering);
  out.reset = either(a.reset, b.reset);
  out.bytes_per_second = a.bytes_per_second == 0   ? b.bytes_per_second
                         : b.bytes_per_second == 0 ? a.bytes_per_second
                                                   : std::min(a.bytes_per_second, b.bytes_per_second);
  out.cut = a.cut || b.cut;
  out.clogged = a.clogged || b.clogged;
  return out;
}

bool link_selection::contains(std::uint32_t a, std::uint32_t b) const noexcept {
  if (a == b) return false;
  return (holds(from, a) && holds(to, b)) || (both_ways && holds(from, b) && holds(to, a));
}

network_faults::network_faults()
  : baseline_{.latency = std::chrono::microseconds{100}, .jitter = std::chrono::microseconds{100}} {}

void network_faults::changed() {
  sums_.clear();
  if (changed_) changed_();
}

void network_faults::set_baseline(const link_conditions& everywhere) {
  baseline_ = everywhere;
  changed();
}

fault_id network_faults::add(link_selection where, const link_conditions& what) {
  last_ = last_.next();
  faults_.emplace(last_, fault{std::move(where), what});
  changed();
  return last_;
}

void network_faults::remove(fault_id which) {
  if (faults_.erase(which) > 0) changed();
}

void network_faults::clear() {
  faults_.clear();
  changed();
}

fault_id network_faults::partition(node_set a, node_set b) {
  return add({.from = std::move(a), .to = std::move(b)}, {.cut = true});
}

fault_id network_faults::partition_one_way(node_set from, node_set to) {
  return add({.from = std::move(from), .to = std::move(to), .both_ways = false}, {.cut = true});
}

fault_id network_faults::isolate(std::uint32_t node) { return partition({node}, {}); }

fault_id network_faults::clog(node_set a, node_set b) {
  return add({.from = std::move(a), .to = std::move(b)}, {.clogged = true});
}

const link_conditions& network_faults::between(std::uint32_t from, std::uint32_t to) const {
  if (from == to) return to_itself_;
  if (sums_.size() <= from) sums_.resize(from + 1);
  auto& row = sums_[from];
  if (row.size() <= to) row.resize(to + 1);
  auto& cell = row[to];
  if (!cell.known) {
    cell.known = true;
    cell.sum = baseline_;
    for (const auto& [id, each] : faults_)
      if (each.where.contains(from, to)) cell.sum = cell.sum + each.what;
  }
  return cell.sum;
}

} // namespace troupe
