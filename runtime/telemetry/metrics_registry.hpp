// The families and callbacks of one node, and their translation to prometheus-cpp's model, whose serializer
// writes the text. Internal to this component.
#pragma once

#include "runtime/telemetry/metrics.hpp"
#include "runtime/telemetry/metrics_cells.hpp"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <variant>

namespace troupe::metrics_detail {

enum class family_kind : std::uint8_t { counter, gauge, histogram, observed_counter, observed_gauge };

using label_values = std::vector<std::string>;
using cell =
  std::variant<std::unique_ptr<counter_cell>, std::unique_ptr<gauge_cell>, std::unique_ptr<histogram_cell>>;

// One name. What it is never changes; its series only grow, up to the limit and one more for the rest.
struct family {
  std::string name;
  std::string help;
  family_kind kind = family_kind::counter;
  std::vector<std::string> labels;
  std::vector<double> bounds;
  std::size_t max_series = 0;

  mutable std::shared_mutex mutex; // guards what follows
  std::map<label_values, cell> series;

  cell& find_or_make(std::span<const std::string_view> values);
  cell make_cell() const;
};

class registry final : public prometheus::Collectable {
public:
  explicit registry(const metrics_options& options);

  // Finds or makes; throws std::logic_error when the name is against the rules or is something else already.
  family& declare(std::string_view name, std::string_view help, family_kind kind,
                  std::vector<std::string> labels, std::span<const double> bounds = {});

  std::uint64_t add_callback(family& of, std::function<void(sample_writer&)> read);
  void remove_callback(std::uint64_t id) noexcept;

  std::vector<prometheus::MetricFamily> Collect() const override;

  // Where a sample_writer leads.
  struct sink {
    const family* of;
    std::map<label_values, double>* samples;
  };

private:
  struct callback {
    family* of;
    std::function<void(sample_writer&)> read;
  };

  const std::size_t max_series_;
  mutable std::mutex mutex_; // guards families_; never held while a callback runs
  std::map<std::string, std::unique_ptr<family>, std::less<>> families_;
  mutable std::mutex callbacks_mutex_; // guards what follows; held while callbacks run
  std::map<std::uint64_t, callback> callbacks_;
  std::uint64_t next_callback_ = 1;
};

} // namespace troupe::metrics_detail
