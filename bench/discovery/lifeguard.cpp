// Lifeguard's experiment (arXiv 1707.00788, section V) with our core on both sides: SWIM alone, and all of
// it.
#include "rows.hpp"
#include "sections.hpp"
#include "tests/discovery/membership/virtual_cluster.hpp"

#include <map>
#include <optional>
#include <set>

namespace troupe::bench {

namespace {

using namespace troupe::membership_test;

constexpr std::size_t members = 128;
constexpr auto quiet = 15s;    // before the first spell
constexpr auto watched = 120s; // from it on

struct variant {
  const char* name;
  membership_settings settings;
};

membership_settings swim() {
  membership_settings out;
  out.suspicion_alpha = 5;
  out.suspicion_beta = 1;
  out.suspicion_confirmations = 0;
  out.max_local_health = 0;
  out.buddy_system = false;
  out.doubted_death = false;
  out.verify_suspicions = false;
  return out;
}

membership_settings lifeguard(double alpha) {
  membership_settings out;
  out.suspicion_alpha = alpha;
  out.suspicion_beta = 6;
  out.suspicion_confirmations = 3;
  out.max_local_health = 8;
  out.doubted_death = false;
  out.verify_suspicions = false;
  return out;
}

membership_settings ours(double alpha) {
  auto out = lifeguard(alpha);
  out.doubted_death = true;
  out.verify_suspicions = true;
  return out;
}

// Some members, C of them, process no message for D, then for I they do, over and over; or once only.
struct spells {
  std::size_t slow = 1;
  duration length{};
  duration pause{};
  bool once = false;
};

struct outcome {
  double false_deaths = 0;            // a healthy member was held for dead, by whomever
  double false_deaths_at_healthy = 0; // by a healthy one
  double messages = 0;
  double bytes = 0;
  std::vector<double> first; // seconds from a spell's begin until the first healthy member held it for dead
  std::vector<double> full;  // until all of them did

