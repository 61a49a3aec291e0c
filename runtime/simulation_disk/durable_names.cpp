#include "runtime/simulation_disk/durable_names.hpp"

#include <algorithm>
#include <set>

namespace troupe {
namespace {

void link(name_table& names, const std::string& name, const disk_node_ptr& node) {
  if (node == nullptr) {
    names.erase(name);
  } else {
    names.insert_or_assign(name, node);
  }
}

template <class Visitor>
void walk_stable(const std::string& path, disk_node& folder, const Visitor& visit) {
  for (const auto& [name, node] : folder.stable_names) {
    const std::string here = path + "/" + name;
    visit(here, *node);
    if (node->is_folder) walk_stable(here, *node, visit);
  }
}

} // namespace

durable_names::durable_names(std::size_t max_unsynced)
  : max_unsynced_(max_unsynced), root_(std::make_shared<disk_node>(true)) {
  root_->linked = true;
}

durable_names::~durable_names() {
  // A folder that was moved may stand above another by one table and below it by the other: undo the circle.
  std::vector<disk_node_ptr> open{root_};
  std::set<const disk_node*> seen{root_.get()};
  for (const change& one : unsynced_) {
    if (seen.insert(one.subject.get()).second) open.push_back(one.subject);
  }
  while (!open.empty()) {
    const disk_node_ptr folder = std::move(open.back());
    open.pop_back();
    for (auto* table : {&folder->names, &folder->stable_names}) {
      for (const auto& [name, node] : *table) {
        if (seen.insert(node.get()).second) open.push_back(node);
      }
      table->clear();
    }
  }
}

void durable_names::add(const disk_node_ptr& folder, std::string_view name, const disk_node_ptr& node) {
  add({node, false, {{folder, std::string{name}, node}}});
  node->linked = true;
}

void durable_names::remove(const disk_node_ptr& folder, std::string_view name) {
  const disk_node_ptr node = folder->names.find(name)->second;
  add({node, false, {{folder, std::string{name}, nullptr}}});
  node->linked = false;
}

void durable_names::rename(const disk_node_ptr& from_folder, std::string_view from,
                           const disk_node_ptr& to_folder, std::string_view to) {
  const disk_node_ptr node = from_folder->names.find(from)->second;
  if (const auto old = to_folder->names.find(to); old != to_folder->names.end()) old->second->linked = false;
  add({node,
       node->is_folder || from_folder != to_folder,
       {{from_folder, std::string{from}, nullptr}, {to_folder, std::string{to}, node}}});
}

void durable_names::add(change one) {
  for (const auto& [folder, name, node] : one.assignments)
    link(folder->names, name, node);
  unsynced_.push_back(std::move(one));
  if (unsynced_.size() > max_unsynced_) keep_first(1);
}

void durable_names::apply(const change& one) {
  for (const auto& [folder, name, node] : one.assignments)
    link(folder->stable_names, name, node);
}

void durable_names::keep_first(std::size_t count) {
  for (; count > 0; --count) {
    apply(unsynced_.front());
    unsynced_.pop_front();
  }
}

bool durable_names::journaled() const {
  return std::any_of(unsynced_.begin(), unsynced_.end(), [](const change& one) { return one.journaled; });
}

void durable_names::sync(const disk_node_ptr& folder) {
  const auto is_in = [&](const change& one) {
    return std::any_of(one.assignments.begin(), one.assignments.end(),
                       [&](const assignment& part) { return part.folder == folder; });
  };
  if (journaled()) {
    std::size_t last = unsynced_.size();
    while (last > 0 && !is_in(unsynced_[last - 1]))
      --last;
    keep_first(last);
    return;
  }
  std::deque<change> rest;
  for (change& one : unsynced_) {
    if (is_in(one)) {
      apply(one);
    } else {
      rest.push_back(std::move(one));
    }
  }
  unsynced_ = std::move(rest);
}

name_tally durable_names::crash(crash_choices& choices) {
  name_tally tally;
  const std::size_t count = unsynced_.size();
  if (journaled()) {
    tally.kept = std::min(choices.changes_in_order(count), count);
    keep_first(static_cast<std::size_t>(tally.kept));
  } else {
    std::set<const disk_node*>
      stopped; // files and folders of which a change was lost: later ones build on it
    for (const change& one : unsynced_) {
      if (!stopped.contains(one.subject.get()) && choices.change_survives()) {
        apply(one);
        ++tally.kept;
      } else {
        stopped.insert(one.subject.get());
      }
    }
  }
  tally.lost = count - tally.kept;
  unsynced_.clear();

  root_->names = root_->stable_names;
  walk_stable("", *root_, [](const std::string&, disk_node& node) {
    node.names = node.stable_names;
    node.linked = true;
  });
  return tally;
}

std::uint64_t durable_names::count() const {
  std::uint64_t out = 1;
  walk_stable("", *root_, [&](const std::string&, const disk_node&) { ++out; });
  return out;
}

void durable_names::for_each_stable_file(
  const std::function<void(const std::string& path, disk_node& file)>& visit) const {
  walk_stable("", *root_, [&](const std::string& path, disk_node& node) {
    if (!node.is_folder) visit(path, node);
  });
}

} // namespace troupe
