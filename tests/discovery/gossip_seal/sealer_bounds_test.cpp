// What never happens twice, and how far things go.
#include "sealers.hpp"

#include <set>

using namespace troupe;
using namespace troupe::gossip_test;

namespace {

// What is bound to be different under one key: the derived key's sender and run, and the nonce.
datagram nonce_of(const datagram& sealed) { return {sealed.begin() + 14, sealed.begin() + 42}; }

status problem(gossip_sealer_options options) {
  const auto made = gossip_sealer::make(std::move(options));
  REQUIRE(made.has_error());
  return made.error();
}

} // namespace

TEST_CASE("no nonce is used twice under one key, over restarts and nodes") {
  std::set<datagram> seen;
  std::size_t sealed = 0;
  const auto send = [&](const gossip_sealer_options& options) {
    auto life = make(options);
    for (int i = 0; i < 5; ++i, ++sealed)
      seen.insert(nonce_of(seal(life)));
  };
  for (const auto* name : {"one", "two", "three"}) {
    auto options = options_of(name);
    // Each start has new entropy. All at one moment, as by a clock that begins anew with each boot.
    for (int life = 0; life < 100; ++life) {
      options.entropy[0] = static_cast<std::byte>(life);
      send(options);
    }
    // And should the entropy repeat, the time does not.
    for (int life = 0; life < 100; ++life) {
      options.started += 1ns;
      send(options);
    }
    options.now += 1ns;
    send(options);
  }
  CHECK(sealed == 3 * 201 * 5);
  CHECK(seen.size() == sealed);
}

TEST_CASE("a machine that goes on twice from one snapshot repeats no nonce as long as its time differs") {
  auto one = node("one");
  auto copy = node("one");
  CHECK(nonce_of(seal(one)) == nonce_of(seal(copy))); // all the same: what nobody can tell apart
  CHECK(nonce_of(seal(one, "a", start + 10ms)) != nonce_of(seal(copy, "b", start + 11ms)));
}

TEST_CASE("a sender changes its own key, and the order of datagrams around that does not matter") {
  auto options = options_of("one");
  options.first_sequence = gossip_messages_a_key - 2;
  auto one = make(options);
  auto two = node("two");
  std::vector<datagram> sent;
  for (int i = 0; i < 6; ++i)
    sent.push_back(seal(one, std::to_string(i)));
  for (const auto which : {3u, 0u, 5u, 1u, 4u, 2u})
    CHECK(open(two, sent[which]) == std::to_string(which));
  for (const auto& each : sent)
    CHECK(open(two, each) == "!replayed");
}

TEST_CASE("limits hold to the byte and to the number") {
  auto one = node("one");
  auto two = node("two");
  const std::string largest(max_gossip_payload, 'x');
  const auto sealed = seal(one, largest);
  CHECK(sealed.size() == max_datagram_size);
  CHECK(open(two, sealed) == largest);
  CHECK(one.seal(bytes_of(largest + "x"), start).error()
        == invalid_argument(
          "a payload of 65450 bytes does not fit a datagram of the gossip, which has room for 65449"));

  auto options = options_of("three");
  options.first_sequence = gossip_last_sequence;
  auto last = make(options);
  CHECK(open(two, seal(last)) == "ping");
  CHECK(last.seal({}, start).error().code() == status_code::resource_exhausted);
  CHECK(last.seal({}, start).error().code() == status_code::resource_exhausted);
}

TEST_CASE("options out of range are refused") {
  const auto with = [](auto change) {
    auto options = options_of("one");
    change(options);
    return problem(std::move(options));
  };
  CHECK(with([](auto& o) { o.cluster.clear(); })
        == invalid_argument("a cluster's name has 1 to 255 bytes, and not 0"));
  CHECK(with([](auto& o) { o.cluster.assign(256, 'x'); }).code() == status_code::invalid_argument);
  CHECK(with([](auto& o) { o.node.clear(); })
        == invalid_argument("a node's name has 1 to 255 bytes, and not 0"));
  CHECK(with([](auto& o) { o.node.assign(256, 'x'); }).code() == status_code::invalid_argument);
  CHECK(with([](auto& o) { o.freshness = 999ms; })
        == invalid_argument("the gossip's freshness is from 1 s to 1 h, and not 999 ms"));
  CHECK(with([](auto& o) { o.freshness = 1h + 1ms; }).code() == status_code::invalid_argument);
  CHECK(with([](auto& o) { o.forget_after = 0ms; })
        == invalid_argument("a silent sender is forgotten after 1 s to 24 h, and not 0 ms"));
  CHECK(with([](auto& o) { o.forget_after = 25h; }).code() == status_code::invalid_argument);
  CHECK(with([](auto& o) { o.max_senders = 0; })
        == invalid_argument("1 to 1000000 senders can be remembered, and not 0"));
  CHECK(with([](auto& o) { o.max_senders = 1'000'001; }).code() == status_code::invalid_argument);
  CHECK(with([](auto& o) { o.first_sequence = 0; }).code() == status_code::invalid_argument);
  CHECK(with([](auto& o) { o.first_sequence = 1ULL << 48; }).code() == status_code::invalid_argument);
}