  void add(const outcome& other) {
    false_deaths += other.false_deaths;
    false_deaths_at_healthy += other.false_deaths_at_healthy;
    messages += other.messages;
    bytes += other.bytes;
    first.insert(first.end(), other.first.begin(), other.first.end());
    full.insert(full.end(), other.full.begin(), other.full.end());
  }
};

double seconds(duration time) { return std::chrono::duration<double>(time).count(); }

outcome measured(const membership_settings& settings, const spells& what, std::uint64_t seed) {
  virtual_cluster cluster{{.seed = seed, .settings = settings}};
  cluster.add_many(members);
  cluster.run_for(quiet);
  // Anyone but the seeds may be slow.
  std::vector<std::size_t> all;
  for (std::size_t i = 2; i < members; ++i)
    all.push_back(i);
  cluster.random().shuffle(all);
  all.resize(what.slow);
  const std::set<std::size_t> slow{all.begin(), all.end()};
  std::map<std::string, std::size_t> index_of;
  for (std::size_t i = 0; i < members; ++i)
    index_of[virtual_cluster::name_of(i)] = i;

  const auto sent = [&] {
    outcome out;
    for (std::size_t i = 0; i < members; ++i) {
      out.messages += static_cast<double>(cluster.core(i).counters().packets_sent);
      out.bytes += static_cast<double>(cluster.core(i).counters().bytes_sent);
    }
    return out;
  };
  const auto before = sent();
  const auto events_before = cluster.events().size();
  const auto begin = cluster.now();
  const auto end = begin + watched;
  do {
    for (const auto one : slow)
      cluster.hold_messages(one, what.length);
    cluster.run_for(what.length + what.pause);
  } while (!what.once && cluster.now() < end);
  if (cluster.now() < end) cluster.run_for(end - cluster.now());

  auto out = sent();
  // By the time that it took: a last spell may end after the others' time.
  const double share = seconds(watched) / seconds(cluster.now() - begin);
  out.messages = (out.messages - before.messages) * share;
  out.bytes = (out.bytes - before.bytes) * share;
  std::map<std::size_t, std::map<std::size_t, double>> noticed; // slow one, healthy observer, after seconds
  for (auto i = events_before; i < cluster.events().size(); ++i) {
    const auto& event = cluster.events()[i];
    if (event.kind != member_event_kind::died) continue;
    const auto subject = index_of.at(event.name);
    const bool by_healthy = !slow.contains(event.observer);
    if (!slow.contains(subject)) {
      ++out.false_deaths;
      if (by_healthy) ++out.false_deaths_at_healthy;
    } else if (by_healthy) {
      noticed[subject].try_emplace(event.observer, seconds(event.at - begin));
    }
  }
  for (const auto& [subject, observers] : noticed) {
    double first = 1e9;
    double last = 0;
    for (const auto& [observer, when] : observers) {
      first = std::min(first, when);
      last = std::max(last, when);
    }
    out.first.push_back(first);
    if (observers.size() == members - slow.size()) out.full.push_back(last);
  }
  return out;
}

void accuracy(bool whole_grid, std::uint64_t repetitions) {
  const std::vector<std::size_t> slow = whole_grid ? std::vector<std::size_t>{1, 4, 8, 12, 16, 20, 24, 28, 32}
                                                   : std::vector<std::size_t>{1, 8, 20, 32};
  const std::vector<int> lengths = whole_grid ? std::vector<int>{128, 512, 2'048, 8'192, 16'384, 32'768}
                                              : std::vector<int>{2'048, 16'384, 32'768};
  const std::vector<int> pauses =
    whole_grid ? std::vector<int>{1, 4, 16, 64, 256, 1'024, 4'096, 16'384} : std::vector<int>{16, 256, 4'096};
  const variant variants[] = {{"SWIM", swim()},
                              {"Lifeguard, alpha 5", lifeguard(5)},
                              {"Troupe, alpha 5", ours(5)},
                              {"Troupe, alpha 2", ours(2)}};
  outcome sums[std::size(variants)];
  note("Lifeguard's experiment, cyclic spells: {} members, {} x {} x {} settings of C, D and I, {} "
       "repetition(s)",
       members, slow.size(), lengths.size(), pauses.size(), repetitions);
  for (std::size_t v = 0; v < std::size(variants); ++v) {
    std::map<std::size_t, double> by_slow;
    for (const auto count : slow) {
      for (const auto length : lengths) {
        for (const auto pause : pauses) {
          for (std::uint64_t seed = 1; seed <= repetitions; ++seed) {
            const auto one =
              measured(variants[v].settings,
                       {count, std::chrono::milliseconds{length}, std::chrono::milliseconds{pause}}, seed);
            by_slow[count] += one.false_deaths;
            sums[v].add(one);
          }
        }
      }
    }
    std::string line;
    for (const auto& [count, deaths] : by_slow)
      line += fmt::format("  C={}: {:.0f}", count, deaths);
    note("  {:<20} false deaths {:>9.0f}, at healthy members {:>9.0f}, messages {:.4g}, bytes {:.4g};{}",
         variants[v].name, sums[v].false_deaths, sums[v].false_deaths_at_healthy, sums[v].messages,
         sums[v].bytes, line);
  }
  const auto& peer = sums[0];
  const auto& all = sums[2];
  row("false deaths of healthy members, beside SWIM", "", all.false_deaths, peer.false_deaths, "<= 0.015");
  row("the same, held by healthy members", "", all.false_deaths_at_healthy, peer.false_deaths_at_healthy,
      "<= 0.019");
  row("messages, beside SWIM", "", all.messages, peer.messages, "<= 1.10");
  row("bytes, beside SWIM", "", all.bytes, peer.bytes, "<= 0.98");
}

void latency(bool whole_grid, std::uint64_t repetitions) {
  const std::vector<std::size_t> slow = whole_grid ? std::vector<std::size_t>{1, 4, 8, 12, 16, 20, 24, 28, 32}
                                                   : std::vector<std::size_t>{1, 8, 16, 32};
  const variant variants[] = {{"SWIM", swim()}, {"Troupe, alpha 5", ours(5)}, {"Troupe, alpha 2", ours(2)}};
  outcome sums[std::size(variants)];
  note("Lifeguard's experiment, one spell of 32,768 ms: seconds until the first and until all healthy "
       "members know");
  for (std::size_t v = 0; v < std::size(variants); ++v) {
    for (const auto count : slow) {
      for (std::uint64_t seed = 1; seed <= repetitions; ++seed)
        sums[v].add(measured(variants[v].settings, {count, 32'768ms, 0ms, true}, seed));
    }
    const auto& one = sums[v];
    note("  {:<20} first: median {:.2f}, 99% {:.2f}; all: median {:.2f}, 99% {:.2f}, known to all: {} of {}",
         variants[v].name, percentile(one.first, 0.5), percentile(one.first, 0.99), percentile(one.full, 0.5),
         percentile(one.full, 0.99), one.full.size(), one.first.size());
  }
  row("median first detection with alpha 2, beside SWIM", "s", percentile(sums[2].first, 0.5),
      percentile(sums[0].first, 0.5), "<= 0.57");
  row("median full detection with alpha 2, beside SWIM", "s", percentile(sums[2].full, 0.5),
      percentile(sums[0].full, 0.5), "<= 0.57");
}

} // namespace

void run_accuracy(bool whole_grid, std::uint64_t repetitions) { accuracy(whole_grid, repetitions); }
void run_latency(bool whole_grid, std::uint64_t repetitions) {
  latency(whole_grid, std::max<std::uint64_t>(repetitions, 5));
}

} // namespace troupe::bench
