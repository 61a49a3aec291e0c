#include "runtime/link/gate_metrics.hpp"

namespace troupe {

void peer_metrics::count(const link_session_figures& before, const link_session_figures& now) const noexcept {
  frames_sent.add(now.frames_sent - before.frames_sent);
  frames_received.add(now.frames_received - before.frames_received);
  bytes_sent.add(now.bytes_sent - before.bytes_sent);
  bytes_received.add(now.bytes_received - before.bytes_received);
  window_stalls.add(now.window_stalls - before.window_stalls);
  queued_bytes.set(static_cast<double>(now.queued_bytes));
}

gate_metrics::gate_metrics(metrics* numbers) : counting_(numbers != nullptr) {
  if (!counting_) return;
  frames_ =
    numbers->counters("troupe_link_frames_total", "Frames on the link to a peer.", {"peer", "direction"});
  bytes_ =
    numbers->counters("troupe_link_bytes_total", "Bytes on the link to a peer.", {"peer", "direction"});
  stalls_ = numbers->counters("troupe_link_window_stalls_total",
                              "Frames that had to wait because the peer's window was closed.", {"peer"});
  calls_ = numbers->counters("troupe_link_calls_total",
                             "Calls sent to a peer and served for it; lost: their connection broke; refused: "
                             "not sent, because too much waits.",
                             {"peer", "outcome"});
  refused_ =
    numbers->counters("troupe_link_connections_refused_total", "Connections refused, by reason.", {"reason"});
  broken_ =
    numbers->counters("troupe_link_connections_broken_total", "Connections to a peer that broke.", {"peer"});
  queued_ = numbers->gauges("troupe_link_queued_bytes", "Bytes that wait to be sent to a peer.", {"peer"});
  opened_ = numbers->make_counter("troupe_link_connections_opened_total", "Connections dialed or accepted.");
  dial_failures_ = numbers->make_counter("troupe_link_dial_failures_total", "Attempts to dial that failed.");
}

peer_metrics gate_metrics::of_peer(std::string_view node) const {
  if (!counting_) return {};
  peer_metrics out;
  out.frames_sent = frames_.with({node, "sent"});
  out.frames_received = frames_.with({node, "received"});
  out.bytes_sent = bytes_.with({node, "sent"});
  out.bytes_received = bytes_.with({node, "received"});
  out.window_stalls = stalls_.with({node});
  out.calls_sent = calls_.with({node, "sent"});
  out.calls_served = calls_.with({node, "served"});
  out.calls_lost = calls_.with({node, "lost"});
  out.calls_refused = calls_.with({node, "refused"});
  out.queued_bytes = queued_.with({node});
  return out;
}

void gate_metrics::connection_refused(std::string_view reason) const {
  if (counting_) refused_.with({reason}).add();
}

void gate_metrics::connection_broken(std::string_view node) const {
  if (counting_) broken_.with({node}).add();
}

} // namespace troupe
