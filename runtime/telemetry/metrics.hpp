// Numbers about a node, for Prometheus: counters, gauges and histograms that cost a relaxed atomic on the hot
// path.
//
//   counter_family requests = metrics.counters("troupe_http_requests_total", "Requests answered.", {"code"});
//   counter ok = requests.with({"200"});      once; keep the handle
//   ok.add();                                  on the hot path
//
// Names follow Prometheus's conventions: lower case with the unit as suffix (_seconds, _bytes), counters end
// in _total; Troupe's own begin with troupe_. Asking for a name again gives the same series, so that two
// instances of a component count together; asking for it with another kind, help, label names or buckets is a
// bug and throws std::logic_error, as does a name against the rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

namespace metrics_detail {
struct counter_cell;
struct gauge_cell;
class histogram_cell;
struct family;
class registry;
} // namespace metrics_detail

// Handles are cheap to copy and thread-safe; they must not be used after their `metrics` is gone. One made by
// its default constructor counts nothing.
class counter {
public:
  counter() noexcept = default;
  void add(std::uint64_t count = 1) const noexcept;
  std::uint64_t value() const noexcept;

private:
  friend class counter_family;
  explicit counter(metrics_detail::counter_cell* cell) noexcept : cell_(cell) {}
  metrics_detail::counter_cell* cell_ = nullptr;
};

class gauge {
public:
  gauge() noexcept = default;
  void set(double value) const noexcept;
  void add(double amount = 1) const noexcept;
  void subtract(double amount = 1) const noexcept { add(-amount); }
  double value() const noexcept;

private:
  friend class gauge_family;
  explicit gauge(metrics_detail::gauge_cell* cell) noexcept : cell_(cell) {}
  metrics_detail::gauge_cell* cell_ = nullptr;
};

// Counts values in buckets. Its counters are spread over a few cache lines by thread, because threads that
// share one line slow each other down (and prometheus-cpp's own histogram takes a lock; docs: README.md).
class histogram {
public:
  histogram() noexcept = default;
  // NaN is not counted.
  void observe(double value) const noexcept;
  std::uint64_t count() const noexcept;
  double sum() const noexcept;

private:
  friend class histogram_family;
  explicit histogram(metrics_detail::histogram_cell* cell) noexcept : cell_(cell) {}
  metrics_detail::histogram_cell* cell_ = nullptr;
};

// Series of one name that differ in the values of their labels. with() finds or makes one: it takes a lock,
// so keep the handle where you can. When the limit of series is reached, further ones are counted together in
// a series whose label values are all "other". The number of values must be the number of labels (otherwise
// std::logic_error).
class counter_family {
public:
  counter_family() noexcept = default;
  counter with(std::initializer_list<std::string_view> values) const;

private:
  friend class metrics;
  explicit counter_family(metrics_detail::family* family) noexcept : family_(family) {}
  metrics_detail::family* family_ = nullptr;
};

class gauge_family {
public:
  gauge_family() noexcept = default;
  gauge with(std::initializer_list<std::string_view> values) const;

private:
  friend class metrics;
  explicit gauge_family(metrics_detail::family* family) noexcept : family_(family) {}
  metrics_detail::family* family_ = nullptr;
};

class histogram_family {
public:
  histogram_family() noexcept = default;
  histogram with(std::initializer_list<std::string_view> values) const;

private:
  friend class metrics;
  explicit histogram_family(metrics_detail::family* family) noexcept : family_(family) {}
  metrics_detail::family* family_ = nullptr;
};

// Upper bounds for durations in seconds, from 0.1 ms to 10 s, and for sizes in bytes, from 64 B to 16 MiB.
std::span<const double> duration_buckets() noexcept;
std::span<const double> size_buckets() noexcept;

// What a callback writes to when metrics are read.
class sample_writer {
public:
  // One series; the values in the order of the label names. Those beyond the limit of series are left out.
  void write(double value, std::initializer_list<std::string_view> label_values = {});

private:
  friend class metrics_detail::registry;
  explicit sample_writer(void* out) noexcept : out_(out) {}
  void* out_;
};

enum class sample_kind : std::uint8_t { counter, gauge };

// Keeps a callback registered; when its destructor returns, the callback does not run and will not run again.
class [[nodiscard]] metrics_callback {
public:
  metrics_callback() noexcept = default;
  ~metrics_callback();
  metrics_callback(metrics_callback&& other) noexcept;
  metrics_callback& operator=(metrics_callback&& other) noexcept;

private:
  friend class metrics;
  metrics_callback(std::shared_ptr<metrics_detail::registry> registry, std::uint64_t id) noexcept;
  std::shared_ptr<metrics_detail::registry> registry_;
  std::uint64_t id_ = 0;
};

struct metrics_options {
  std::size_t max_series = 1000; // of one name, beyond which label values become "other"; at least 1
};

// The metrics of one node. Thread-safe.
class metrics {
public:
  explicit metrics(const metrics_options& options = {});
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  counter make_counter(std::string_view name, std::string_view help);
  gauge make_gauge(std::string_view name, std::string_view help);
  // `buckets`: ascending upper bounds (a value equal to a bound is below it); +Inf is added.
  histogram make_histogram(std::string_view name, std::string_view help,
                           std::span<const double> buckets = duration_buckets());

  counter_family counters(std::string_view name, std::string_view help, std::vector<std::string> labels);
  gauge_family gauges(std::string_view name, std::string_view help, std::vector<std::string> labels);
  histogram_family histograms(std::string_view name, std::string_view help, std::vector<std::string> labels,
                              std::span<const double> buckets = duration_buckets());

  // Calls `read` whenever metrics are rendered, for what is known elsewhere (mailbox depth):
  // `write.write(depth, {name})`. It runs on the thread that renders, one callback at a time; it must not
  // block, nor register or render metrics. Several callbacks may feed one name.
  metrics_callback observe(std::string_view name, std::string_view help, sample_kind kind,
                           std::vector<std::string> labels, std::function<void(sample_writer&)> read);

  // Everything in Prometheus's text format 0.0.4, by name, then by label values.
  std::string render() const;

  // The HTTP Content-Type of render().
  static std::string_view content_type() noexcept { return "text/plain; version=0.0.4; charset=utf-8"; }

private:
  std::shared_ptr<metrics_detail::registry> registry_;
};

} // namespace troupe
