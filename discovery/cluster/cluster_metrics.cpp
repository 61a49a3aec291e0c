#include "discovery/cluster/cluster_metrics.hpp"

#include "discovery/membership/member_record.hpp"

namespace troupe {

template <class Read>
void cluster_metrics::observe(metrics& to, std::string_view name, std::string_view help, sample_kind kind,
                              Read read) {
  callbacks_.push_back(to.observe(name, help, kind, {}, [this, read](sample_writer& out) {
    const std::lock_guard hold{mutex_};
    out.write(static_cast<double>(read(figures_)));
  }));
}

void cluster_metrics::count(metrics& to, std::string_view name, std::string_view help,
                            std::uint64_t membership_counters::*what) {
  observe(to, name, help, sample_kind::counter, [what](const auto& now) { return now.membership.*what; });
}

void cluster_metrics::count(metrics& to, std::string_view name, std::string_view help,
                            std::uint64_t registry_gossip_counters::*what) {
  observe(to, name, help, sample_kind::counter, [what](const auto& now) { return now.gossip.*what; });
}

cluster_metrics::cluster_metrics(metrics& numbers) {
  using of_members = membership_counters;
  using of_registry = registry_gossip_counters;
  count(numbers, "troupe_cluster_packets_sent_total", "Packets that membership sent.",
        &of_members::packets_sent);
  count(numbers, "troupe_cluster_bytes_sent_total", "Their bytes, before sealing.", &of_members::bytes_sent);
  count(numbers, "troupe_cluster_packets_received_total", "Packets that membership got.",
        &of_members::packets_received);
  count(numbers, "troupe_cluster_packets_refused_total", "Of those, broken or not meant for this node.",
        &of_members::packets_refused);
  count(numbers, "troupe_cluster_members_refused_total",
        "Members beyond the limit, or of protocol versions that are not spoken here.",
        &of_members::members_refused);
  count(numbers, "troupe_cluster_probes_total", "Members that were probed.", &of_members::probes);
  count(numbers, "troupe_cluster_probes_failed_total", "Probes without an answer.",
        &of_members::probes_failed);
  count(numbers, "troupe_cluster_probes_relayed_total", "Probes made for others.",
        &of_members::probes_relayed);
  count(numbers, "troupe_cluster_nacks_missing_total", "Helpers that did not answer.",
        &of_members::nacks_missing);
  count(numbers, "troupe_cluster_stream_acks_total",
        "Probes that were answered on a stream only: datagrams may be blocked.", &of_members::stream_acks);
  count(numbers, "troupe_cluster_suspicions_total", "Suspicions, raised or heard.", &of_members::suspicions);
  count(numbers, "troupe_cluster_deaths_total", "Members that were held for dead.", &of_members::deaths);
  count(numbers, "troupe_cluster_refutations_total", "Rumors about this node that it had to refute.",
        &of_members::refutations);
  count(numbers, "troupe_cluster_stalls_total", "Times for which this node stood still.",
        &of_members::stalls);
  count(numbers, "troupe_cluster_reconnects_total", "Tries to reach dead members and seeds.",
        &of_members::reconnects);
  count(numbers, "troupe_cluster_push_pulls_total", "Tables of members that were sent.",
        &of_members::push_pulls);
  observe(numbers, "troupe_cluster_local_health", "How far this node doubts itself; 0: not at all.",
          sample_kind::gauge, [](const auto& now) { return now.local_health; });
  observe(numbers, "troupe_cluster_view_changes_total", "Changes of this node's view of the cluster.",
          sample_kind::counter, [](const auto& now) { return now.snapshot; });
  callbacks_.push_back(numbers.observe("troupe_cluster_members", "Members, this node included, by state.",
                                       sample_kind::gauge, {"state"}, [this](sample_writer& out) {
                                         const std::lock_guard hold{mutex_};
                                         for (std::size_t i = 0; i < figures_.members.size(); ++i)
                                           out.write(static_cast<double>(figures_.members[i]),
                                                     {to_string(static_cast<member_state>(i))});
                                       }));

  count(numbers, "troupe_registry_packets_sent_total", "Packets that the registry sent.",
        &of_registry::packets_sent);
  count(numbers, "troupe_registry_bytes_sent_total", "Their bytes, before sealing.",
        &of_registry::bytes_sent);
  count(numbers, "troupe_registry_packets_received_total", "Packets that the registry got.",
        &of_registry::packets_received);
  count(numbers, "troupe_registry_packets_refused_total", "Of those, broken ones.",
        &of_registry::packets_refused);
  count(numbers, "troupe_registry_deltas_heard_total", "Deltas that others told.",
        &of_registry::deltas_heard);
  count(numbers, "troupe_registry_deltas_new_total", "Of those, new ones.", &of_registry::deltas_new);
  count(numbers, "troupe_registry_comparisons_total", "Comparisons with others that began here.",
        &of_registry::comparisons);
  count(numbers, "troupe_registry_differences_total", "Others who knew something else.",
        &of_registry::differences);
  count(numbers, "troupe_registry_deltas_lacked_total", "Deltas sent to who lacked them.",
        &of_registry::deltas_lacked);
  callbacks_.push_back(
    numbers.observe("troupe_registry_deltas_refused_total",
                    "Deltas that were not taken: malformed, of nodes that are no members, of this very node.",
                    sample_kind::counter, {"reason"}, [this](sample_writer& out) {
                      const std::lock_guard hold{mutex_};
                      out.write(static_cast<double>(figures_.registry.malformed), {"malformed"});
                      out.write(static_cast<double>(figures_.registry.of_strangers), {"stranger"});
                      out.write(static_cast<double>(figures_.registry.of_ourselves), {"ourselves"});
                    }));
  observe(numbers, "troupe_registry_gaps_total",
          "Deltas that were taken while changes before them are missing.", sample_kind::counter,
          [](const auto& now) { return now.registry.with_gap; });
  observe(numbers, "troupe_registry_services", "Services that somebody plays.", sample_kind::gauge,
          [](const auto& now) { return now.services; });
  observe(numbers, "troupe_registry_places", "Nodes that play a service, over all services.",
          sample_kind::gauge, [](const auto& now) { return now.places; });
  observe(numbers, "troupe_registry_rumors", "Deltas that are still to be told.", sample_kind::gauge,
          [](const auto& now) { return now.rumors; });
}

} // namespace troupe
