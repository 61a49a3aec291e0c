// A seed_core with a clock, whose questions a test answers.
#pragma once

#include "discovery/seeds/seed_core.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

namespace troupe {

inline seed_settings settings_of(std::initializer_list<const char*> entries) {
  seed_settings out;
  out.entries = parse_seed_entries(std::vector<std::string>(entries.begin(), entries.end())).value();
  return out;
}

inline endpoint at(std::string_view text) { return endpoint::parse(text).value(); }

inline std::string text_of(const seed_list& list) {
  std::string out;
  for (const auto& each : list.endpoints)
    out += each.to_string() + " ";
  return out + (list.settled ? "settled" : "not settled");
}

class answered_core {
public:
  explicit answered_core(seed_settings settings, std::vector<endpoint> own = {},
                         std::vector<endpoint> last_known = {})
    : core(std::move(settings), std::move(own), std::move(last_known), random_source{1}, now) {}

  // Answers what is due from the tables, until nothing is due; the names asked, in order.
  std::string ask() {
    std::string out;
    for (auto due = core.take_due(now); !due.empty(); due = core.take_due(now))
      for (const auto& query : due) {
        out += (out.empty() ? "" : " ") + query.name;
        answer(query);
      }
    return out;
  }

  // Lets `span` pass, asking whenever something is due; how often each name was asked.
  std::map<std::string, int> pass(duration span) {
    std::map<std::string, int> out;
    const auto end = now + span;
    while (core.next_due() <= end) {
      now = std::max(now, core.next_due());
      for (const auto& query : core.take_due(now)) {
        ++out[query.name];
        answer(query);
      }
    }
    now = end;
    return out;
  }

  void answer(const seed_query& query) {
    if (query.kind == seed_kind::host) {
      const auto known = hosts.find(query.name);
      core.on_addresses(query.number,
                        known != hosts.end()
                          ? known->second
                          : result<std::vector<ip_address>>{not_found("no host {}", query.name)},
                        now);
    } else if (query.kind == seed_kind::service) {
      const auto known = services.find(query.name);
      core.on_services(query.number,
                       known != services.end()
                         ? known->second
                         : result<std::vector<service_record>>{not_found("no service {}", query.name)},
                       now);
    } else {
      const auto known = files.find(query.name);
      core.on_file(
        query.number,
        known != files.end() ? known->second : result<std::string>{not_found("no file {}", query.name)}, now);
    }
  }

  void host(const std::string& name, std::initializer_list<ip_address> addresses) {
    hosts.insert_or_assign(name, std::vector<ip_address>{addresses});
  }

  std::string list() const { return text_of(core.list()); }

  monotonic_time now{std::chrono::seconds{1000}};
  seed_core core;
  std::map<std::string, result<std::vector<ip_address>>> hosts;
  std::map<std::string, result<std::vector<service_record>>> services;
  std::map<std::string, result<std::string>> files;
};

} // namespace troupe
