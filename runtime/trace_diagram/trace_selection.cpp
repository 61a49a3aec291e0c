#include "runtime/trace_diagram/trace_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

// Messages under way that are remembered from before the selection.
constexpr std::size_t most_sent = 65'536;
constexpr std::size_t most_faults = 1'000;
// Names of nodes that are remembered at all.
constexpr std::size_t most_names = 10'000;

std::optional<node_condition> condition_after(traced_kind kind) noexcept {
  switch (kind) {
  case traced_kind::boot:
  case traced_kind::resume:
    return node_condition::up;
  case traced_kind::crash:
    return node_condition::down;
  case traced_kind::pause:
    return node_condition::paused;
  default:
    return std::nullopt;
  }
}

bool contains(const std::vector<std::string>& among, std::string_view what) {
  return std::ranges::find(among, what) != among.end();
}

} // namespace

trace_selection::trace_selection(trace_selection_options options) : options_(std::move(options)) {
  options_.events = std::clamp<std::size_t>(options_.events, 1, most_selected_events);
  out_.around = options_.around;
}

void trace_selection::meet(std::string_view node) {
  if (node.empty() || node == "?" || names_.size() >= most_names) return;
  if (conditions_.try_emplace(std::string{node}, node_condition::unknown).second) names_.emplace_back(node);
}

bool trace_selection::wants_node(std::string_view node) const {
  return options_.nodes.empty() || contains(options_.nodes, node);
}

bool trace_selection::wanted(const traced_event& what) const {
  // Without these a lifeline would be wrong.
  const bool of_life = condition_after(what.kind).has_value();
  if (!of_life && contains(options_.hidden_kinds, what.kind_name)) return false;
  if (what.of_network() && what.bytes < options_.least_bytes) return false;
  if (what.node.empty() || wants_node(what.node)) return true;
  return what.of_network() && (wants_node(node_of_place(what.from)) || wants_node(node_of_place(what.to)));
}

void trace_selection::add(traced_event what) {
  meet(what.node);
  if (what.of_network()) {
    meet(node_of_place(what.from));
    meet(node_of_place(what.to));
  }
  if (!wanted(what)) {
    ++out_.hidden;
    let_go(std::move(what));
    return;
  }
  if (!options_.around || what.at <= *options_.around) {
    kept_.push_back(std::move(what));
  } else if (kept_after_ < (options_.events + 1) / 2 || kept_.size() < options_.events) {
    kept_.push_back(std::move(what));
    ++kept_after_;
  } else {
    ++out_.later;
    return;
  }
  if (kept_.size() <= options_.events) return;
  ++out_.earlier;
  let_go(std::move(kept_.front()));
  kept_.pop_front();
}

void trace_selection::let_go(traced_event&& what) {
  if (const auto after = condition_after(what.kind); after && !what.node.empty()) {
    if (const auto found = conditions_.find(what.node); found != conditions_.end()) found->second = *after;
  }
  if (what.kind == traced_kind::fault && end_of_fault(what)) {
    auto& faults = out_.faults_before;
    std::erase_if(faults, [&](const auto& each) { return *end_of_fault(each) < what.at; });
    if (faults.size() < most_faults) faults.push_back(std::move(what));
    return;
  }
  if (what.kind != traced_kind::send || what.id == 0) return;
  const auto id = what.id;
  if (!sent_.insert_or_assign(id, std::move(what)).second) return;
  sent_order_.push_back(id);
  if (sent_order_.size() <= most_sent) return;
  sent_.erase(sent_order_.front());
  sent_order_.pop_front();
}

result<selected_trace> trace_selection::finish() {
  for (const auto& each : options_.nodes)
    if (!contains(names_, each))
      return not_found("there is no node \"{}\" in the trace; its nodes are {}", each,
                       names_.empty() ? "none" : fmt::format("{}", fmt::join(names_, ", ")));
  for (const auto& name : names_) {
    if (wants_node(name) && out_.nodes.size() < most_selected_nodes)
      out_.nodes.push_back({name, conditions_.find(name)->second});
    else
      out_.other_nodes.push_back(name);
  }
  std::erase_if(out_.faults_before,
                [&](const auto& each) { return kept_.empty() || *end_of_fault(each) < kept_.front().at; });
  for (const auto& each : kept_) {
    if (each.kind != traced_kind::receive && each.kind != traced_kind::drop) continue;
    if (const auto found = sent_.find(each.id); found != sent_.end()) out_.sent_before.insert(*found);
  }
  out_.events.assign(std::make_move_iterator(kept_.begin()), std::make_move_iterator(kept_.end()));
  return std::move(out_);
}

} // namespace troupe
