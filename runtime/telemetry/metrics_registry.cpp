#include "runtime/telemetry/metrics_registry.hpp"

#include "runtime/telemetry/utf8.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace troupe::metrics_detail {
namespace {

constexpr std::string_view overflow_value = "other";

bool is_name(std::string_view name) noexcept {
  if (name.empty() || name.front() < 'a' || name.front() > 'z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool counts_up(family_kind kind) noexcept {
  return kind == family_kind::counter || kind == family_kind::observed_counter;
}

void check_rules(std::string_view name, family_kind kind, const std::vector<std::string>& labels,
                 std::span<const double> bounds) {
  const auto refuse = [&](std::string_view why) {
    throw std::logic_error{fmt::format("metric '{}': {}", name, why)};
  };
  if (!is_name(name)) refuse("the name must match [a-z][a-z0-9_]*");
  if (counts_up(kind) != name.ends_with("_total")) {
    refuse(counts_up(kind) ? "a counter's name must end in _total"
                           : "only a counter's name may end in _total");
  }
  for (const auto& label : labels) {
    if (!is_name(label) || label.starts_with("__") || label == "le") {
      refuse(fmt::format("'{}' cannot be the name of a label", label));
    }
    if (std::count(labels.begin(), labels.end(), label) != 1) refuse(fmt::format("two labels '{}'", label));
  }
  if (kind != family_kind::histogram) return;
  if (bounds.empty()) refuse("a histogram needs buckets");
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (!std::isfinite(bounds[i]) || (i > 0 && bounds[i] <= bounds[i - 1])) {
      refuse("buckets must be finite and ascending");
    }
  }
}

// The serializer escapes label values, but not help texts.
std::string escape_help(std::string_view help) {
  std::string out;
  for (const char c : help) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

prometheus::MetricType type_of(family_kind kind) noexcept {
  if (counts_up(kind)) return prometheus::MetricType::Counter;
  return kind == family_kind::histogram ? prometheus::MetricType::Histogram : prometheus::MetricType::Gauge;
}

prometheus::ClientMetric labelled(const family& of, const label_values& values) {
  prometheus::ClientMetric out;
  for (std::size_t i = 0; i < values.size(); ++i)
    out.label.push_back({of.labels[i], valid_utf8(values[i])});
  return out;
}

prometheus::ClientMetric read(const family& of, const label_values& values, const cell& from) {
  prometheus::ClientMetric out = labelled(of, values);
  if (const auto* counted = std::get_if<std::unique_ptr<counter_cell>>(&from)) {
    out.counter.value = static_cast<double>((*counted)->value.load(std::memory_order_relaxed));
  } else if (const auto* measured = std::get_if<std::unique_ptr<gauge_cell>>(&from)) {
    out.gauge.value = (*measured)->value.load(std::memory_order_relaxed);
  } else {
    const auto& distribution = *std::get<std::unique_ptr<histogram_cell>>(from);
    const auto counts = distribution.counts();
    std::uint64_t cumulative = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      cumulative += counts[i];
      const bool last = i == distribution.bounds().size();
      out.histogram.bucket.push_back({cumulative, last ? INFINITY : distribution.bounds()[i]});
    }
    out.histogram.sample_count = cumulative;
    out.histogram.sample_sum = distribution.sum();
  }
  return out;
}

} // namespace

cell family::make_cell() const {
  switch (kind) {
  case family_kind::counter:
    return std::make_unique<counter_cell>();
  case family_kind::gauge:
    return std::make_unique<gauge_cell>();
  default:
    return std::make_unique<histogram_cell>(bounds);
  }
}

cell& family::find_or_make(std::span<const std::string_view> values) {
  if (values.size() != labels.size()) {
    throw std::logic_error{
      fmt::format("metric '{}' has {} labels, not {}", name, labels.size(), values.size())};
  }
  label_values key{values.begin(), values.end()};
  {
    std::shared_lock hold{mutex};
    if (const auto found = series.find(key); found != series.end()) return found->second;
  }
  std::unique_lock hold{mutex};
  if (series.size() >= max_series && !series.contains(key))
    key.assign(labels.size(), std::string{overflow_value});
  const auto [at, made] = series.try_emplace(std::move(key));
  if (made) at->second = make_cell();
  return at->second;
}

registry::registry(const metrics_options& options)
  : max_series_(std::max<std::size_t>(1, options.max_series)) {}

family& registry::declare(std::string_view name, std::string_view help, family_kind kind,
                          std::vector<std::string> labels, std::span<const double> bounds) {
  check_rules(name, kind, labels, bounds);
  std::lock_guard hold{mutex_};
  const auto found = families_.find(name);
  if (found != families_.end()) {
    const family& known = *found->second;
    if (known.kind != kind || known.help != help || known.labels != labels
        || !std::equal(bounds.begin(), bounds.end(), known.bounds.begin(), known.bounds.end())) {
      throw std::logic_error{
        fmt::format("metric '{}' exists with another kind, help, labels or buckets", name)};
    }
    return *found->second;
  }
  auto made = std::make_unique<family>();
  made->name = name;
  made->help = help;
  made->kind = kind;
  made->labels = std::move(labels);
  made->bounds.assign(bounds.begin(), bounds.end());
  made->max_series = max_series_;
  return *families_.emplace(std::string{name}, std::move(made)).first->second;
}

std::uint64_t registry::add_callback(family& of, std::function<void(sample_writer&)> read) {
  std::lock_guard hold{callbacks_mutex_};
  callbacks_.emplace(next_callback_, callback{&of, std::move(read)});
  return next_callback_++;
}

void registry::remove_callback(std::uint64_t id) noexcept {
  std::lock_guard hold{callbacks_mutex_};
  callbacks_.erase(id);
}

std::vector<prometheus::MetricFamily> registry::Collect() const {
  std::map<const family*, std::map<label_values, double>> observed;
  {
    std::lock_guard hold{callbacks_mutex_};
    for (const auto& [id, each] : callbacks_) {
      sink into{each.of, &observed[each.of]};
      sample_writer writer{&into};
      each.read(writer);
    }
  }
  std::vector<prometheus::MetricFamily> out;
  std::lock_guard hold{mutex_};
  for (const auto& [name, each] : families_) {
    prometheus::MetricFamily shown{each->name, escape_help(each->help), type_of(each->kind), {}};
    {
      std::shared_lock hold_series{each->mutex};
      for (const auto& [values, from] : each->series)
        shown.metric.push_back(read(*each, values, from));
    }
    if (const auto samples = observed.find(each.get()); samples != observed.end()) {
      for (const auto& [values, value] : samples->second) {
        auto metric = labelled(*each, values);
        (counts_up(each->kind) ? metric.counter.value : metric.gauge.value) = value;
        shown.metric.push_back(std::move(metric));
      }
    }
    if (!shown.metric.empty()) out.push_back(std::move(shown));
  }
  return out;
}

} // namespace troupe::metrics_detail
