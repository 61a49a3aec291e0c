#include "runtime/telemetry/metrics.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <stdexcept>
#include <thread>

using namespace troupe;

namespace {

constexpr std::array<double, 3> buckets = {0.5, 1, 2.5};

} // namespace

TEST_CASE("metrics are rendered by name, then by labels, in Prometheus's text format") {
  metrics all;
  all.make_gauge("troupe_depth", "Things that wait.").set(2.5);
  auto requests = all.counters("troupe_requests_total", "Requests \\ answered.\nEver.", {"method", "code"});
  requests.with({"Place", "OK"}).add(3);
  requests.with({"Get", "NOT_FOUND"}).add();
  requests.with({"a\"b\\c\nd", "OK"}).add();
  auto latency = all.make_histogram("troupe_latency_seconds", "Time taken.", buckets);
  for (const double value : {0.25, 0.5, 0.75, 3.0})
    latency.observe(value);
  CHECK(all.render()
        == "# HELP troupe_depth Things that wait.\n"
           "# TYPE troupe_depth gauge\n"
           "troupe_depth 2.5\n"
           "# HELP troupe_latency_seconds Time taken.\n"
           "# TYPE troupe_latency_seconds histogram\n"
           "troupe_latency_seconds_count 4\n"
           "troupe_latency_seconds_sum 4.5\n"
           "troupe_latency_seconds_bucket{le=\"0.5\"} 2\n"
           "troupe_latency_seconds_bucket{le=\"1\"} 3\n"
           "troupe_latency_seconds_bucket{le=\"2.5\"} 3\n"
           "troupe_latency_seconds_bucket{le=\"+Inf\"} 4\n"
           "# HELP troupe_requests_total Requests \\\\ answered.\\nEver.\n"
           "# TYPE troupe_requests_total counter\n"
           "troupe_requests_total{method=\"Get\",code=\"NOT_FOUND\"} 1\n"
           "troupe_requests_total{method=\"Place\",code=\"OK\"} 3\n"
           "troupe_requests_total{method=\"a\\\"b\\\\c\\nd\",code=\"OK\"} 1\n");
}

TEST_CASE("without series nothing is rendered") {
  metrics all;
  CHECK(all.render().empty());
  all.counters("troupe_requests_total", "Requests.", {"code"});
  CHECK(all.render().empty());
  CHECK(metrics::content_type() == "text/plain; version=0.0.4; charset=utf-8");
}

TEST_CASE("gauges go up and down, counters up, histograms ignore NaN") {
  metrics all;
  const auto depth = all.make_gauge("troupe_depth", "Depth.");
  depth.add(5);
  depth.subtract(2);
  CHECK(depth.value() == 3);
  depth.set(-1);
  CHECK(depth.value() == -1);
  const auto latency = all.make_histogram("troupe_latency_seconds", "Time.", buckets);
  latency.observe(std::nan(""));
  CHECK(latency.count() == 0);
  latency.observe(-1);
  latency.observe(INFINITY);
  CHECK(latency.count() == 2);
}

TEST_CASE("handles of nobody count nothing") {
  counter{}.add();
  gauge{}.set(1);
  histogram{}.observe(1);
  CHECK(counter{}.value() == 0);
  CHECK(gauge{}.value() == 0);
  CHECK(histogram{}.count() == 0);
  CHECK(histogram{}.sum() == 0);
  counter_family{}.with({"x"}).add();
  gauge_family{}.with({}).add();
  histogram_family{}.with({}).observe(1);
}

TEST_CASE("asking again gives the same series; asking for something else under the name is a bug") {
  metrics all;
  all.make_counter("troupe_a_total", "A.").add();
  CHECK(all.make_counter("troupe_a_total", "A.").value() == 1);
  const auto bug = [&](auto call, const std::string& text) {
    CHECK_THROWS_MATCHES(call(), std::logic_error, Catch::Matchers::Message(text));
  };
  const std::string other = "metric 'troupe_a_total' exists with another kind, help, labels or buckets";
  bug([&] { all.make_counter("troupe_a_total", "B."); }, other);
  bug([&] { all.counters("troupe_a_total", "A.", {"x"}); }, other);
  bug([&] { (void)all.observe("troupe_a_total", "A.", sample_kind::counter, {}, [](auto&) {}); }, other);
  all.make_histogram("troupe_h", "H.", buckets);
  bug([&] { all.make_histogram("troupe_h", "H."); },
      "metric 'troupe_h' exists with another kind, help, labels or buckets");
  bug([&] { all.make_counter("troupe_b", "B."); }, "metric 'troupe_b': a counter's name must end in _total");
  bug([&] { all.make_gauge("troupe_b_total", "B."); },
      "metric 'troupe_b_total': only a counter's name may end in _total");
  for (const char* name : {"", "Troupe", "1a", "a-b", "a:b", "_a"}) {
    bug([&] { all.make_gauge(name, "B."); },
        "metric '" + std::string{name} + "': the name must match [a-z][a-z0-9_]*");
  }
  bug([&] { all.gauges("troupe_b", "B.", {"le"}); }, "metric 'troupe_b': 'le' cannot be the name of a label");
  bug([&] { all.gauges("troupe_b", "B.", {"x", "x"}); }, "metric 'troupe_b': two labels 'x'");
  bug([&] { all.make_histogram("troupe_b", "B.", {}); }, "metric 'troupe_b': a histogram needs buckets");
  const std::array<double, 2> descending = {2, 1};
  bug([&] { all.make_histogram("troupe_b", "B.", descending); },
      "metric 'troupe_b': buckets must be finite and ascending");
  bug([&] { all.gauges("troupe_b", "B.", {"x"}).with({"1", "2"}); }, "metric 'troupe_b' has 1 labels, not 2");
}

