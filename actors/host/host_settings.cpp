#include "actors/host/host_settings.hpp"

#include "runtime/environment/disk.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace troupe {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t largest_pem = 1024 * 1024;
constexpr std::size_t shortest_token = 16;

const std::vector<std::string> levels{"trace", "debug", "info", "warning", "error", "critical", "off"};

void declare_node(settings_schema& schema, const std::string& program) {
  schema.add_group(
    "node", "The node and its actors.",
    {
      setting::text("name", program, "Name of this node, in logs and in the console."),
      setting::integer("threads", 0, 0, 1024, "Threads that run actors; 0: one a core."),
      setting::list("services", {}, "Services that this node plays; empty: all of the program's."),
      setting::list(
        "offers", {},
        "Services that the HTTP and gRPC doors of this node offer, whichever node plays them, * for "
        "all; empty: those that it plays."),
      setting::time("call_timeout", 30s, 1ms, 24h,
                    "Time-out of calls between services that nothing else limits."),
      setting::integer(
        "restart_intensity", 10, 0, 10'000,
        "An actor of a module may fail this often within restart_period; then the whole module is "
        "restarted; and when that was necessary this often, the node ends."),
      setting::time("restart_period", 60s, 1ms, 24h, "See restart_intensity."),
      setting::time("drain_delay", 0s, 0s, 10min,
                    "On SIGTERM: how long the node goes on serving while health says not ready, so that load "
                    "balancers notice first."),
      setting::time("drain_timeout", 30s, 0s, 24h,
                    "On SIGTERM: how long requests in flight may take before they are cut."),
    });
  schema.add_group(
    "log", "The log of the node, on standard error unless a file is named.",
    {
      setting::choice("level", "info", levels, "The least severe lines written.").can_reload(),
      setting::table("levels", {}, levels, "Levels of single components: supervision, http, shop.Orders.")
        .can_reload(),
      setting::choice("format", "text", {"text", "json"}, "For people, or one JSON object a line."),
      setting::text("file", "", "Write to this file instead, rotated at 64 MiB."),
    });
}

void declare_doors(settings_schema& schema) {
  const http_limits limits;
  const rest_edge_options rest;
  schema.add_group(
    "http",
    "The HTTP door: REST as the contracts' google.api.http rules say, /openapi.json, /docs, /healthz.",
    {
      setting::boolean("enabled", true, "Whether there is an HTTP door."),
      setting::text("address", "127.0.0.1",
                    "Address to listen on. Beyond loopback TLS is needed, or allow_plain."),
      setting::integer("port", 8080, 0, 65535, "Port to listen on; 0 lets the kernel choose."),
      setting::integer("threads", 0, 0, 1024, "Threads that serve connections; 0: one a core."),
      setting::text("certificate_file", "", "PEM file of the certificate chain; serves TLS 1.2 and 1.3."),
      setting::text("key_file", "", "PEM file of the private key."),
      setting::boolean("allow_plain", false,
                       "Allow addresses beyond loopback without TLS (behind a TLS proxy)."),
      setting::boolean("access_log", false, "Log each request."),
      setting::integer("connections", limits.connections, 1, 1'000'000, "Connections at a time; 503 beyond."),
      setting::bytes("body_limit", limits.body_bytes, 1, 1ull << 40, "Largest request body; 413 beyond."),
      setting::bytes("header_limit", limits.header_bytes, 1024, 16 << 20,
                     "Largest request head; 431 beyond."),
      setting::time("header_timeout", limits.header_timeout, 10ms, 1h, "For a request head to arrive."),
      setting::time("body_timeout", limits.body_timeout, 10ms, 24h, "For a request body to arrive."),
      setting::time("write_timeout", limits.write_timeout, 10ms, 24h,
                    "For a client to take what is sent to it."),
      setting::time("idle_timeout", limits.idle_timeout, 10ms, 24h, "Between two requests of a connection."),
      setting::time("default_timeout", rest.default_timeout, 0s, 24h,
                    "Deadline of a request that names none; 0: never."),
      setting::time("max_timeout", rest.max_timeout, 1ms, 24h * 365,
                    "Longest deadline that a client may ask for."),
    });
  const grpc_edge_options grpc;
  schema.add_group(
    "grpc", "The gRPC door: every method of the contracts, health and reflection.",
    {
      setting::boolean("enabled", true, "Whether there is a gRPC door."),
      setting::text("address", grpc.host,
                    "Address to listen on. Beyond loopback TLS is needed, or allow_plain."),
      setting::integer("port", 9090, 0, 65535, "Port to listen on; 0 lets the kernel choose."),
      setting::text("certificate_file", "", "PEM file of the certificate chain."),
      setting::text("key_file", "", "PEM file of the private key."),
      setting::text("client_roots_file", "", "PEM file of who may sign clients' certificates."),
      setting::boolean("require_client_certificate", false,
                       "Mutual TLS: refuse clients without a certificate."),
      setting::boolean("allow_plain", false,
                       "Allow addresses beyond loopback without TLS (behind a TLS proxy)."),
      setting::bytes("receive_limit", grpc.receive_limit, 1, 1u << 31, "Largest message received."),
      setting::bytes("send_limit", grpc.send_limit, 1, 1u << 31, "Largest message sent."),
      setting::integer("calls_limit", grpc.calls_limit, 1, 10'000'000,
                       "Calls in flight; RESOURCE_EXHAUSTED beyond."),
      setting::choice("compression", "none", {"none", "low", "medium", "high"},
                      "How hard replies are compressed."),
      setting::boolean("reflection", grpc.reflection, "Whether clients may ask for the contracts."),
    });
  schema.add_group(
    "admin",
    "The operators' door: /metrics, /healthz, the supervision tree, log levels. Keep it on loopback or "
    "on a network of its own.",
    {
      setting::boolean("enabled", true, "Whether there is an operators' door."),
      setting::text("address", "127.0.0.1", "Address to listen on."),
      setting::integer("port", 9901, 0, 65535, "Port to listen on; 0 lets the kernel choose."),
      setting::boolean("allow_plain", false, "Allow addresses beyond loopback."),
    });
}

