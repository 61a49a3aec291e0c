// Two nodes of Troupe: `bench_link_troupe serve [FOLDER]` prints its port and plays the service,
// `bench_link_troupe drive PORT [FOLDER]` measures. With a FOLDER they talk by mutual TLS with the
// certificates in it: authority.pem, server.pem, server.key, driver.pem, driver.key.
#include "actors/host/node.hpp"
#include "actors/service/all.hpp"
#include "bench/link/plain_actors.hpp"
#include "letters.troupe.hpp"
#include "runtime/environment/real_environment.hpp"

#include <cstdlib>
#include <cstring>
#include <filesystem>

using namespace troupe;

namespace {

bench::Letter letter() {
  bench::Letter out;
  out.set_text(std::string(bench::payload_bytes, 'x'));
  return out;
}

bench::LetterCount letters(std::uint64_t count) {
  bench::LetterCount out;
  out.set_letters(count);
  return out;
}

class letters_handler final : public bench::LettersHandler {
public:
  explicit letters_handler(node* const* on) : on_(on) {}

private:
  task<bench::Letter> echo(const bench::Letter& request) override { co_return request; }

  task<bench::LetterCount> take(stream_reader<bench::Letter>& requests) override {
    requests.widen(bench::window);
    std::uint64_t count = 0;
    while (co_await requests.next())
      ++count;
    co_return letters(count);
  }

  task<> give(const bench::LetterCount& request, stream_writer<bench::Letter>& replies) override {
    for (auto left = request.letters(); left > 0; --left)
      co_await replies.write(letter());
  }

  task<bench::ActorHandle> receiver(const bench::ActorRequest&) override {
    auto& node = **on_;
    bench::ActorHandle out;
    out.set_handle(node.link()->export_handle(node.system().spawn(bench::receiver)));
    co_return out;
  }

  node* const* on_;
};

[[noreturn]] void give_up(const status& why) {
  std::fprintf(stderr, "%s\n", why.to_string().c_str());
  std::exit(1);
}

template <class T>
T value_of(result<T> outcome) {
  if (!outcome) give_up(outcome.error());
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

node_options options_of(const std::string& name, const std::filesystem::path& certificates) {
  gate_options link;
  if (!certificates.empty())
    link.security = stream_security{certificates / (name + ".pem"), certificates / (name + ".key"),
                                    certificates / "authority.pem"};
  node_options out;
  out.name = name;
  link.incarnation = 0;
  out.link = std::move(link);
  return out;
}

int serve(const std::filesystem::path& certificates) {
  real_environment world;
  node* self = nullptr;
  std::vector<service_module> modules;
  modules.push_back(module<letters_handler>(&self));
  auto started = value_of(
    node::start(options_of("server", certificates), world.get(), nullptr, nullptr, std::move(modules)));
  self = started.get();
  std::printf("%d\n", started->link()->local_address()->port);
  std::fflush(stdout);
  std::getchar(); // until whoever started it closes its input
  return 0;
}

// How many calls are under way at a time where many are.
constexpr int callers = 64;

double round_trip(node& on, std::uint64_t count) {
  const bench::stopwatch watch;
  value_of(on.run([count](visitor& self) -> task<> {
               for (std::uint64_t i = 0; i < count; ++i)
                 co_await self.client<bench::Letters>().echo(letter());
             })
             .get());
  return watch.microseconds_each(count);
}

task<> call_in_turn(visitor& self, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i)
    co_await self.client<bench::Letters>().echo(letter());
}

double many_calls(node& on, std::uint64_t count) {
  const auto each = std::max<std::uint64_t>(1, count / callers);
  const bench::stopwatch watch;
  value_of(on.run([each](visitor& self) -> task<> {
               std::vector<task<>> all_of_them;
               for (int i = 0; i < callers; ++i)
                 all_of_them.push_back(call_in_turn(self, each));
               co_await all(std::move(all_of_them));
             })
             .get());
  return watch.a_second(each * callers);
}

// Items from here to there.
double take(node& on, std::uint64_t count) {
  const bench::stopwatch watch;
  const auto taken = value_of(on.run([count](visitor& self) -> task<bench::LetterCount> {
                                  auto sent = self.client<bench::Letters>().take();
                                  for (std::uint64_t i = 0; i < count; ++i)
                                    co_await sent.write(letter());
                                  co_return co_await sent.finish();
                                })
                                .get());
  if (taken.letters() != count) give_up(internal("{} of {} letters came", taken.letters(), count));
  return watch.a_second(count);
}

// Items from there to here.
double give(node& on, std::uint64_t count) {
  const bench::stopwatch watch;
  const auto given = value_of(on.run([count](visitor& self) -> task<std::uint64_t> {
                                  auto received = self.client<bench::Letters>().give(letters(count));
                                  received.widen(bench::window);
                                  std::uint64_t seen = 0;
                                  while (co_await received.next())
                                    ++seen;
                                  co_return seen;
                                })
                                .get());
  if (given != count) give_up(internal("{} of {} letters came", given, count));
  return watch.a_second(count);
}

// The nodes have met when a call gets through.
void wait_for_server(node& on) {
  value_of(on.run([](visitor& self) -> task<> {
               for (int attempts = 0;; ++attempts) {
                 auto answer = co_await self.client<bench::Letters>().echo(letter()).as_result();
                 if (answer) co_return;
                 if (attempts == 1000) co_await answer.error();
                 co_await self.sleep_for(std::chrono::milliseconds{5});
               }
             })
             .get());
}

caf::actor import_receiver(node& on) {
  const auto handle =
    value_of(on.run([](visitor& self) -> task<bench::ActorHandle> {
                 co_return co_await self.client<bench::Letters>().receiver(bench::ActorRequest{});
               })
               .get());
  return value_of(on.link()->import_handle(handle.handle()));
}

int drive(const char* port, const std::filesystem::path& certificates) {
  real_environment world;
  auto options = options_of("driver", certificates);
  options.peers = {std::string{"127.0.0.1:"} + port};
  auto started = value_of(node::start(std::move(options), world.get(), nullptr, nullptr, {}));
  auto& on = *started;
  wait_for_server(on);
  caf::actor actor;
  auto remote_actor = [&]() -> const caf::actor& {
    if (!actor) actor = import_receiver(on);
    return actor;
  };
  return bench::answer_measurements({
    {"round_trip", [&](std::uint64_t count) { return round_trip(on, count); }},
    {"many_calls", [&](std::uint64_t count) { return many_calls(on, count); }},
    {"take", [&](std::uint64_t count) { return take(on, count); }},
    {"give", [&](std::uint64_t count) { return give(on, count); }},
    {"actors_one_way",
     [&](std::uint64_t count) { return bench::one_way_between_actors(on.system(), remote_actor(), count); }},
    {"actors_round_trip",
     [&](std::uint64_t count) {
       return bench::round_trip_between_actors(on.system(), remote_actor(), count);
     }},
  });
}

} // namespace

int main(int argc, char** argv) {
  if (argc >= 2 && argc <= 3 && std::strcmp(argv[1], "serve") == 0) return serve(argc == 3 ? argv[2] : "");
  if (argc >= 3 && argc <= 4 && std::strcmp(argv[1], "drive") == 0)
    return drive(argv[2], argc == 4 ? argv[3] : "");
  return 2;
}