TEST_CASE("series beyond the limit are counted together") {
  metrics all{{.max_series = 2}};
  auto paths = all.counters("troupe_paths_total", "Paths.", {"path"});
  for (const char* path : {"/a", "/b", "/c", "/d", "/a"})
    paths.with({path}).add();
  CHECK(all.render()
        == "# HELP troupe_paths_total Paths.\n"
           "# TYPE troupe_paths_total counter\n"
           "troupe_paths_total{path=\"/a\"} 2\n"
           "troupe_paths_total{path=\"/b\"} 1\n"
           "troupe_paths_total{path=\"other\"} 2\n");
  auto held = all.observe("troupe_depth", "Depth.", sample_kind::gauge, {"actor"}, [](sample_writer& write) {
    for (const char* actor : {"1", "2", "3"})
      write.write(1, {actor});
  });
  CHECK(all.render().find("actor=\"2\"") != std::string::npos);
  CHECK(all.render().find("actor=\"3\"") == std::string::npos);
}

TEST_CASE("a label value that is not UTF-8 does not spoil the page") {
  metrics all;
  all.counters("troupe_paths_total", "Paths.", {"path"}).with({"/\xFF\xC3\xA9"}).add();
  CHECK(all.render().find("{path=\"/\xEF\xBF\xBD\xC3\xA9\"} 1\n") != std::string::npos);
}

TEST_CASE("callbacks are asked at each rendering, as long as they are held") {
  metrics all;
  int depth = 1;
  auto first = all.observe("troupe_depth", "Depth.", sample_kind::gauge, {"actor"},
                           [&](sample_writer& write) { write.write(depth++, {"a"}); });
  {
    auto second =
      all.observe("troupe_depth", "Depth.", sample_kind::gauge, {"actor"}, [&](sample_writer& write) {
        write.write(10, {"a"});
        write.write(5, {"b"});
      });
    CHECK(all.render()
          == "# HELP troupe_depth Depth.\n"
             "# TYPE troupe_depth gauge\n"
             "troupe_depth{actor=\"a\"} 11\n"
             "troupe_depth{actor=\"b\"} 5\n");
  }
  CHECK(all.render()
        == "# HELP troupe_depth Depth.\n"
           "# TYPE troupe_depth gauge\n"
           "troupe_depth{actor=\"a\"} 2\n");
  metrics_callback moved = std::move(first);
  CHECK(all.render().find(" 3\n") != std::string::npos);
  moved = {};
  CHECK(all.render().empty());
  auto counted =
    all.observe("troupe_seen_total", "Seen.", sample_kind::counter, {}, [](auto& w) { w.write(7); });
  CHECK(all.render().find("# TYPE troupe_seen_total counter\ntroupe_seen_total 7\n") != std::string::npos);
}

TEST_CASE("nothing is lost when threads count at the same time and metrics are read meanwhile") {
  metrics all{{.max_series = 8}};
  const auto total = all.make_counter("troupe_total", "Total.");
  const auto level = all.make_gauge("troupe_level", "Level.");
  const auto latency = all.make_histogram("troupe_latency_seconds", "Time.", buckets);
  auto by_thread = all.counters("troupe_by_thread_total", "By thread.", {"thread"});
  constexpr int rounds = 5000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < rounds; ++i) {
        total.add();
        level.add(1);
        latency.observe(0.5 * t);
        if (i % 10 == 0) by_thread.with({std::to_string((t + i) % 20)}).add(10);
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    auto callback =
      all.observe("troupe_live", "Live.", sample_kind::gauge, {}, [](auto& write) { write.write(1); });
    CHECK_FALSE(all.render().empty());
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(total.value() == 4 * rounds);
  CHECK(level.value() == 4 * rounds);
  CHECK(latency.count() == 4 * rounds);
  CHECK(latency.sum() == rounds * (0 + 0.5 + 1 + 1.5));
  std::uint64_t sum = 0;
  for (const char* thread : {"0", "1", "2", "3", "10", "11", "12", "13", "other"}) {
    if (all.render().find("thread=\"" + std::string{thread} + "\"") != std::string::npos) {
      sum += by_thread.with({thread}).value();
    }
  }
  CHECK(sum == 4 * rounds);
}
