// A small schema with a setting of each type, for tests.
#pragma once

#include "runtime/configuration/schema.hpp"

#include <chrono>

inline troupe::settings_schema sample_schema() {
  using namespace std::chrono_literals;
  using troupe::setting;
  troupe::settings_schema schema;
  schema.add_group("http", "The HTTP edge.",
                   {setting::boolean("enabled", true, "Whether there is one."),
                    setting::integer("port", 8080, 0, 65535, "Port to listen on; 0 lets the system choose."),
                    setting::text("address", "127.0.0.1", "Address to listen on."),
                    setting::time("idle_timeout", 60s, 1s, 1h, "Idle connections are closed.").can_reload(),
                    setting::bytes("max_body", 1 << 20, 0, 1 << 30, "Largest body of a request.")});
  schema.add_group("http.tls", "Encryption.",
                   {setting::choice("mode", "off", {"off", "on", "mutual"}, "Who must show a certificate.")});
  schema.add_group(
    "logging", "The log.",
    {setting::choice("level", "info", {"debug", "info", "off"}, "Of all components.").can_reload(),
     setting::table("levels", {}, {"debug", "info", "off"}, "By component.").can_reload()});
  schema.add_group("discovery", "Who is alive.",
                   {setting::list("seeds", {}, "Nodes to ask first."),
                    setting::number("loss", 0.25, 0, 1, "Accepted loss."),
                    setting::secret("token", "Shown to other nodes.")});
  return schema;
}
