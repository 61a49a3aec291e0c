#include "runtime/telemetry/health.hpp"

#include "runtime/telemetry/log_record.hpp"

#include <algorithm>
#include <map>
#include <mutex>

namespace troupe {

struct health_check::shared {
  struct entry {
    health_question question;
    std::string name;
    health_failure failure;
    std::function<health_failure()> probe; // null: the component sets `failure`
  };

  std::mutex mutex; // guards what follows; held while probes run
  std::map<std::uint64_t, entry> entries;
  std::uint64_t next = 1;
  bool started = false;
  health_failure draining;

  std::uint64_t add(entry what) {
    std::lock_guard hold{mutex};
    entries.emplace(next, std::move(what));
    return next++;
  }

  // With the mutex held.
  std::vector<health_line> lines(health_question question) {
    std::vector<health_line> out;
    for (auto& [id, each] : entries) {
      if (each.question == question) out.push_back({each.name, each.probe ? each.probe() : each.failure});
    }
    std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return out;
  }
  // Whether the start has finished, judged from its checks unless it had finished before.
  bool has_started(const std::vector<health_line>& checks) {
    started =
      started || std::none_of(checks.begin(), checks.end(), [](const auto& line) { return line.failure; });
    return started;
  }
};

std::string_view to_string(health_question question) noexcept {
  switch (question) {
  case health_question::started:
    return "started";
  case health_question::ready:
    return "ready";
  case health_question::live:
    return "live";
  }
  return "live";
}

std::string health_report::to_json() const {
  std::string out = passing ? R"({"status":"passing","checks":[)" : R"({"status":"failing","checks":[)";
  for (const health_line& line : checks) {
    if (&line != &checks.front()) out += ',';
    out += "{\"name\":";
    append_json_string(out, line.name);
    if (line.failure) {
      out += ",\"status\":\"failing\",\"reason\":";
      append_json_string(out, *line.failure);
    } else {
      out += ",\"status\":\"passing\"";
    }
    out += '}';
  }
  return out + "]}";
}

std::string health_report::to_text() const {
  std::string out = passing ? "passing\n" : "failing\n";
  for (const health_line& line : checks) {
    out += line.name + (line.failure ? ": failing: " + *line.failure + "\n" : ": passing\n");
  }
  return out;
}

health_check::health_check(std::shared_ptr<shared> registry, std::uint64_t id) noexcept
  : shared_(std::move(registry)), id_(id) {}
health_check::~health_check() {
  if (!shared_) return;
  std::lock_guard hold{shared_->mutex};
  shared_->entries.erase(id_);
}
health_check::health_check(health_check&& other) noexcept = default;
health_check& health_check::operator=(health_check&& other) noexcept {
  std::swap(shared_, other.shared_);
  std::swap(id_, other.id_);
  return *this;
}

void health_check::pass() const {
  if (!shared_) return;
  std::lock_guard hold{shared_->mutex};
  shared_->entries.at(id_).failure.reset();
}

void health_check::fail(std::string reason) const {
  if (!shared_) return;
  std::lock_guard hold{shared_->mutex};
  shared_->entries.at(id_).failure = std::move(reason);
}

health_registry::health_registry() : shared_(std::make_shared<health_check::shared>()) {}
health_registry::~health_registry() = default;

health_check health_registry::add(health_question question, std::string name, std::string reason) {
  return {shared_, shared_->add({question, std::move(name), std::move(reason), nullptr})};
}

health_check health_registry::add_probe(health_question question, std::string name,
                                        std::function<health_failure()> probe) {
  return {shared_, shared_->add({question, std::move(name), std::nullopt, std::move(probe)})};
}

void health_registry::drain(std::string reason) {
  std::lock_guard hold{shared_->mutex};
  shared_->draining = std::move(reason);
}

health_report health_registry::report(health_question question) const {
  std::lock_guard hold{shared_->mutex};
  health_report out;
  out.question = question;
  out.checks = shared_->lines(question);
  if (question == health_question::started && shared_->has_started(out.checks)) {
    for (health_line& line : out.checks)
      line.failure.reset();
  }
  if (question == health_question::ready) {
    if (!shared_->started && !shared_->has_started(shared_->lines(health_question::started))) {
      out.checks.push_back({"started", "the start has not finished"});
    }
    if (shared_->draining) out.checks.push_back({"drain", shared_->draining});
    std::stable_sort(out.checks.begin(), out.checks.end(), [](auto& a, auto& b) { return a.name < b.name; });
  }
  out.passing =
    std::none_of(out.checks.begin(), out.checks.end(), [](const auto& line) { return line.failure; });
  return out;
}

} // namespace troupe
