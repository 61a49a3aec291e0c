#include "runtime/environment/dns_message.hpp"
#include "runtime/environment/real_parts.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <thread>
#include <variant>

namespace troupe {
namespace {

result<std::vector<ip_address>> find_addresses(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM; // one line an address, instead of one for each kind of socket
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    const char* text = ::gai_strerror(error);
    if (error == EAI_AGAIN || error == EAI_SYSTEM) return unavailable("cannot look up '{}': {}", host, text);
    if (error == EAI_MEMORY) return resource_exhausted("cannot look up '{}': {}", host, text);
    return not_found("cannot look up '{}': {}", host, text);
  }
  std::vector<ip_address> out;
  for (const addrinfo* entry = list; entry != nullptr && out.size() < max_lookup_results;
       entry = entry->ai_next) {
    std::optional<ip_address> address;
    if (entry->ai_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(entry->ai_addr);
      const std::uint32_t bits = ntohl(v4->sin_addr.s_addr);
      address = ip_address::v4(static_cast<std::uint8_t>(bits >> 24), static_cast<std::uint8_t>(bits >> 16),
                               static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits));
    } else if (entry->ai_family == AF_INET6) {
      ip_address::bytes_type bytes;
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(entry->ai_addr);
      std::copy_n(v6->sin6_addr.s6_addr, bytes.size(), bytes.begin());
      address = ip_address{bytes};
    }
    if (address && std::find(out.begin(), out.end(), *address) == out.end()) out.push_back(*address);
  }
  ::freeaddrinfo(list);
  if (out.empty()) return not_found("cannot look up '{}': it has no IPv4 or IPv6 address", host);
  return out;
}

result<std::vector<service_record>> find_services(const std::string& name,
                                                  const std::optional<endpoint>& server) {
  struct __res_state state {};
  if (::res_ninit(&state) != 0) return unavailable("cannot look up '{}': no resolver configuration", name);
  const std::unique_ptr<struct __res_state, void (*)(struct __res_state*)> closer{
    &state, [](struct __res_state* used) { ::res_nclose(used); }};
  if (server) {
    // The resolver library takes IPv4 servers in this list only.
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(server->port);
    std::copy_n(server->address.bytes().data() + 12, 4, reinterpret_cast<std::uint8_t*>(&where.sin_addr));
    state.nscount = 1;
    state.nsaddr_list[0] = where;
  }
  std::vector<std::byte> answer(65536);
  const int size = ::res_nquery(&state, name.c_str(), ns_c_in, ns_t_srv,
                                reinterpret_cast<u_char*>(answer.data()), static_cast<int>(answer.size()));
  if (size < 0) {
    if (state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA) {
      return not_found("cannot look up '{}': no such service records", name);
    }
    return unavailable("cannot look up '{}': {}", name, ::hstrerror(state.res_h_errno));
  }
  auto records = parse_service_answer(std::span{answer}.first(static_cast<std::size_t>(size)));
  if (records) return records;
  return status{records.error().code(),
                fmt::format("cannot look up '{}': {}", name, records.error().message())};
}

struct lookup {
  std::string name;
  std::variant<addresses_handler, service_records_handler> then;
};

void tell(lookup& what, const status& why) {
  std::visit([&](auto& then) { then(why); }, what.then);
}

} // namespace

// Owned by the resolver and by its thread, which may outlive it inside a call of the system that does not
// return.
struct real_resolver::shared : std::enable_shared_from_this<shared> {
  explicit shared(std::optional<endpoint> server) : name_server(server) {}

  const std::optional<endpoint> name_server;
  std::mutex mutex; // guards what follows
  std::condition_variable changed;
  std::deque<lookup> waiting;
  std::optional<lookup> current; // empty also when its handler was told CANCELLED
  bool blocked = false;          // the thread is inside a call of the system
  bool stopping = false;
  std::thread thread;

  status add(lookup what) {
    std::lock_guard hold{mutex};
    if (waiting.size() + (current ? 1 : 0) >= max_pending_lookups) {
      return resource_exhausted("{} look-ups are pending already", max_pending_lookups);
    }
    waiting.push_back(std::move(what));
    if (!thread.joinable()) thread = std::thread{[self = shared_from_this()] { self->work(); }};
    changed.notify_all();
    return {};
  }

  void work() {
    std::unique_lock hold{mutex};
    while (true) {
      changed.wait(hold, [&] { return stopping || !waiting.empty(); });
      if (stopping) return;
      current = std::move(waiting.front());
      waiting.pop_front();
      const std::string name = current->name;
      const bool addresses = std::holds_alternative<addresses_handler>(current->then);
      blocked = true;
      hold.unlock();
      result<std::vector<ip_address>> found_addresses{std::vector<ip_address>{}};
      result<std::vector<service_record>> found_services{std::vector<service_record>{}};
      if (addresses) {
        found_addresses = find_addresses(name);
      } else {
        found_services = find_services(name, name_server);
      }
      hold.lock();
      blocked = false;
      if (!current) return; // cancelled, and nobody waits for this thread any more
      lookup done = std::move(*current);
      current.reset();
      hold.unlock();
      if (addresses) {
        std::get<addresses_handler>(done.then)(std::move(found_addresses));
      } else {
        std::get<service_records_handler>(done.then)(std::move(found_services));
      }
      hold.lock();
    }
  }
};

real_resolver::real_resolver(std::optional<endpoint> name_server)
  : shared_(std::make_shared<shared>(name_server)) {}

real_resolver::~real_resolver() {
  std::deque<lookup> cancelled_lookups;
  bool blocked = false;
  {
    std::lock_guard hold{shared_->mutex};
    shared_->stopping = true;
    cancelled_lookups = std::move(shared_->waiting);
    if (shared_->current) cancelled_lookups.push_front(std::move(*shared_->current));
    shared_->current.reset();
    blocked = shared_->blocked;
    shared_->changed.notify_all();
  }
  if (shared_->thread.joinable()) {
    // A name server that does not answer holds the thread for many seconds; the shutdown does not wait for
    // that.
    if (blocked) {
      shared_->thread.detach();
    } else {
      shared_->thread.join();
    }
  }
  for (lookup& each : cancelled_lookups)
    tell(each, cancelled("the network is being shut down"));
}

status real_resolver::resolve(std::string_view host, addresses_handler then) {
  if (!then) return invalid_argument("a look-up needs a handler");
  if (host.empty() || host.size() > 255)
    return invalid_argument("'{}' is not a host name", host.substr(0, 255));
  return shared_->add({std::string{host}, std::move(then)});
}

status real_resolver::resolve_service(std::string_view name, service_records_handler then) {
  if (!then) return invalid_argument("a look-up needs a handler");
  if (name.empty() || name.size() > 255)
    return invalid_argument("'{}' is not a service name", name.substr(0, 255));
  return shared_->add({std::string{name}, std::move(then)});
}

} // namespace troupe
