#include "discovery/seeds/seed_core.hpp"

#include "discovery/seeds/seed_merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe {

// Complaints are about subjects, about names that did not fit among them (together), and about the list.
seed_core::seed_core(seed_settings settings, std::vector<endpoint> own, std::vector<endpoint> last_known,
                     const random_source& random, monotonic_time now)
  : settings_(std::move(settings)), own_(std::move(own)), last_known_(std::move(last_known)), random_(random),
    quota_(settings_.complaint_period, 2 * max_seed_subjects) {
  // Nothing is known yet, so this makes the subjects of the settings, and what answers bring cannot take
  // their places.
  rebuild(now);
}

bool seed_core::may_ask(seed_kind kind) const noexcept {
  return kind == seed_kind::file || lookups_ < max_seed_lookups_at_a_time;
}

std::vector<seed_query> seed_core::take_due(monotonic_time now) {
  // Those that wait longest first, so that a bound on look-ups at a time starves none.
  std::vector<std::pair<monotonic_time, const key*>> due;
  for (const auto& [which, each] : subjects_)
    if (!each.under_way && each.due <= now) due.emplace_back(each.due, &which);
  std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<seed_query> out;
  for (const auto& [when, which] : due) {
    if (!may_ask(which->kind)) continue;
    if (which->kind != seed_kind::file) ++lookups_;
    subjects_.at(*which).under_way = true;
    asked_.emplace(++numbers_, *which);
    out.push_back({numbers_, which->kind, which->name});
  }
  return out;
}

monotonic_time seed_core::next_due() const {
  auto out = monotonic_time::max();
  for (const auto& [which, each] : subjects_)
    if (!each.under_way && may_ask(which.kind)) out = std::min(out, each.due);
  return out;
}

seed_core::subject* seed_core::take_answer(std::uint64_t number, key& which) {
  const auto asked = asked_.find(number);
  if (asked == asked_.end()) return nullptr;
  which = std::move(asked->second);
  asked_.erase(asked);
  if (which.kind != seed_kind::file) --lookups_;
  const auto found = subjects_.find(which);
  if (found == subjects_.end()) return nullptr; // not wanted any more
  found->second.under_way = false;
  return &found->second;
}

void seed_core::on_addresses(std::uint64_t number, const result<std::vector<ip_address>>& answer,
                             monotonic_time now) {
  key which;
  subject* of = take_answer(number, which);
  if (of == nullptr || which.kind != seed_kind::host) return;
  if (!answer) {
    // A name server that says that there is no such name takes back what it said before; one that is away
    // does not.
    if (answer.error().code() == status_code::not_found) of->addresses.clear();
    failed(*of, answer.error(), now);
  } else {
    auto addresses = *answer;
    std::erase_if(addresses, [](const ip_address& each) { return each.is_any(); });
    // Name servers rotate their answers; that is no change.
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    of->addresses = std::move(addresses);
    if (of->addresses.empty())
      failed(*of, not_found("'{}' has no address that can be dialed", which.name), now);
    else
      succeeded(*of, now);
  }
  rebuild(now);
}

void seed_core::on_services(std::uint64_t number, const result<std::vector<service_record>>& answer,
                            monotonic_time now) {
  key which;
  subject* of = take_answer(number, which);
  if (of == nullptr || which.kind != seed_kind::service) return;
  if (!answer) {
    if (answer.error().code() == status_code::not_found) of->records.clear();
    failed(*of, answer.error(), now);
  } else {
    of->records = *answer;
    if (of->records.size() > max_seed_service_targets) of->records.resize(max_seed_service_targets);
    if (of->records.empty())
      failed(*of, not_found("'{}' has no service records", which.name), now);
    else
      succeeded(*of, now);
  }
  rebuild(now);
}

void seed_core::on_file(std::uint64_t number, const result<std::string>& content, monotonic_time now) {
  key which;
  subject* of = take_answer(number, which);
  if (of == nullptr || which.kind != seed_kind::file) return;
  if (!content) {
    // What it said is kept even when it is gone: that is how a file looks while it is being replaced.
    failed(*of, content.error(), now);
  } else {
    if (of->content != *content) {
      of->content = *content;
      of->parsed = parse_seed_file(of->content);
    }
    if (of->parsed.problems.empty()) {
      succeeded(*of, now);
    } else {
      std::string message;
      for (const auto& each : of->parsed.problems)
        message += each + "; ";
      if (of->parsed.wrong_lines > of->parsed.problems.size())
        message += fmt::format("{} lines are wrong in all; ", of->parsed.wrong_lines);
      message += seed_forms();
      of->answered = true;
      of->answered_at = now;
      complain(*of, std::move(message), now);
    }
  }
  of->due = now + around(settings_.file_poll);
  rebuild(now);
}

void seed_core::hurry(monotonic_time now) {
  for (auto& [which, each] : subjects_)
    if (each.answered) each.due = std::min(each.due, std::max(now, each.answered_at + settings_.first_retry));
}