status missing_half(std::string_view group) {
  return invalid_argument("{0}.certificate_file and {0}.key_file go together; only one of them is set",
                          group);
}

} // namespace

void declare_host_settings(settings_schema& schema, const std::string& program) {
  declare_node(schema, program);
  declare_link_settings(schema);
  declare_discovery_settings(schema);
  declare_doors(schema);
  schema.add_group(
    "auth", "Who may call through the HTTP and gRPC doors.",
    {setting::secret("tokens", "Bearer tokens, a line each: IDENTITY:TOKEN. None: everybody may call.")});
  const openapi_options docs;
  schema.add_group(
    "docs", "How the services describe themselves.",
    {
      setting::boolean("enabled", true, "Whether /openapi.json and /docs are served."),
      setting::text("title", "", "Title of the documentation; the name of the node unless given."),
      setting::text("version", docs.version,
                    "Version of the services' interface; other nodes are told it too."),
      setting::text("description", "", "Markdown."),
    });
}

result<std::vector<service_module>> chosen_modules(const settings& from,
                                                   std::vector<service_module> modules) {
  const auto wanted = from.get<text_list>("node.services");
  if (wanted.empty()) return modules;
  std::string known;
  for (const auto& each : modules)
    known += (known.empty() ? "" : ", ") + std::string{each.service().name};
  std::vector<service_module> out;
  for (auto& each : modules)
    if (std::count(wanted.begin(), wanted.end(), each.service().name) > 0) out.push_back(std::move(each));
  if (out.size() == wanted.size()) return out;
  for (const auto& each : wanted)
    if (std::none_of(out.begin(), out.end(), [&](auto& module) { return module.service().name == each; }))
      return invalid_argument("node.services names '{}', which this program does not have; it has {}", each,
                              known);
  return invalid_argument("node.services names a service twice");
}

result<std::vector<const service_info*>> offered_contracts(const settings& from,
                                                           const std::vector<service_module>& modules) {
  const bool said = !from.get<text_list>("node.offers").empty();
  const auto wanted = from.get<text_list>(said ? "node.offers" : "node.services");
  const bool all = wanted.empty() || std::count(wanted.begin(), wanted.end(), "*") > 0;
  std::vector<const service_info*> out;
  std::string known;
  for (const auto& each : modules) {
    known += (known.empty() ? "" : ", ") + std::string{each.service().name};
    if (all || std::count(wanted.begin(), wanted.end(), each.service().name) > 0)
      out.push_back(&each.service());
  }
  // What is wrong with node.services, chosen_modules() tells.
  for (const auto& each : wanted)
    if (said && each != "*"
        && std::none_of(out.begin(), out.end(), [&](const auto* known) { return known->name == each; }))
      return invalid_argument("node.offers names '{}', which this program does not have; it has {}", each,
                              known);
  return out;
}

result<node_options> node_options_of(const settings& from) {
  node_options out;
  out.name = from.get<std::string>("node.name");
  out.scheduler_threads = from.get<unsigned>("node.threads");
  out.restart_intensity = from.get<unsigned>("node.restart_intensity");
  out.restart_period = from.get<duration>("node.restart_period");
  out.default_call_timeout = from.get<duration>("node.call_timeout");
  if (auto outcome = add_link_options(from, out); !outcome.ok()) return outcome;
  if (out.link) out.link->application_version = from.get<std::string>("docs.version");
  if (auto outcome = add_discovery_options(from, out); !outcome.ok()) return outcome;
  return out;
}

logging_options logging_options_of(const settings& from) {
  logging_options out;
  out.node = from.get<std::string>("node.name");
  out.format = from.get<std::string>("log.format") == "json" ? log_format::json : log_format::text;
  out.level = *log_level_from_name(from.get<std::string>("log.level"));
  for (const auto& [component, level] : from.get<text_table>("log.levels"))
    out.levels[component] = *log_level_from_name(level);
  out.file = from.get<std::string>("log.file");
  if (!out.file.empty()) out.target = log_target::file;
  return out;
}

