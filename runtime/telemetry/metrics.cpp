#include "runtime/telemetry/metrics.hpp"

#include "runtime/telemetry/metrics_registry.hpp"

#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <sstream>
#include <stdexcept>

namespace troupe {
namespace detail = metrics_detail;

namespace {

template <class Cell>
Cell* cell_of(detail::family* family, std::initializer_list<std::string_view> values) {
  if (family == nullptr) return nullptr;
  return std::get<std::unique_ptr<Cell>>(family->find_or_make({values.begin(), values.size()})).get();
}

} // namespace

void counter::add(std::uint64_t count) const noexcept {
  if (cell_ != nullptr) cell_->value.fetch_add(count, std::memory_order_relaxed);
}
std::uint64_t counter::value() const noexcept {
  return cell_ == nullptr ? 0 : cell_->value.load(std::memory_order_relaxed);
}

void gauge::set(double value) const noexcept {
  if (cell_ != nullptr) cell_->value.store(value, std::memory_order_relaxed);
}
void gauge::add(double amount) const noexcept {
  if (cell_ != nullptr) cell_->value.fetch_add(amount, std::memory_order_relaxed);
}
double gauge::value() const noexcept {
  return cell_ == nullptr ? 0 : cell_->value.load(std::memory_order_relaxed);
}

void histogram::observe(double value) const noexcept {
  if (cell_ != nullptr) cell_->observe(value);
}
std::uint64_t histogram::count() const noexcept {
  std::uint64_t out = 0;
  if (cell_ != nullptr) {
    for (const auto count : cell_->counts())
      out += count;
  }
  return out;
}
double histogram::sum() const noexcept { return cell_ == nullptr ? 0 : cell_->sum(); }

counter counter_family::with(std::initializer_list<std::string_view> values) const {
  return counter{cell_of<detail::counter_cell>(family_, values)};
}
gauge gauge_family::with(std::initializer_list<std::string_view> values) const {
  return gauge{cell_of<detail::gauge_cell>(family_, values)};
}
histogram histogram_family::with(std::initializer_list<std::string_view> values) const {
  return histogram{cell_of<detail::histogram_cell>(family_, values)};
}

std::span<const double> duration_buckets() noexcept {
  static constexpr std::array<double, 16> bounds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return bounds;
}

std::span<const double> size_buckets() noexcept {
  static constexpr std::array<double, 10> bounds = {64,    256,    1024,    4096,    16384,
                                                    65536, 262144, 1048576, 4194304, 16777216};
  return bounds;
}

void sample_writer::write(double value, std::initializer_list<std::string_view> label_values) {
  const auto& into = *static_cast<detail::registry::sink*>(out_);
  if (label_values.size() != into.of->labels.size()) {
    throw std::logic_error{fmt::format("metric '{}' has {} labels, not {}", into.of->name,
                                       into.of->labels.size(), label_values.size())};
  }
  detail::label_values key{label_values.begin(), label_values.end()};
  if (into.samples->size() >= into.of->max_series && !into.samples->contains(key)) return;
  // Two callbacks, or two instances behind one callback, may speak of the same series: together they are its
  // value.
  (*into.samples)[std::move(key)] += value;
}

metrics_callback::metrics_callback(std::shared_ptr<detail::registry> registry, std::uint64_t id) noexcept
  : registry_(std::move(registry)), id_(id) {}
metrics_callback::~metrics_callback() {
  if (registry_) registry_->remove_callback(id_);
}
metrics_callback::metrics_callback(metrics_callback&& other) noexcept = default;
metrics_callback& metrics_callback::operator=(metrics_callback&& other) noexcept {
  std::swap(registry_, other.registry_);
  std::swap(id_, other.id_);
  return *this;
}

metrics::metrics(const metrics_options& options) : registry_(std::make_shared<detail::registry>(options)) {}
metrics::~metrics() = default;

counter metrics::make_counter(std::string_view name, std::string_view help) {
  return counters(name, help, {}).with({});
}
gauge metrics::make_gauge(std::string_view name, std::string_view help) {
  return gauges(name, help, {}).with({});
}
histogram metrics::make_histogram(std::string_view name, std::string_view help,
                                  std::span<const double> buckets) {
  return histograms(name, help, {}, buckets).with({});
}

counter_family metrics::counters(std::string_view name, std::string_view help,
                                 std::vector<std::string> labels) {
  return counter_family{&registry_->declare(name, help, detail::family_kind::counter, std::move(labels))};
}
gauge_family metrics::gauges(std::string_view name, std::string_view help, std::vector<std::string> labels) {
  return gauge_family{&registry_->declare(name, help, detail::family_kind::gauge, std::move(labels))};
}
histogram_family metrics::histograms(std::string_view name, std::string_view help,
                                     std::vector<std::string> labels, std::span<const double> buckets) {
  return histogram_family{
    &registry_->declare(name, help, detail::family_kind::histogram, std::move(labels), buckets)};
}

metrics_callback metrics::observe(std::string_view name, std::string_view help, sample_kind kind,
                                  std::vector<std::string> labels, std::function<void(sample_writer&)> read) {
  auto& family = registry_->declare(name, help,
                                    kind == sample_kind::counter ? detail::family_kind::observed_counter
                                                                 : detail::family_kind::observed_gauge,
                                    std::move(labels));
  return {registry_, registry_->add_callback(family, std::move(read))};
}

std::string metrics::render() const {
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, registry_->Collect());
  return std::move(out).str();
}

} // namespace troupe
