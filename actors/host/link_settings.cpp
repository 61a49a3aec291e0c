// The settings of the link between nodes.
#include "actors/host/host_settings.hpp"

#include <chrono>

namespace troupe {

using namespace std::chrono_literals;

void declare_link_settings(settings_schema& schema) {
  const gate_options gate;
  const link_limits limits;
  schema.add_group(
    "link",
    "The link to other nodes: their services are called as if they ran here, and the other way round.",
    {
      setting::boolean("enabled", false, "Whether this node talks to others."),
      setting::text("cluster", gate.cluster, "Nodes of different clusters refuse each other."),
      setting::text("address", "127.0.0.1", "Address to listen on. Beyond loopback certificates are needed."),
      setting::integer("port", 7400, 0, 65535, "Port to listen on; 0 lets the kernel choose."),
      setting::text("advertise", "",
                    "Where others reach the link, HOST or HOST:PORT; empty: where it listens."),
      setting::list("peers", {},
                    "Nodes to keep a connection to, each host:port, besides those that discovery finds."),
      setting::text("certificate_file", "", "PEM file of this node's certificate chain: mutual TLS 1.3."),
      setting::text("key_file", "", "PEM file of the private key."),
      setting::text("authority_file", "", "PEM file of who signs the certificates of the cluster's nodes."),
      setting::boolean("certificates_name_nodes", gate.certificates_name_nodes,
                       "Whether a peer's certificate must name its node (subjectAltName)."),
      setting::integer("connections", gate.max_connections, 1, 100'000, "Connections at a time."),
      setting::bytes("max_message", limits.max_message_bytes, 1024, 1u << 30, "Largest message."),
      setting::bytes("send_buffer", limits.send_buffer_bytes, 65536, 1ull << 36,
                     "What may wait to be sent to a peer; RESOURCE_EXHAUSTED beyond."),
      setting::bytes("request_window", limits.request_window_bytes, 65536, 1ull << 32,
                     "Requests of a peer that may wait in mailboxes; the peer holds back more."),
      setting::bytes("item_window", limits.item_window_bytes, 65536, 1ull << 32,
                     "Items of all streams from a peer that may wait."),
      setting::bytes("stream_window", limits.stream_window_bytes, 65536, 1ull << 32,
                     "Items of one stream that may wait."),
      setting::integer("open_calls", limits.max_open_calls, 1, 10'000'000,
                       "Calls open with a peer, each way."),
      setting::time("heartbeat", limits.heartbeat_interval, 10ms, 1h,
                    "A peer that was silent for so long is asked for a sign of life."),
      setting::time("silence_limit", limits.silence_limit, 50ms, 24h,
                    "A peer that was silent for so long is given up: its calls fail."),
      setting::time("unread_limit", limits.unread_limit, 50ms, 24h,
                    "A peer that sends, but read nothing for so long, is given up."),
      setting::time("greeting_timeout", limits.greeting_timeout, 50ms, 10min,
                    "For a peer to finish its TLS handshake, and again to introduce itself."),
      setting::time("connect_timeout", gate.connect_timeout, 10ms, 10min, "For a connection to stand."),
      setting::time("longest_redial", gate.longest_redial, 10ms, 24h,
                    "Longest pause between two attempts to reach a peer."),
    });
}

status add_link_options(const settings& from, node_options& to) {
  to.peers = from.get<text_list>("link.peers");
  if (!from.get<bool>("link.enabled")) {
    if (!to.peers.empty()) return invalid_argument("link.peers is set, but link.enabled is false");
    return {};
  }
  gate_options out;
  out.incarnation = 0;
  out.cluster = from.get<std::string>("link.cluster");
  const auto text = from.get<std::string>("link.address");
  const auto address = ip_address::parse(text);
  if (!address) return invalid_argument("link.address '{}' is no IP address", text);
  out.listen = endpoint{*address, from.get<std::uint16_t>("link.port")};
  stream_security files{from.get<std::string>("link.certificate_file"),
                        from.get<std::string>("link.key_file"), from.get<std::string>("link.authority_file")};
  const int given = !files.certificate_file.empty() + !files.key_file.empty() + !files.authority_file.empty();
  if (given != 0 && given != 3)
    return invalid_argument(
      "link.certificate_file, link.key_file and link.authority_file go together; only {} "
      "of them {} set",
      given, given == 1 ? "is" : "are");
  if (given == 3) out.security = std::move(files);
  out.certificates_name_nodes = from.get<bool>("link.certificates_name_nodes");
  out.max_connections = from.get<std::uint32_t>("link.connections");
  auto& limits = out.limits;
  limits.max_message_bytes = from.get<std::size_t>("link.max_message");
  limits.send_buffer_bytes = from.get<std::size_t>("link.send_buffer");
  limits.request_window_bytes = from.get<std::size_t>("link.request_window");
  limits.item_window_bytes = from.get<std::size_t>("link.item_window");
  limits.stream_window_bytes = from.get<std::size_t>("link.stream_window");
  limits.max_open_calls = from.get<std::uint32_t>("link.open_calls");
  limits.heartbeat_interval = from.get<duration>("link.heartbeat");
  limits.silence_limit = from.get<duration>("link.silence_limit");
  limits.unread_limit = from.get<duration>("link.unread_limit");
  limits.greeting_timeout = from.get<duration>("link.greeting_timeout");
  if (limits.silence_limit <= limits.heartbeat_interval)
    return invalid_argument("link.silence_limit must be longer than link.heartbeat, or every quiet peer is "
                            "given up");
  out.connect_timeout = from.get<duration>("link.connect_timeout");
  out.longest_redial = from.get<duration>("link.longest_redial");
  out.first_redial = std::min<duration>(out.first_redial, out.longest_redial);
  to.link_advertise = from.get<std::string>("link.advertise");
  to.link = std::move(out);
  return {};
}

} // namespace troupe