http_server_options http_options_of(const settings& from) {
  http_server_options out;
  out.address = from.get<std::string>("http.address");
  out.port = from.get<std::uint16_t>("http.port");
  out.threads = from.get<unsigned>("http.threads");
  out.allow_plain_beyond_loopback = from.get<bool>("http.allow_plain");
  out.limits.connections = from.get<std::uint32_t>("http.connections");
  out.limits.body_bytes = from.get<std::uint64_t>("http.body_limit");
  out.limits.header_bytes = from.get<std::uint32_t>("http.header_limit");
  out.limits.header_timeout = from.get<duration>("http.header_timeout");
  out.limits.body_timeout = from.get<duration>("http.body_timeout");
  out.limits.write_timeout = from.get<duration>("http.write_timeout");
  out.limits.idle_timeout = from.get<duration>("http.idle_timeout");
  auto certificate = from.get<std::string>("http.certificate_file");
  auto key = from.get<std::string>("http.key_file");
  if (!certificate.empty() || !key.empty())
    out.tls = http_tls_options{std::move(certificate), std::move(key)};
  return out;
}

http_server_options admin_options_of(const settings& from) {
  http_server_options out;
  out.address = from.get<std::string>("admin.address");
  out.port = from.get<std::uint16_t>("admin.port");
  out.threads = 1;
  out.allow_plain_beyond_loopback = from.get<bool>("admin.allow_plain");
  out.limits.connections = 64;
  return out;
}

rest_edge_options rest_options_of(const settings& from) {
  rest_edge_options out;
  out.default_timeout = from.get<duration>("http.default_timeout");
  out.max_timeout = from.get<duration>("http.max_timeout");
  return out;
}

result<grpc_edge_options> grpc_options_of(const settings& from, disk& files) {
  grpc_edge_options out;
  out.host = from.get<std::string>("grpc.address");
  out.port = from.get<std::uint16_t>("grpc.port");
  out.allow_plain_text = from.get<bool>("grpc.allow_plain");
  out.receive_limit = from.get<std::uint32_t>("grpc.receive_limit");
  out.send_limit = from.get<std::uint32_t>("grpc.send_limit");
  out.calls_limit = from.get<std::uint32_t>("grpc.calls_limit");
  out.reflection = from.get<bool>("grpc.reflection");
  auto compression = from.get<std::string>("grpc.compression");
  out.compression = compression == "low"      ? grpc_compression::low
                    : compression == "medium" ? grpc_compression::medium
                    : compression == "high"   ? grpc_compression::high
                                              : grpc_compression::none;
  auto certificate = from.get<std::string>("grpc.certificate_file");
  auto key = from.get<std::string>("grpc.key_file");
  if (certificate.empty() != key.empty()) return missing_half("grpc");
  if (certificate.empty()) return out;
  grpc_tls_options tls;
  tls.require_client_certificate = from.get<bool>("grpc.require_client_certificate");
  struct {
    std::string file;
    std::string& into;
  } reads[] = {{certificate, tls.certificate_chain},
               {key, tls.private_key},
               {from.get<std::string>("grpc.client_roots_file"), tls.client_roots}};
  for (auto& [file, into] : reads) {
    if (file.empty()) continue;
    auto read = read_file(files, file, largest_pem);
    if (!read) return read.error();
    into = std::move(*read);
  }
  out.tls = std::move(tls);
  return out;
}

openapi_options openapi_options_of(const settings& from) {
  openapi_options out;
  out.title = from.get<std::string>("docs.title");
  if (out.title.empty()) out.title = from.get<std::string>("node.name");
  out.version = from.get<std::string>("docs.version");
  out.description = from.get<std::string>("docs.description");
  out.bearer_tokens = !from.get<secret_text>("auth.tokens").empty();
  out.bearer_format = "";
  return out;
}

result<std::function<result<std::string>(std::string_view token)>> token_check_of(const settings& from) {
  struct entry {
    std::string identity;
    std::string token;
  };
  std::vector<entry> known;
  const auto text = std::string{from.get<secret_text>("auth.tokens").reveal()};
  for (std::size_t begin = 0, line = 1; begin < text.size(); ++line) {
    auto end = std::min(text.find('\n', begin), text.size());
    auto row = text.substr(begin, end - begin);
    begin = end + 1;
    if (row.empty()) continue;
    auto colon = row.find(':');
    if (colon == std::string::npos || colon == 0 || row.size() - colon - 1 < shortest_token)
      return invalid_argument(
        "auth.tokens, line {}: say IDENTITY:TOKEN, with a token of {} characters or more", line,
        shortest_token);
    known.push_back({row.substr(0, colon), row.substr(colon + 1)});
  }
  if (known.empty()) return std::function<result<std::string>(std::string_view)>{};
  return std::function<result<std::string>(std::string_view)>{
    [known = std::move(known)](std::string_view token) -> result<std::string> {
      // Every token is compared, in time that does not depend on where they differ.
      const entry* found = nullptr;
      for (const auto& each : known)
        if (each.token.size() == token.size()
            && CRYPTO_memcmp(each.token.data(), token.data(), token.size()) == 0)
          found = &each;
      if (found == nullptr) return unauthenticated("the bearer token is not known");
      return found->identity;
    }};
}

} // namespace troupe
