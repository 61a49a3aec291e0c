// The settings of discovery, and of the split-brain policy.
#include "actors/host/host_settings.hpp"

#include <chrono>

namespace troupe {

using namespace std::chrono_literals;

namespace {

constexpr auto off = "off";

std::vector<std::string> strategies() {
  std::vector<std::string> out{off};
  for (auto each : {split_brain_strategy::keep_majority, split_brain_strategy::keep_oldest,
                    split_brain_strategy::keep_referee, split_brain_strategy::static_quorum,
                    split_brain_strategy::down_all})
    out.emplace_back(to_string(each));
  return out;
}

std::vector<std::string> losses() {
  std::vector<std::string> out;
  for (auto each : {split_brain_loss::leave, split_brain_loss::restart, split_brain_loss::read_only})
    out.emplace_back(to_string(each));
  return out;
}

status named(std::string_view setting, const status& why) {
  return status{why.code(), std::string{setting} + ": " + why.message()};
}

} // namespace

void declare_discovery_settings(settings_schema& schema) {
  const membership_settings membership;
  const seed_settings seeds;
  const split_brain_settings split;
  schema.add_group(
    "discovery",
    "How the nodes of the cluster find each other and agree on who is alive (link.cluster is its name).",
    {
      setting::boolean("enabled", false, "Whether this node looks for others; needs link.enabled."),
      setting::text("address", "127.0.0.1",
                    "Address of the gossip, UDP and TCP. Beyond loopback keys are needed."),
      setting::integer("port", 7401, 0, 65535, "Port of the gossip; 0 lets the kernel choose."),
      setting::text("advertise", "",
                    "Where others reach the gossip, ADDRESS or ADDRESS:PORT; empty: where it listens."),
      setting::list(
        "seeds", {},
        "Where to look for others: 10.0.0.7:7401, host:7401 (A and AAAA), srv:_gossip._udp.example "
        "(SRV), file:PATH (a line each). It may name this node itself."),
      setting::secret(
        "keys", "Keys that seal the gossip, a line each, base64 of 32 random bytes (openssl rand -base64 "
                "32). The first seals, all open; so keys change while the cluster runs.")
        .can_reload(),
      setting::text("state_file", "", "Remembers the members here, to find them again after a restart."),
      setting::time("refresh", seeds.refresh, 1s, 1h, "How often names of seeds are looked up again."),
      setting::text("zone", "", "Where this node stands: a data centre, a rack."),
      setting::list("roles", {}, "What this node is for; others and the split-brain policy see it."),
      setting::integer("capacity", 0, 0, 1'000'000'000,
                       "How much it can take, beside the others; 0: unsaid."),
      setting::time("protocol_period", membership.protocol_period, 10ms, 10min,
                    "Each node probes one other this often."),
      setting::time("probe_timeout", membership.probe_timeout, 1ms, 10min,
                    "For the answer to a probe, before others are asked to try."),
      setting::integer("indirect_probes", static_cast<std::int64_t>(membership.indirect_probes), 0, 32,
                       "How many others are asked."),
      setting::number("suspicion_alpha", membership.suspicion_alpha, 0.1, 100,
                      "Shortest suspicion: so many periods, times the logarithm of the number of members."),
      setting::number("suspicion_beta", membership.suspicion_beta, 1, 100,
                      "Longest suspicion: so many times the shortest."),
      setting::time("gossip_interval", membership.gossip_interval, 10ms, 1min, "How often rumors are told."),
      setting::time("leave_linger", 1s, 0s, 1min, "How long a node that leaves goes on saying so."),
    });
  schema.add_group(
    "split_brain",
    "Which side of a partition goes on, when both see only themselves. All nodes must say the same.",
    {
      setting::choice("strategy", off, strategies(), "Who stays."),
      setting::choice("loss", std::string{to_string(split.loss)}, losses(),
                      "What the other nodes do: end, end to be started anew (exit code 5), or go on without "
                      "what must be unique."),
      setting::time("stable_after", split.stable_after, 1s, 1h,
                    "The members must have been the same for so long before it is decided."),
      setting::time("unstable_limit", split.unstable_limit, 0s, 1h,
                    "When they change for so much longer than that, nobody stays; 0: never."),
      setting::text("role", "", "Only members of this role count; empty: all."),
      setting::text("referee", "", "keep-referee: the name of the node."),
      setting::integer("quorum", 0, 0, 100'000, "static-quorum: so many members."),
    });
}

result<std::optional<gossip_keyring>> gossip_keys_of(const settings& from) {
  const auto secret = from.get<secret_text>("discovery.keys");
  const std::string_view text = secret.reveal();
  std::optional<gossip_keyring> out;
  for (std::size_t begin = 0, line = 1; begin < text.size(); ++line) {
    const auto end = std::min(text.find('\n', begin), text.size());
    auto row = text.substr(begin, end - begin);
    begin = end + 1;
    while (!row.empty() && (row.back() == '\r' || row.back() == ' '))
      row.remove_suffix(1);
    if (row.empty()) continue;
    auto key = gossip_key::parse(row);
    if (!key) return named("discovery.keys, line " + std::to_string(line), key.error());
    if (!out)
      out.emplace(std::move(*key));
    else if (auto outcome = out->add(std::move(*key)); !outcome.ok())
      return named("discovery.keys, line " + std::to_string(line), outcome);
  }
  return out;
}

namespace {

status add_addresses(const settings& from, cluster_member_options& to) {
  const auto text = from.get<std::string>("discovery.address");
  const auto address = ip_address::parse(text);
  if (!address) return invalid_argument("discovery.address '{}' is no IP address", text);
  to.transport.listen = endpoint{*address, from.get<std::uint16_t>("discovery.port")};
  const auto advertise = from.get<std::string>("discovery.advertise");
  if (advertise.empty()) {
    if (address->is_any())
      return invalid_argument(
        "discovery.address {} is all addresses of this machine, and others must be told "
        "one of them: set discovery.advertise",
        text);
    return {};
  }
  if (const auto alone = ip_address::parse(advertise))
    to.advertise = endpoint{*alone, 0};
  else if (const auto both = endpoint::parse(advertise))
    to.advertise = *both;
  else
    return invalid_argument("discovery.advertise '{}' is neither an IP address nor ADDRESS:PORT", advertise);
  return {};
}

status add_split_brain(const settings& from, cluster_member_options& to) {
  const auto strategy = from.get<std::string>("split_brain.strategy");
  if (strategy == off) return {};
  split_brain_settings out;
  out.rules.strategy = *parse_split_brain_strategy(strategy);
  out.rules.role = from.get<std::string>("split_brain.role");
  out.rules.referee = from.get<std::string>("split_brain.referee");
  out.rules.quorum = from.get<std::size_t>("split_brain.quorum");
  out.stable_after = from.get<duration>("split_brain.stable_after");
  out.unstable_limit = from.get<duration>("split_brain.unstable_limit");
  out.loss = *parse_split_brain_loss(from.get<std::string>("split_brain.loss"));
  if (auto outcome = check(out); !outcome.ok()) return named("split_brain", outcome);
  to.split_brain = std::move(out);
  return {};
}

} // namespace

status add_discovery_options(const settings& from, node_options& to) {
  if (!from.get<bool>("discovery.enabled")) {
    if (!from.get<text_list>("discovery.seeds").empty())
      return invalid_argument("discovery.seeds is set, but discovery.enabled is false");
    return {};
  }
  if (!to.link)
    return invalid_argument(
      "discovery.enabled needs link.enabled: nodes that know of each other talk through "
      "the link");
  cluster_member_options out;
  if (auto outcome = add_addresses(from, out); !outcome.ok()) return outcome;
  auto keys = gossip_keys_of(from);
  if (!keys) return keys.error();
  if (!*keys && !out.transport.listen.address.is_loopback())
    return invalid_argument(
      "without keys the gossip stays on this machine, and {} is no loopback address: set "
      "discovery.keys_file to a file with a key, as `openssl rand -base64 32` prints it, or "
      "use 127.0.0.1",
      out.transport.listen.address.to_string());
  out.transport.keys = std::move(*keys);
  auto entries = parse_seed_entries(from.get<text_list>("discovery.seeds"));
  if (!entries) return named("discovery.seeds", entries.error());
  out.seeds.entries = std::move(*entries);
  out.seeds.refresh = from.get<duration>("discovery.refresh");
  out.seeds.first_retry = std::min(out.seeds.first_retry, out.seeds.refresh);
  out.state_file = from.get<std::string>("discovery.state_file");
  out.metadata.zone = from.get<std::string>("discovery.zone");
  out.metadata.roles = from.get<text_list>("discovery.roles");
  out.metadata.capacity = from.get<std::uint64_t>("discovery.capacity");
  auto& membership = out.membership;
  membership.protocol_period = from.get<duration>("discovery.protocol_period");
  membership.probe_timeout = from.get<duration>("discovery.probe_timeout");
  membership.indirect_probes = from.get<std::size_t>("discovery.indirect_probes");
  membership.suspicion_alpha = from.get<double>("discovery.suspicion_alpha");
  membership.suspicion_beta = from.get<double>("discovery.suspicion_beta");
  membership.gossip_interval = from.get<duration>("discovery.gossip_interval");
  membership.leave_linger = from.get<duration>("discovery.leave_linger");
  if (auto outcome = membership.check(); !outcome.ok()) return named("discovery", outcome);
  if (auto outcome = add_split_brain(from, out); !outcome.ok()) return outcome;
  to.discovery = std::move(out);
  return {};
}

} // namespace troupe
