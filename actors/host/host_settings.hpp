// What of a node can be configured, and the options that come of it.
#pragma once

#include "actors/grpc_edge/grpc_edge.hpp"
#include "actors/host/node.hpp"
#include "actors/http_edge/http_server.hpp"
#include "actors/openapi/openapi.hpp"
#include "actors/rest_edge/rest_edge.hpp"
#include "runtime/configuration/settings.hpp"
#include "runtime/telemetry/log.hpp"

namespace troupe {

// The settings of every node: groups node, link, discovery, split_brain, log, http, grpc, admin, auth and
// docs. A node is called like its program unless it is given a name.
void declare_host_settings(settings_schema& schema, const std::string& program);

// Parts of it.
void declare_link_settings(settings_schema& schema);
void declare_discovery_settings(settings_schema& schema);

// INVALID_ARGUMENT when settings of the link or of discovery contradict each other.
result<node_options> node_options_of(const settings& from);
// Parts of it, in this order.
status add_link_options(const settings& from, node_options& to);
status add_discovery_options(const settings& from, node_options& to);

// What discovery.keys says; nothing when it is empty. INVALID_ARGUMENT names the line, and nothing of it.
result<std::optional<gossip_keyring>> gossip_keys_of(const settings& from);

// Leaves out the modules that node.services does not name. INVALID_ARGUMENT: it names one that is not there,
// or one twice.
result<std::vector<service_module>> chosen_modules(const settings& from, std::vector<service_module> modules);
// The contracts of the services that node.offers names, else of those that the node plays. INVALID_ARGUMENT:
// it names one that the program does not have.
result<std::vector<const service_info*>> offered_contracts(const settings& from,
                                                           const std::vector<service_module>& modules);

logging_options logging_options_of(const settings& from);

// Options of the doors. Those that read files (certificates) can fail, naming the setting and the file.
http_server_options http_options_of(const settings& from);
http_server_options admin_options_of(const settings& from);
rest_edge_options rest_options_of(const settings& from);
result<grpc_edge_options> grpc_options_of(const settings& from, disk& files);
openapi_options openapi_options_of(const settings& from);

// The check of bearer tokens that auth.tokens describes: token -> identity, or UNAUTHENTICATED. Null when no
// token is configured, and everybody is let in. INVALID_ARGUMENT when the setting is not lines of
// "identity:token".
result<std::function<result<std::string>(std::string_view token)>> token_check_of(const settings& from);

} // namespace troupe
