// Probes where they are unusual: in a header that two files include, in a template, in a destructor.
#pragma once

#include "runtime/probe/probe.hpp"

inline bool probed_in_a_header() { return TROUPE_BUGGIFY("test.in_a_header"); }

template <class T>
bool probed_in_a_template(T value) {
  TROUPE_SOMETIMES(value > T{}, "a template saw more than nothing");
  return TROUPE_BUGGIFY("test.in_a_template", 0.5);
}

struct probed_at_its_end {
  bool& destroyed_well;
  ~probed_at_its_end() { TROUPE_ALWAYS(destroyed_well, "what is destroyed was well"); }
};

// Of the second file.
bool probed_elsewhere();
bool probed_in_a_header_elsewhere();
