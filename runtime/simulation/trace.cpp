#include "runtime/simulation/trace.hpp"

#include "runtime/telemetry/utf8.hpp"

#include <boost/core/demangle.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>

namespace troupe {

namespace {

constexpr std::size_t most_kept = 1'000'000;

// Types of messages are recorded as the compiler names them.
std::string readable_name(const trace_event& event) {
  std::string name{event.name};
  return event.kind == trace_kind::deliver ? boost::core::demangle(name.c_str()) : name;
}

bool is_network(trace_kind kind) noexcept {
  return kind == trace_kind::send || kind == trace_kind::receive || kind == trace_kind::drop;
}

} // namespace

std::string_view to_string(trace_kind kind) noexcept {
  switch (kind) {
  case trace_kind::deliver:
    return "deliver";
  case trace_kind::run:
    return "run";
  case trace_kind::timer:
    return "timer";
  case trace_kind::send:
    return "send";
  case trace_kind::receive:
    return "receive";
  case trace_kind::drop:
    return "drop";
  case trace_kind::boot:
    return "boot";
  case trace_kind::crash:
    return "crash";
  case trace_kind::pause:
    return "pause";
  case trace_kind::resume:
    return "resume";
  case trace_kind::fault:
    return "fault";
  case trace_kind::log:
    return "log";
  }
  return "unknown";
}

trace::trace(const trace_options& options) : options_(options) {
  kept_.resize(std::clamp<std::size_t>(options.keep, 1, most_kept));
}

void trace::add_node(std::string name) { names_.push_back(std::move(name)); }

trace_event& trace::next_slot() noexcept { return kept_[count_++ % kept_.size()]; }

void trace::mix(const trace_event& event, bool with_detail) noexcept {
  hash_.add(static_cast<std::uint64_t>(event.at.count()));
  hash_.add((static_cast<std::uint64_t>(event.node) << 8) | static_cast<std::uint64_t>(event.kind));
  hash_.add(event.from);
  hash_.add(event.to);
  hash_.add(event.id ^ (event.size << 40));
  hash_.add(event.content);
  hash_.add(event.name);
  if (with_detail) hash_.add(event.detail);
}

void trace::record(trace_event what) {
  mix(what, what.kind != trace_kind::deliver);
  auto& slot = next_slot();
  slot = std::move(what);
  if (options_.full) write_line(slot);
}

void trace::record(duration at, trace_kind kind, std::uint32_t node, std::uint64_t from, std::uint64_t to,
                   std::uint64_t id, std::uint64_t size, std::uint64_t content, std::string_view name) {
  auto& slot = next_slot();
  slot.at = at;
  slot.kind = kind;
  slot.node = node;
  slot.from = from;
  slot.to = to;
  slot.id = id;
  slot.size = size;
  slot.content = content;
  slot.name = name;
  slot.detail.clear();
  mix(slot, kind != trace_kind::deliver);
  if (options_.full) write_line(slot);
}

std::vector<trace_event> trace::last(std::size_t count) const {
  const auto there = std::min<std::uint64_t>({count, count_, kept_.size()});
  std::vector<trace_event> out;
  out.reserve(there);
  for (auto i = count_ - there; i < count_; ++i)
    out.push_back(kept_[i % kept_.size()]);
  return out;
}

std::string_view trace::node_name(std::uint32_t node) const noexcept {
  return node < names_.size() ? std::string_view{names_[node]} : std::string_view{};
}

// "a:4369" for the network, "a/12" for an actor and a loop.
std::string trace::place(const trace_event& event, std::uint64_t of) const {
  if (!is_network(event.kind))
    return of == 0 ? std::string{} : fmt::format("{}/{}", node_name(event.node), of);
  const auto name = node_name(static_cast<std::uint32_t>(of >> 16));
  return fmt::format("{}:{}", name.empty() ? "?" : name, of & 0xFFFF);
}

std::string trace::to_text(const trace_event& event) const {
  auto out = fmt::format("{:>14.6f}s {:<8} {:<8}", std::chrono::duration<double>(event.at).count(),
                         node_name(event.node), to_string(event.kind));
  const auto from = place(event, event.from);
  const auto to = place(event, event.to);
  if (!from.empty()) out += fmt::format(" {}", from);
  if (!to.empty()) out += fmt::format(" -> {}", to);
  if (!event.name.empty()) out += fmt::format(" {}", readable_name(event));
  if (event.id != 0) out += fmt::format(" #{}", event.id);
  if (event.size != 0) out += fmt::format(" {} B", event.size);
  if (!event.detail.empty()) out += fmt::format(" {}", event.detail);
  return out;
}

std::string trace::last_text(std::size_t count) const {
  std::string out;
  for (const auto& each : last(count))
    out += to_text(each) + "\n";
  return out;
}

void trace::write_line(const trace_event& event) {
  auto quoted = [](std::string_view text) {
    return boost::json::serialize(boost::json::string{valid_utf8(text)});
  };
  auto line = fmt::format(R"({{"at": {}, "kind": "{}")", event.at.count(), to_string(event.kind));
  auto add_text = [&](std::string_view key, std::string_view text) {
    if (!text.empty()) line += fmt::format(R"(, "{}": {})", key, quoted(text));
  };
  auto add_number = [&](std::string_view key, std::uint64_t number) {
    if (number != 0) line += fmt::format(R"(, "{}": {})", key, number);
  };
  add_text("node", node_name(event.node));
  add_text("from", place(event, event.from));
  add_text("to", place(event, event.to));
  add_number("id", event.id);
  add_number("bytes", event.size);
  add_text("name", readable_name(event));
  add_text("detail", event.detail);
  if (event.content != 0) line += fmt::format(R"(, "content": "{:016x}")", event.content);
  *options_.full << line << "}\n";
}

} // namespace troupe
