#include "runtime/environment/real_environment.hpp"
#include "tests/runtime/environment/dns_answer.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>

using namespace troupe;

namespace {

constexpr endpoint any_port{ip_address::loopback(), 0};

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span{text}); }
std::string text(std::span<const std::byte> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

} // namespace

TEST_CASE("a datagram reaches the socket it was sent to and names its sender") {
  real_environment world;
  auto& net = world.get().network;
  std::promise<std::pair<endpoint, std::string>> got;
  auto a = net.open_datagram(any_port, [&](const endpoint& from, auto data) {
    got.set_value({from, text(data)});
  });
  auto b = net.open_datagram(any_port, [](auto&&...) {});
  REQUIRE((a && b));
  CHECK((*a)->local().port != 0);
  CHECK((*a)->local().address == ip_address::loopback());
  CHECK((*b)->send((*a)->local(), bytes("hello")).ok());
  const auto [from, data] = got.get_future().get();
  CHECK(from == (*b)->local());
  CHECK(data == "hello");
}

TEST_CASE("datagrams of any size up to the largest pass whole, an empty one too") {
  real_environment world;
  auto& net = world.get().network;
  const std::string large(max_datagram_size, 'x');
  std::promise<void> done;
  std::vector<std::size_t> sizes; // the handler is alone until `done` is set
  auto a = net.open_datagram(any_port, [&](const endpoint&, auto data) {
    sizes.push_back(data.size());
    if (sizes.size() == 2) done.set_value();
  });
  REQUIRE(a.has_value());
  CHECK((*a)->send((*a)->local(), bytes("")).ok());
  CHECK((*a)->send((*a)->local(), bytes(large)).ok());
  done.get_future().get();
  CHECK(sizes == std::vector<std::size_t>{0, max_datagram_size});
  CHECK((*a)->send((*a)->local(), bytes(large + "x"))
        == invalid_argument("a datagram of 65508 bytes is larger than 65507"));
}

TEST_CASE("a taken port and a foreign address are refused") {
  real_environment world;
  auto& net = world.get().network;
  auto a = net.open_datagram(any_port, [](auto&&...) {});
  REQUIRE(a.has_value());
  const auto taken = (*a)->local();
  CHECK(net.open_datagram(taken, [](auto&&...) {}).error()
        == already_exists("cannot open a datagram socket on {}: Address already in use", taken.to_string()));
  CHECK(net.open_datagram({ip_address::v4(203, 0, 113, 1), 0}, [](auto&&...) {}).error().code()
        == status_code::unavailable);
  CHECK(net.open_datagram(any_port, nullptr).error().code() == status_code::invalid_argument);
}

TEST_CASE("a socket goes on after datagrams to a port that nobody has") {
  real_environment world;
  auto& net = world.get().network;
  std::promise<std::string> got;
  auto a = net.open_datagram(any_port, [&](const endpoint&, auto data) { got.set_value(text(data)); });
  endpoint gone;
  {
    auto b = net.open_datagram(any_port, [](auto&&...) {});
    REQUIRE(b);
    gone = (*b)->local();
  }
  for (int i = 0; i < 5; ++i)
    CHECK((*a)->send(gone, bytes("anyone?")).ok());
  CHECK((*a)->send((*a)->local(), bytes("still here")).ok());
  CHECK(got.get_future().get() == "still here");
}

TEST_CASE("no handler runs once its socket is destroyed, and a handler may destroy its own socket") {
  real_environment world;
  auto& net = world.get().network;
  auto sender = net.open_datagram(any_port, [](auto&&...) {});
  REQUIRE(sender.has_value());
  std::atomic<int> late = 0; // Catch's own assertions are for one thread only
  for (int i = 0; i < 50; ++i) {
    std::atomic<bool> alive = true;
    auto a = net.open_datagram(any_port, [&](auto&&...) { late += !alive; });
    REQUIRE(a.has_value());
    for (int k = 0; k < 10; ++k)
      CHECK((*sender)->send((*a)->local(), bytes("x")).ok());
    a->reset();
    alive = false;
  }
  CHECK(late == 0);
  std::promise<void> gone;
  std::unique_ptr<datagram_socket> own;
  std::mutex handed_over; // `own` is set before the handler reads it
  std::unique_lock hold{handed_over};
  auto a = net.open_datagram(any_port, [&](auto&&...) {
    {
      std::lock_guard wait{handed_over};
      own.reset();
    }
    gone.set_value(); // last: the test ends then, and all that it has
  });
  REQUIRE(a.has_value());
  own = std::move(*a);
  const auto to = own->local();
  hold.unlock();
  CHECK((*sender)->send(to, bytes("x")).ok());
  gone.get_future().get();
}

