#include "tests/runtime/probe/probed.hpp"

bool probed_elsewhere() { return TROUPE_PLANTED_BUG("planted_elsewhere"); }
bool probed_in_a_header_elsewhere() { return probed_in_a_template(1) || probed_in_a_header(); }
