#include "runtime/environment/real_environment.hpp"

#include "runtime/environment/real_parts.hpp"

#include <sys/random.h>
#include <unistd.h>

namespace troupe {
namespace {

class real_clock final : public clock {
public:
  monotonic_time now() const noexcept override { return std::chrono::steady_clock::now(); }
  wall_time wall_now() const noexcept override { return std::chrono::system_clock::now(); }
};

std::uint64_t seed_from_system() {
  std::uint64_t seed = 0;
  // Reads of up to 256 bytes are neither cut short nor interrupted (getrandom(2)); it can fail only on a
  // kernel older than 3.17, where clocks and the process number have to do.
  if (::getrandom(&seed, sizeof seed, 0) == static_cast<ssize_t>(sizeof seed)) return seed;
  return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count())
         ^ (static_cast<std::uint64_t>(::getpid()) << 32);
}

} // namespace

struct real_environment::parts {
  explicit parts(const real_environment_options& options)
    : random(options.seed ? *options.seed : seed_from_system()), storage(make_real_disk()),
      net(make_real_network(options.name_server)) {}

  real_clock time;
  random_source random;
  std::unique_ptr<disk> storage;
  std::unique_ptr<network> net;
};

real_environment::real_environment(const real_environment_options& options)
  : parts_(std::make_unique<parts>(options)) {}

real_environment::~real_environment() = default;

environment real_environment::get() noexcept {
  return {parts_->time, parts_->random, *parts_->storage, *parts_->net};
}

std::map<std::string, std::string> process_variables() {
  std::map<std::string, std::string> out;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

} // namespace troupe