duration seed_core::around(duration middle) {
  return duration{random_.between(middle.count() / 10 * 8, middle.count() / 10 * 12)};
}

void seed_core::succeeded(subject& which, monotonic_time now) {
  which.answered = true;
  which.answered_at = now;
  which.failures = 0;
  which.due = now + around(settings_.refresh);
  if (std::exchange(which.complained, false))
    notices_.push_back({seed_notice::sort::recovered, which.entry, which.where, {}, 0});
}

void seed_core::failed(subject& which, const status& why, monotonic_time now) {
  which.answered = true;
  which.answered_at = now;
  duration pause = settings_.first_retry;
  for (std::uint32_t i = 0; i < which.failures && pause < settings_.refresh; ++i)
    pause *= 2;
  pause = std::min(pause, settings_.refresh);
  ++which.failures;
  which.due = now + duration{random_.between(pause.count() / 2, pause.count())};
  complain(which, why.message(), now);
}

void seed_core::complain(subject& which, std::string message, monotonic_time now) {
  const auto before = notices_.size();
  complain(which.entry, which.where, std::move(message), now);
  if (notices_.size() != before) which.complained = true;
}

void seed_core::complain(const std::string& entry, const std::string& where, std::string message,
                         monotonic_time now) {
  if (const auto withheld = quota_.take(entry, now))
    notices_.push_back({seed_notice::sort::problem, entry, where, std::move(message), *withheld});
}

// The subject of an entry that is not an address; null when there are too many.
seed_core::subject* seed_core::touch(const seed_entry& entry, std::string_view where, monotonic_time now) {
  key which{entry.kind, entry.name};
  auto found = subjects_.find(which);
  if (found == subjects_.end()) {
    if (subjects_.size() >= max_seed_subjects) {
      too_many_ = true;
      return nullptr;
    }
    found = subjects_.emplace(which, subject{}).first;
    found->second.entry = entry.to_string();
    found->second.where = where;
    found->second.due = now;
  }
  reached_.insert(std::move(which));
  return &found->second;
}

void seed_core::collect_host(const seed_entry& entry, std::string_view where, std::vector<endpoint>& into,
                             monotonic_time now) {
  const subject* host = touch(entry, where, now);
  if (host == nullptr) return;
  for (const auto& address : host->addresses)
    into.push_back({address, entry.port});
}

// Adds what an entry stands for, as far as it is known, and makes subjects of what is to be asked.
void seed_core::collect(const seed_entry& entry, const std::string& where, std::vector<endpoint>& into,
                        monotonic_time now) {
  switch (entry.kind) {
  case seed_kind::address:
    into.push_back(entry.address);
    return;
  case seed_kind::host:
    collect_host(entry, where, into, now);
    return;
  case seed_kind::service:
    if (const subject* service = touch(entry, where, now)) {
      const auto by = where.empty() ? entry.to_string() : where + " " + entry.to_string();
      for (const auto& record : service->records)
        collect_host({.kind = seed_kind::host, .name = record.target, .address = {}, .port = record.port}, by,
                     into, now);
    }
    return;
  case seed_kind::file:
    break;
  }
  if (const subject* file = touch(entry, where, now))
    for (const auto& [number, line] : file->parsed.lines)
      collect(line, fmt::format("{} line {}", entry.to_string(), number), into, now);
}

void seed_core::rebuild(monotonic_time now) {
  reached_.clear();
  too_many_ = false;
  std::vector<std::vector<endpoint>> groups;
  for (const auto& entry : settings_.entries)
    collect(entry, {}, groups.emplace_back(), now);
  groups.push_back(last_known_);
  if (too_many_)
    complain("names and files", {},
             fmt::format("more than {} names and files; the rest is left out", max_seed_subjects), now);
  std::erase_if(subjects_, [this](const auto& each) { return !reached_.contains(each.first); });

  const bool all_answered =
    std::all_of(subjects_.begin(), subjects_.end(), [](const auto& each) { return each.second.answered; });
  const bool something =
    std::any_of(groups.begin(), groups.end(), [](const auto& each) { return !each.empty(); });
  // What takes the place of something is not known yet: a service whose targets are all new must not seem to
  // have none.
  if (!all_answered) groups.push_back(list_.endpoints);
  look_at({merge_seeds(groups, own_, max_seeds), list_.settled || all_answered}, something, now);
}

void seed_core::look_at(seed_list fresh, bool own_seen, monotonic_time now) {
  const bool was_empty = list_.settled && list_.endpoints.empty();
  if (fresh.settled && fresh.endpoints.empty() && !was_empty)
    complain("", "",
             own_seen ? "the only seed is this node itself: it waits for others to come to it"
                      : "no other node is known: this node waits for others to come to it",
             now);
  if (fresh == list_) return;
  list_ = std::move(fresh);
  changed_ = true;
}

} // namespace troupe
