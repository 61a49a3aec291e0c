// What is asked when, and what follows from the answers: the seeds of a node without I/O. Pure; for one
// thread.
//
//   for (auto& query : core.take_due(now)) ask(query);       answers: on_addresses(), on_services(),
//   on_file() for (auto& notice : core.take_notices()) log(notice); if (core.take_change())
//   tell(core.list()); call again at core.next_due()
#pragma once

#include "discovery/seeds/complaint_quota.hpp"
#include "discovery/seeds/seed_settings.hpp"
#include "runtime/environment/network.hpp"
#include "runtime/environment/random_source.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

// What a node knows of where others are.
struct seed_list {
  // In the order in which they are best tried: one of each source in turn, the last-known members as a source
  // of their own. Without the node itself. At most max_seeds.
  std::vector<endpoint> endpoints;
  // Whether everything was asked once and has answered or failed; it stays so. An empty list that is settled
  // says that there is nobody to ask; one that is not says nothing yet.
  bool settled = false;

  bool operator==(const seed_list&) const = default;
};

// A question to the world, answered once with its number.
struct seed_query {
  std::uint64_t number = 0;
  seed_kind kind = seed_kind::host; // host, service or file
  std::string name;                 // what to resolve or to read

  bool operator==(const seed_query&) const = default;
};

// Something for the log.
struct seed_notice {
  enum class sort : std::uint8_t { problem, recovered };
  sort what = sort::problem;
  std::string entry;          // which one: "dns:node-1:7401"; empty: all of them
  std::string where;          // what led to it: "file:/etc/troupe/seeds line 3"; empty: the settings
  std::string message;        // of a problem
  std::uint64_t withheld = 0; // problems of this entry that were not told since the last one
};

class seed_core {
public:
  // Preconditions: the settings are valid; `own` are the node's own endpoints.
  seed_core(seed_settings settings, std::vector<endpoint> own, std::vector<endpoint> last_known,
            const random_source& random, monotonic_time now);

  // What is to be asked now. At most max_seed_lookups_at_a_time look-ups are under way; further ones wait.
  std::vector<seed_query> take_due(monotonic_time now);

  // When take_due() may give something; monotonic_time::max(): not before an answer comes.
  monotonic_time next_due() const;

  // The answer to a query, in any order. One that nobody waits for is ignored.
  void on_addresses(std::uint64_t number, const result<std::vector<ip_address>>& answer, monotonic_time now);
  void on_services(std::uint64_t number, const result<std::vector<service_record>>& answer,
                   monotonic_time now);
  void on_file(std::uint64_t number, const result<std::string>& content, monotonic_time now);

  // Asks everything anew as soon as may be: the node has lost all others. No name is asked sooner than
  // `first_retry` after its last answer.
  void hurry(monotonic_time now);

  const seed_list& list() const noexcept { return list_; }
  // Whether the list is another one than at the last call; true at the first.
  bool take_change() noexcept { return std::exchange(changed_, false); }
  // In the order in which they arose; within the quota.
  std::vector<seed_notice> take_notices() { return std::exchange(notices_, {}); }

private:
  struct key {
    seed_kind kind;
    std::string name;
    auto operator<=>(const key&) const = default;
  };
  // A name or a file that is asked again and again.
  struct subject {
    std::string entry;
    std::string where;
    monotonic_time due{};
    monotonic_time answered_at{};
    bool under_way = false;
    bool answered = false;
    bool complained = false;
    std::uint32_t failures = 0;
    std::vector<ip_address> addresses;   // host: sorted
    std::vector<service_record> records; // service
    std::string content;                 // file, as it was read last
    seed_file parsed;
  };

  subject* take_answer(std::uint64_t number, key& which);
  subject* touch(const seed_entry& entry, std::string_view where, monotonic_time now);
  void collect(const seed_entry& entry, const std::string& where, std::vector<endpoint>& into,
               monotonic_time now);
  void collect_host(const seed_entry& entry, std::string_view where, std::vector<endpoint>& into,
                    monotonic_time now);
  void rebuild(monotonic_time now);
  void look_at(seed_list fresh, bool own_seen, monotonic_time now);
  void succeeded(subject& which, monotonic_time now);
  void failed(subject& which, const status& why, monotonic_time now);
  void complain(subject& which, std::string message, monotonic_time now);
  void complain(const std::string& entry, const std::string& where, std::string message, monotonic_time now);
  duration around(duration middle);
  bool may_ask(seed_kind kind) const noexcept;

  const seed_settings settings_;
  const std::vector<endpoint> own_;
  const std::vector<endpoint> last_known_;
  random_source random_;
  complaint_quota quota_;

  std::map<key, subject> subjects_;
  std::set<key> reached_; // by the walk that goes on
  bool too_many_ = false; // it came to more than may be
  std::map<std::uint64_t, key> asked_;
  std::uint64_t numbers_ = 0;
  std::size_t lookups_ = 0; // under way

  seed_list list_;
  bool changed_ = true;
  std::vector<seed_notice> notices_;
};

} // namespace troupe
