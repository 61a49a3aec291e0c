// The operators' view of the cluster as JSON, and their requests of it. Internal to host.
#pragma once

#include "actors/host/node.hpp"
#include "runtime/core/result.hpp"

#include <string>
#include <string_view>

namespace troupe {

// {"self":"node-1","cluster":"troupe","phase":"member","local_health":0,"living":3,"seeds":2,"decision":null,
//  "members":[{"name":"node-1","state":"alive","process":"17...","incarnation":0,"gossip":"127.0.0.1:7401",
//    "link":"127.0.0.1:7400","admin":"127.0.0.1:9901","zone":"","roles":[],"capacity":0,"version":"1.2.0",
//    "connected":true,"draining":false}]}
// FAILED_PRECONDITION: the node runs without discovery. Not from the link's loop, nor the discovery's.
result<std::string> render_members(node& of);

// {"services":[{"service":"shop.Orders","places":[{"node":"node-1","health":"ready","instances":1,"load":0,
//    "version":"1.2.0","metadata":{}}]}],
//  "actors":[{"name":"printer","node":"node-2"}]}        those that have a name
result<std::string> render_services(node& of);

// The body is {} or {"undo":true}. Gives {"draining":true}. INVALID_ARGUMENT: another body.
result<std::string> drain_node(node& of, std::string_view body);

// The body is {"seeds":["host:port",...]}. Gives {"seeds":1}. INVALID_ARGUMENT: another body, or a seed that
// is none.
result<std::string> join_cluster(node& of, std::string_view body);

} // namespace troupe
