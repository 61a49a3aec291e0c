#include "actors/host/node_metrics.hpp"

#include "discovery/directory/static_directory.hpp"

namespace troupe {

namespace {

template <class Value>
metrics_callback observe_mailboxes(metrics& numbers, const static_directory& directory, std::string_view name,
                                   std::string_view help, sample_kind kind, Value value) {
  return numbers.observe(name, help, kind, {"service", "instance"}, [&directory, value](sample_writer& out) {
    for (const auto& [service, instances] : directory.instances())
      for (const auto& instance : instances)
        out.write(static_cast<double>(value(instance->readings())), {service, instance->name()});
  });
}

} // namespace

node_metrics::node_metrics(metrics& numbers, const static_directory& directory)
  : events_(numbers.counters("troupe_supervision_events_total",
                             "What supervisors did: children started, ended, stopped, killed.",
                             {"event", "failure"})) {
  callbacks_.push_back(observe_mailboxes(numbers, directory, "troupe_mailbox_depth",
                                         "Requests that wait in an actor's mailbox.", sample_kind::gauge,
                                         [](const mailbox_readings& read) { return read.depth; }));
  callbacks_.push_back(observe_mailboxes(numbers, directory, "troupe_mailbox_accepted_total",
                                         "Requests that entered an actor's mailbox.", sample_kind::counter,
                                         [](const mailbox_readings& read) { return read.accepted; }));
  callbacks_.push_back(observe_mailboxes(
    numbers, directory, "troupe_mailbox_rejected_total", "Requests refused because the mailbox was full.",
    sample_kind::counter, [](const mailbox_readings& read) { return read.rejected; }));
  callbacks_.push_back(observe_mailboxes(numbers, directory, "troupe_actor_restarts_total",
                                         "Restarts of an actor after its first start.", sample_kind::counter,
                                         [](const mailbox_readings& read) { return read.restarts; }));
}

void node_metrics::count(const supervision_event& event) const {
  events_.with({to_string(event.kind), event.failure ? "true" : "false"}).add();
}

} // namespace troupe
