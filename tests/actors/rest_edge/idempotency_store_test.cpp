#include "actors/rest_edge/idempotency_store.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace std::chrono_literals;
using verdict = idempotency_store::verdict;

namespace {

constexpr monotonic_time start{1h};

recorded_answer answer_of(std::size_t size) {
  recorded_answer out;
  out.body.assign(size, 'x');
  return out;
}

} // namespace

TEST_CASE("a key's life: executed once, then replayed") {
  idempotency_store store;
  CHECK(store.begin("k", "f", start).what == verdict::execute);
  CHECK(store.begin("k", "f", start).what == verdict::in_progress);
  CHECK(store.begin("k", "g", start).what == verdict::mismatch);
  store.complete("k", {.status = 201, .body = "done"}, start);
  auto again = store.begin("k", "f", start);
  CHECK(again.what == verdict::replay);
  CHECK(again.answer->status == 201);
  CHECK(again.answer->body == "done");
  CHECK(store.begin("k", "g", start).what == verdict::mismatch);
  CHECK(store.begin("other", "f", start).what == verdict::execute);
}

TEST_CASE("a request that was not executed frees its key") {
  idempotency_store store;
  store.begin("k", "f", start);
  store.forget("k");
  CHECK(store.entries() == 0);
  CHECK(store.begin("k", "g", start).what == verdict::execute);
  store.complete("k", {}, start);
  store.forget("k"); // too late: it was answered
  CHECK(store.begin("k", "g", start).what == verdict::replay);
  store.complete("unknown", {}, start);
  store.forget("unknown");
  CHECK(store.entries() == 1);
}

TEST_CASE("answers are kept for a time") {
  idempotency_store store{{.keep = 10s}};
  store.begin("a", "f", start);
  store.complete("a", answer_of(10), start);
  store.begin("b", "f", start + 5s);
  store.complete("b", answer_of(10), start + 5s);
  store.begin("slow", "f", start);
  CHECK(store.begin("a", "f", start + 10s - 1ns).what == verdict::replay);
  CHECK(store.begin("a", "f", start + 10s).what == verdict::execute);
  CHECK(store.begin("b", "f", start + 10s).what == verdict::replay);
  // What is in progress does not expire: it could be executed twice.
  CHECK(store.begin("slow", "f", start + 1h).what == verdict::in_progress);
}

TEST_CASE("places and bytes are bounded") {
  SECTION("the oldest answer makes room") {
    idempotency_store store{{.entries = 2}};
    store.begin("a", "f", start);
    store.complete("a", {}, start);
    store.begin("b", "f", start);
    store.complete("b", {}, start);
    CHECK(store.begin("c", "f", start).what == verdict::execute);
    CHECK(store.entries() == 2);
    CHECK(store.begin("b", "f", start).what == verdict::replay);
  }
  SECTION("requests in progress keep their places") {
    idempotency_store store{{.entries = 2}};
    store.begin("a", "f", start);
    store.begin("b", "f", start);
    CHECK(store.begin("c", "f", start).what == verdict::full);
    CHECK(store.begin("a", "f", start).what == verdict::in_progress);
  }
  SECTION("bytes") {
    const auto each = answer_of(1000).size();
    idempotency_store store{{.bytes = 3 * each}};
    for (const char* key : {"a", "b", "c", "d"}) {
      store.begin(key, "f", start);
      store.complete(key, answer_of(1000), start);
      CHECK(store.bytes() <= 3 * each);
    }
    CHECK(store.begin("d", "f", start).what == verdict::replay);
    CHECK(store.begin("b", "f", start).what == verdict::replay);
    CHECK(store.begin("a", "f", start).what == verdict::execute);
  }
  SECTION("an answer that is too large is not kept") {
    idempotency_store store{{.answer_bytes = 1000}};
    store.begin("a", "f", start);
    store.complete("a", answer_of(1000), start);
    CHECK(store.entries() == 0);
    CHECK(store.bytes() == 0);
    CHECK(store.begin("a", "f", start).what == verdict::execute);
  }
}
