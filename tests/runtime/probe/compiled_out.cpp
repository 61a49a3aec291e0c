// Compiled three times, and looked at by compiled_out_test.py: with probes, with TROUPE_PROBES=0, and with no
// trace of the macros.
#ifdef WITHOUT_MACROS
#define TROUPE_BUGGIFY(...) false
#define TROUPE_PLANTED_BUG(name) false
#define TROUPE_ALWAYS(condition, text)
#define TROUPE_SOMETIMES(condition, text)
#define TROUPE_UNREACHABLE(text)
#else
#include "runtime/probe/probe.hpp"
#endif

int side_effect();

int compiled(int value) {
  TROUPE_ALWAYS(side_effect() > value, "needle of always");
  TROUPE_SOMETIMES(value > 3, "needle of sometimes");
  if (TROUPE_BUGGIFY("needle.of_buggify")) value += side_effect();
  if (TROUPE_BUGGIFY("needle.of_buggify_often", 0.9)) value += side_effect();
  if (TROUPE_PLANTED_BUG("needle_of_planted_bug")) return side_effect();
  if (value == 77) TROUPE_UNREACHABLE("needle of unreachable");
  return value * 2;
}
