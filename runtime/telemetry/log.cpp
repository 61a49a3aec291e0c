#include "runtime/telemetry/log.hpp"

#include "runtime/telemetry/log_output.hpp"

#include <mutex>

namespace troupe {

struct logging::state {
  const clock* time = nullptr;
  std::string node;
  log_render_options rendering;
  std::unique_ptr<log_output> output;
  std::atomic<std::uint64_t> lines = 0;
  std::atomic<std::uint64_t> drops_told = 0; // lines lost when the loss was last logged

  mutable std::mutex mutex; // guards what follows
  log_level common = log_level::info;
  std::map<std::string, log_level, std::less<>> own_levels;
  std::map<std::string, std::unique_ptr<log_component>, std::less<>> components;

  // With the mutex held.
  log_level level_of(std::string_view component) const {
    const auto own = own_levels.find(component);
    return own == own_levels.end() ? common : own->second;
  }
  void apply_levels() {
    for (auto& [name, component] : components) {
      component->threshold.store(level_of(name), std::memory_order_relaxed);
    }
  }

  void report_drops() {
    // Asking the queue takes its lock, so only now and then.
    if (lines.fetch_add(1, std::memory_order_relaxed) % 64 != 0) return;
    const std::uint64_t dropped = output->dropped();
    std::uint64_t told = drops_told.load(std::memory_order_relaxed);
    if (dropped == told || !drops_told.compare_exchange_strong(told, dropped, std::memory_order_relaxed))
      return;
    const log_field lost[] = {{"dropped", dropped - told}, {"dropped_since_start", dropped}};
    log_record record;
    record.time = time->wall_now();
    record.level = log_level::warning;
    record.component = "logging";
    record.node = node;
    record.message = "lines were dropped because the queue of the log was full";
    record.fields = lost;
    std::string line;
    render_log_record(line, record, rendering);
    output->write(line);
  }
};

logger logger::with(const trace_context& trace) const {
  logger out = *this;
  out.trace_ = trace;
  return out;
}

logger logger::with(std::initializer_list<log_field> fields) const {
  logger out = *this;
  if (component_ == nullptr) return out;
  auto text = std::make_shared<std::string>(bound_ ? *bound_ : std::string{});
  render_log_fields(*text, {fields.begin(), fields.size()}, component_->owner->state_->rendering);
  out.bound_ = std::move(text);
  return out;
}

void logger::write(log_level level, std::string_view message, std::initializer_list<log_field> fields) const {
  component_->owner->write(*component_, level, message, {fields.begin(), fields.size()}, *this);
}

logging::logging(std::unique_ptr<state> made) : state_(std::move(made)) {}
logging::~logging() = default;

result<std::unique_ptr<logging>> logging::start(logging_options options, const clock& time) {
  auto opened = log_output::open(options);
  if (!opened) return opened.error();
  auto made = std::make_unique<state>();
  made->time = &time;
  made->node = std::move(options.node);
  made->rendering = {options.format, log_output::wants_color(options), options.max_text};
  made->output = std::move(*opened);
  made->common = options.level;
  for (auto& [component, level] : options.levels)
    made->own_levels.emplace(component, level);
  return std::unique_ptr<logging>{new logging{std::move(made)}};
}

logger logging::get(std::string_view component) {
  std::lock_guard hold{state_->mutex};
  auto found = state_->components.find(component);
  if (found == state_->components.end()) {
    auto made = std::make_unique<log_component>();
    made->owner = this;
    made->name = component;
    made->threshold.store(state_->level_of(component), std::memory_order_relaxed);
    found = state_->components.emplace(std::string{component}, std::move(made)).first;
  }
  logger out;
  out.component_ = found->second.get();
  return out;
}

void logging::set_level(log_level level) {
  std::lock_guard hold{state_->mutex};
  state_->common = level;
  state_->apply_levels();
}

void logging::set_level(std::string_view component, log_level level) {
  std::lock_guard hold{state_->mutex};
  state_->own_levels.insert_or_assign(std::string{component}, level);
  state_->apply_levels();
}

void logging::reset_level(std::string_view component) {
  std::lock_guard hold{state_->mutex};
  if (const auto own = state_->own_levels.find(component); own != state_->own_levels.end()) {
    state_->own_levels.erase(own);
  }
  state_->apply_levels();
}

log_level logging::level() const {
  std::lock_guard hold{state_->mutex};
  return state_->common;
}

std::map<std::string, log_level> logging::levels() const {
  std::lock_guard hold{state_->mutex};
  std::map<std::string, log_level> out{state_->own_levels.begin(), state_->own_levels.end()};
  for (const auto& [name, component] : state_->components)
    out.emplace(name, state_->level_of(name));
  return out;
}

void logging::write(const log_component& component, log_level level, std::string_view message,
                    std::span<const log_field> fields, const logger& from) {
  log_record record;
  record.time = state_->time->wall_now();
  record.level = level;
  record.component = component.name;
  record.node = state_->node;
  record.message = message;
  if (from.bound_) record.bound = *from.bound_;
  record.fields = fields;
  record.trace = from.trace_;
  // One buffer a thread, so that a line costs no allocation here; spdlog copies it into its queue.
  thread_local std::string line;
  line.clear();
  render_log_record(line, record, state_->rendering);
  state_->output->write(line);
  state_->report_drops();
}

void logging::flush() { state_->output->flush(); }
std::uint64_t logging::written() const noexcept { return state_->output->written(); }
std::uint64_t logging::dropped() const noexcept { return state_->output->dropped(); }
std::uint64_t logging::failed() const noexcept { return state_->output->failed(); }

} // namespace troupe
