#include "actors/http_edge/deadline_heap.hpp"
#include "actors/http_edge/http_message.hpp"
#include "actors/http_edge/output_queue.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace troupe;

TEST_CASE("the output queue gives back every byte in order, however it is written") {
  std::mt19937 random{42};
  output_queue queue;
  std::string expected, got;
  char next = 'a';
  for (int round = 0; round < 2000; ++round) {
    auto size = random() % 4 == 0 ? random() % 100'000 : random() % 200;
    std::string piece(size, next);
    next = next == 'z' ? 'a' : static_cast<char>(next + 1);
    expected += piece;
    if (random() % 2 == 0)
      queue.append(std::string_view{piece});
    else
      queue.append(std::move(piece));
    for (auto writes = random() % 3; writes > 0; --writes) {
      iovec pieces[4];
      auto used = queue.gather(pieces, 4);
      std::size_t offered = 0;
      for (std::size_t at = 0; at < used; ++at)
        offered += pieces[at].iov_len;
      auto taken = offered == 0 ? 0 : random() % (offered + 1);
      auto left = taken;
      for (std::size_t at = 0; at < used && left > 0; ++at) {
        auto some = std::min<std::size_t>(left, pieces[at].iov_len);
        got.append(static_cast<const char*>(pieces[at].iov_base), some);
        left -= some;
      }
      queue.consume(taken);
      REQUIRE(queue.size() == expected.size() - got.size());
    }
  }
  while (!queue.empty()) {
    iovec piece;
    REQUIRE(queue.gather(&piece, 1) == 1);
    got.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    queue.consume(piece.iov_len);
  }
  CHECK(got == expected);
  CHECK(queue.gather(nullptr, 0) == 0);
}

TEST_CASE("the deadline heap gives its entries by time, through moves and removals") {
  std::mt19937 random{7};
  std::vector<deadline_entry> entries(200);
  deadline_heap heap;
  auto at = [](auto number) { return monotonic_time{std::chrono::nanoseconds{number}}; };
  for (auto& entry : entries)
    heap.set(entry, at(random() % 1000));
  for (int round = 0; round < 2000; ++round) {
    auto& entry = entries[random() % entries.size()];
    if (random() % 4 == 0) {
      heap.remove(entry);
      heap.remove(entry);
      entry.due = monotonic_time::max();
    } else {
      heap.set(entry, at(random() % 1000));
    }
    auto least = monotonic_time::max();
    for (auto& each : entries)
      least = std::min(least, each.due);
    REQUIRE((heap.empty() ? monotonic_time::max() : heap.first().due) == least);
  }
  auto last = at(0);
  while (!heap.empty()) {
    CHECK(heap.first().due >= last);
    last = heap.first().due;
    heap.remove(heap.first());
  }
}

TEST_CASE("RFC 9112, 3.2: targets taken apart") {
  struct sample {
    const char *target, *path, *query;
  };
  for (auto [target, path, query] : {sample{"/a/b?c=d?e", "/a/b", "c=d?e"},
                                     {"/", "/", ""},
                                     {"/?", "/", ""},
                                     {"http://host/a?b", "/a", "b"},
                                     {"http://host", "/", ""},
                                     {"http://host?b=c", "/", "b=c"},
                                     {"https://host:1/", "/", ""},
                                     {"*", "*", ""}}) {
    http_request request;
    request.set_start("GET", target, 11);
    CAPTURE(target);
    CHECK(request.path() == path);
    CHECK(request.query() == query);
  }
}

TEST_CASE("fields of a request") {
  http_request request;
  request.set_start("GET", "/", 11);
  request.add_field("Accept", "a/b");
  request.add_field("ACCEPT", "c/d");
  request.add_field("X-Long", std::string(5000, 'x'));
  request.seal();
  CHECK(*request.find("accept") == "a/b");
  CHECK(request.combined("accept") == "a/b, c/d");
  CHECK(request.find("x-long")->size() == 5000);
  CHECK_FALSE(request.find("host"));
  CHECK(request.method() == "GET");
  request.clear();
  CHECK(request.fields().empty());
}

TEST_CASE("RFC 9110, 5.5: no value of a response can begin a second field") {
  http_response response;
  response.add("x", "a\r\nSet-Cookie: b\n\0c");
  CHECK(response.field_text() == "x: aSet-Cookie: b\r\n");
  response.set_content_type("a/b\r\nX: y");
  CHECK(response.content_type() == "a/bX: y");
}

TEST_CASE("RFC 9457: problems escape their text") {
  http_response response;
  fill_problem(response, 400, "say \"a\\b\"\n");
  CHECK(response.body
        == R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"say \"a\\b\""})");
}

TEST_CASE("RFC 9110, 5.6.7: dates") {
  CHECK(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(http_date(951782400) == "Tue, 29 Feb 2000 00:00:00 GMT");
}