TEST_CASE("an IPv6 socket reaches both kinds of addresses") {
  real_environment world;
  auto& net = world.get().network;
  auto dual = net.open_datagram({ip_address{}, 0}, [](auto&&...) {});
  if (!dual) {
    WARN("no IPv6 on this machine: " << dual.error());
    return;
  }
  std::promise<endpoint> got;
  auto v4 = net.open_datagram(any_port, [&](const endpoint& from, auto) { got.set_value(from); });
  REQUIRE(v4.has_value());
  CHECK((*dual)->send((*v4)->local(), bytes("x")).ok());
  const auto from = got.get_future().get();
  CHECK(from == endpoint{ip_address::loopback(), (*dual)->local().port});
}

TEST_CASE("host names and addresses are looked up") {
  real_environment world;
  auto& net = world.get().network;
  auto find = [&](std::string_view host) {
    std::promise<result<std::vector<ip_address>>> got;
    const status asked = net.resolve(host, [&](auto found) { got.set_value(std::move(found)); });
    return asked.ok() ? got.get_future().get() : result<std::vector<ip_address>>{asked};
  };
  CHECK(*find("10.1.2.3") == std::vector<ip_address>{ip_address::v4(10, 1, 2, 3)});
  CHECK(*find("2001:db8::1") == std::vector<ip_address>{*ip_address::parse("2001:db8::1")});
  const auto local = find("localhost");
  REQUIRE(local.has_value());
  for (const auto& address : *local)
    CHECK(address.is_loopback());
  CHECK(find("").error() == invalid_argument("'' is not a host name"));
  CHECK(find(std::string(300, 'x')).error().code() == status_code::invalid_argument);
  CHECK(net.resolve("x", nullptr).code() == status_code::invalid_argument);
}

TEST_CASE("service records are asked of the chosen name server") {
  real_environment servers_world;
  std::unique_ptr<datagram_socket> server;
  std::atomic<int> unsent = 0;
  std::mutex handed_over;
  std::unique_lock hold{handed_over};
  auto opened = servers_world.get().network.open_datagram(any_port, [&](const endpoint& from, auto query) {
    std::lock_guard wait{handed_over};
    const std::string asked = text(query);
    const auto id = static_cast<std::uint16_t>(static_cast<unsigned char>(asked[0]) << 8
                                               | static_cast<unsigned char>(asked[1]));
    const bool known = asked.find("example") != std::string::npos;
    dns_answer answer{id, known ? "_troupe._udp.example" : "_troupe._udp.nowhere", known ? 0 : 3};
    if (known) answer.add_service(1, 2, 4369, "one.example");
    unsent += !server->send(from, bytes(answer.bytes())).ok();
  });
  REQUIRE(opened.has_value());
  server = std::move(*opened);
  real_environment world{{.name_server = server->local()}};
  hold.unlock();
  auto find = [&](std::string_view name) {
    std::promise<result<std::vector<service_record>>> got;
    REQUIRE(
      world.get().network.resolve_service(name, [&](auto found) { got.set_value(std::move(found)); }).ok());
    return got.get_future().get();
  };
  CHECK(*find("_troupe._udp.example") == std::vector<service_record>{{"one.example", 4369, 1, 2}});
  CHECK(find("_troupe._udp.nowhere").error()
        == not_found("cannot look up '_troupe._udp.nowhere': no such service records"));
  CHECK(unsent == 0);
}

TEST_CASE("look-ups that wait are bounded, and are told CANCELLED when the network ends") {
  real_environment servers_world; // a name server that is reached and never answers
  std::promise<void> asked;
  bool first = true;
  auto silent = servers_world.get().network.open_datagram(any_port, [&](auto&&...) {
    if (std::exchange(first, false)) asked.set_value();
  });
  REQUIRE(silent.has_value());
  std::atomic<std::size_t> cancelled = 0;
  {
    real_environment world{{.name_server = (*silent)->local()}};
    auto& net = world.get().network;
    auto count = [&](const result<std::vector<service_record>>& found) {
      cancelled += !found && found.error() == troupe::cancelled("the network is being shut down");
    };
    for (std::size_t i = 0; i < max_pending_lookups; ++i)
      CHECK(net.resolve_service("_a._udp.example", count).ok());
    CHECK(net.resolve_service("_a._udp.example", count)
          == resource_exhausted("64 look-ups are pending already"));
    asked.get_future().get();
  }
  CHECK(cancelled == max_pending_lookups);
}
