#include "runtime/probe_book/probe_book.hpp"

#include <algorithm>

namespace troupe {
namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

probe_book::probe_book(const random_source& random, probe_book_options options)
  : random_(random), options_(std::move(options)), coverage_(options_.max_violations) {
  coverage_.add_run();
}

probe_book::rare_path& probe_book::path_of(std::string_view name) {
  if (const auto found = paths_.find(name); found != paths_.end()) return found->second;
  rare_path path{random_.split(name)};
  // Drawn also when it is disabled, so that its stream is the same either way.
  path.enabled =
    path.random.chance(options_.enable_probability) && !contains(options_.disabled_buggifies, name);
  return paths_.emplace(name, path).first->second;
}

probe_book::place& probe_book::place_of(const probe_site& site) {
  const auto [entry, fresh] = places_.try_emplace(&site);
  place& here = entry->second;
  if (fresh) {
    here.counts = &coverage_.at(site);
    if (site.kind == probe_kind::buggify) here.path = &path_of(site.text);
    if (site.kind == probe_kind::planted_bug) here.armed = contains(options_.planted_bugs, site.text);
  }
  ++here.counts->reached;
  return here;
}

bool probe_book::buggify(const probe_site& site) noexcept {
  place& here = place_of(site);
  if (!here.path->enabled) return false;
  const double probability = site.probability < 0 ? options_.fire_probability : site.probability;
  const bool fires = here.path->random.chance(probability);
  here.counts->held += fires ? 1 : 0;
  return fires;
}

bool probe_book::planted(const probe_site& site) noexcept {
  place& here = place_of(site);
  here.counts->held += here.armed ? 1 : 0;
  return here.armed;
}

void probe_book::always(const probe_site& site, bool held) noexcept {
  place& here = place_of(site);
  if (held) {
    ++here.counts->held;
    return;
  }
  if (here.counts->reached - here.counts->held > 1) return; // the first of its place tells enough
  const probe_violation violation{site, options_.seed, here.counts->reached};
  coverage_.add(violation);
  if (options_.on_violation) options_.on_violation(violation);
}

void probe_book::sometimes(const probe_site& site, bool held) noexcept {
  place_of(site).counts->held += held ? 1 : 0;
}

std::vector<std::string> probe_book::enabled_buggifies() const {
  std::vector<std::string> out;
  for (const auto& [name, path] : paths_) {
    if (path.enabled) out.push_back(name);
  }
  return out;
}

} // namespace troupe
