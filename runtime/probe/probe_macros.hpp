// What the macros of probe.hpp turn into. Include that instead.
#pragma once

#include "runtime/probe/probe.hpp"

namespace troupe::probe_detail {

// Null outside a simulation. Constant-initialized and visible here, so that reading it is one load.
inline constinit thread_local probe_listener* listener = nullptr;

inline bool listened_to() noexcept { return __builtin_expect(listener != nullptr, 0); }

// __FILE__ is what the compiler was called with: absolute, or relative to the build. Its last three parts
// (floor, component, file) are the same everywhere.
consteval std::string_view short_path(std::string_view path) {
  int slashes = 0;
  for (std::size_t i = path.size(); i-- > 0;) {
    if (path[i] == '/' && ++slashes == 3) return path.substr(i + 1);
  }
  return path;
}

consteval probe_site describe(probe_kind kind, std::string_view text, std::string_view file,
                              std::uint32_t line, double probability = -1) {
  if (text.empty()) throw "a probe needs a name or a text";
  if (!(probability <= 1) || (probability < 0 && probability != -1)) throw "a probability is from 0 to 1";
  return {kind, text, short_path(file), line, probability};
}

// Puts a site into the list of registered_probe_sites() before main() starts.
class registration {
public:
  explicit registration(const probe_site& site) noexcept;

  const probe_site& site;
  const registration* next = nullptr;
};

// `Here` is a type that the macro makes for its place alone.
template <class Here>
inline constexpr probe_site site_of = Here::describe();
template <class Here>
inline registration registration_of{site_of<Here>};

template <class Here>
const probe_site& site() noexcept {
  static_cast<void>(&registration_of<Here>); // its use makes the compiler define it
  return site_of<Here>;
}

} // namespace troupe::probe_detail

#if TROUPE_PROBES

// A lambda, because only a function may define a type within an expression.
#define TROUPE_PROBE_SITE(kind_, text_, ...)                                                                 \
  ([]() noexcept -> const ::troupe::probe_site& {                                                            \
    struct here {                                                                                            \
      static consteval ::troupe::probe_site describe() {                                                     \
        return ::troupe::probe_detail::describe(::troupe::probe_kind::kind_, "" text_ "", __FILE__,          \
                                                __LINE__ __VA_OPT__(, ) __VA_ARGS__);                        \
      }                                                                                                      \
    };                                                                                                       \
    return ::troupe::probe_detail::site<here>();                                                             \
  }())

// True when the simulation wants the rare path taken. An optional second argument is the probability, a
// constant from 0 to 1, with which it fires in a run in which it is enabled.
#define TROUPE_BUGGIFY(name, ...)                                                                            \
  (::troupe::probe_detail::listened_to()                                                                     \
   && ::troupe::probe_detail::listener->buggify(                                                             \
     TROUPE_PROBE_SITE(buggify, name __VA_OPT__(, ) __VA_ARGS__)))

// True when a test has switched this defect on.
#define TROUPE_PLANTED_BUG(name)                                                                             \
  (::troupe::probe_detail::listened_to()                                                                     \
   && ::troupe::probe_detail::listener->planted(TROUPE_PROBE_SITE(planted_bug, name)))

// A violation is told to the listener, which ends the run or goes on; execution continues here.
#define TROUPE_ALWAYS(condition, text)                                                                       \
  (::troupe::probe_detail::listened_to() ? ::troupe::probe_detail::listener->always(                         \
     TROUPE_PROBE_SITE(always, text), static_cast<bool>(condition))                                          \
                                         : static_cast<void>(0))

#define TROUPE_SOMETIMES(condition, text)                                                                    \
  (::troupe::probe_detail::listened_to() ? ::troupe::probe_detail::listener->sometimes(                      \
     TROUPE_PROBE_SITE(sometimes, text), static_cast<bool>(condition))                                       \
                                         : static_cast<void>(0))

#define TROUPE_UNREACHABLE(text)                                                                             \
  (::troupe::probe_detail::listened_to()                                                                     \
     ? ::troupe::probe_detail::listener->always(TROUPE_PROBE_SITE(unreachable, text), false)                 \
     : static_cast<void>(0))

#else

// The arguments are still compiled, so that they do not rot, and never evaluated.
#define TROUPE_BUGGIFY(name, ...) (sizeof("" name "") == 0)
#define TROUPE_PLANTED_BUG(name) (sizeof("" name "") == 0)
#define TROUPE_ALWAYS(condition, text)                                                                       \
  (static_cast<void>(sizeof(static_cast<bool>(condition))), static_cast<void>(sizeof("" text "")))
#define TROUPE_SOMETIMES(condition, text) TROUPE_ALWAYS(condition, text)
#define TROUPE_UNREACHABLE(text) static_cast<void>(sizeof("" text ""))

#endif
