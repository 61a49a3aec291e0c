#include "discovery/registry/registry_entry.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

service_entry entry(std::string service) {
  service_entry out;
  out.service = std::move(service);
  return out;
}

registry_delta delta(std::uint64_t since, std::uint64_t until, std::vector<numbered_entry> entries = {}) {
  return {"ada", 1, since, until, std::move(entries)};
}

void refuses(const registry_delta& what, const std::string& why) {
  const auto outcome = check(what, {});
  CHECK(outcome.code() == status_code::invalid_argument);
  CHECK(outcome.message().find(why) != std::string::npos);
  INFO(outcome.message());
}

} // namespace

TEST_CASE("an entry needs a name and has a limit of size") {
  CHECK(check(entry("shop.Orders"), {}).ok());
  CHECK_FALSE(check(entry(""), {}).ok());
  CHECK(check(entry(std::string(255, 'x')), {}).ok());
  CHECK_FALSE(check(entry(std::string(256, 'x')), {}).ok());

  auto large = entry("shop.Orders");
  large.metadata["zone"] = std::string(1024, 'x');
  const auto outcome = check(large, {});
  CHECK(outcome.code() == status_code::invalid_argument);
  CHECK(outcome.message().find("shop.Orders") != std::string::npos);
  CHECK(outcome.message().find("metadata") != std::string::npos);
  large.metadata["zone"] = std::string(800, 'x');
  CHECK(check(large, {}).ok());
}

TEST_CASE("a delta's changes are within its interval, in order, each service once") {
  CHECK(check(delta(0, 1), {}).ok());
  CHECK(check(delta(3, 6, {{entry("a"), 4, false}, {entry("b"), 6, true}}), {}).ok());
  refuses(delta(1, 1), "from change 1 to 1");
  refuses(delta(2, 1), "from change 2 to 1");
  refuses(delta(3, 6, {{entry("a"), 3, false}}), "change 3");
  refuses(delta(3, 6, {{entry("a"), 7, false}}), "change 7");
  refuses(delta(3, 6, {{entry("a"), 5, false}, {entry("b"), 4, false}}), "change 4");
  refuses(delta(3, 6, {{entry("a"), 5, false}, {entry("b"), 5, false}}), "change 5");
  refuses(delta(3, 6, {{entry("a"), 4, false}, {entry("a"), 5, false}}), "a twice");
  refuses(delta(3, 6, {{entry(""), 4, false}}), "without the name");
}

TEST_CASE("a delta names its node and has a limit of services") {
  auto nameless = delta(0, 1);
  nameless.node.clear();
  refuses(nameless, "without the name of its node");
  auto endless = delta(0, 1);
  endless.node = std::string(256, 'x');
  refuses(endless, "256 bytes");
  auto many = delta(0, 2000);
  for (std::uint64_t i = 1; i <= 1025; ++i)
    many.entries.push_back({entry("s" + std::to_string(i)), i, false});
  refuses(many, "1025 services");
  many.entries.pop_back();
  CHECK(check(many, {}).ok());
}
