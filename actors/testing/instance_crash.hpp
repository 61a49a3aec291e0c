// Crashing an instance of a service on purpose. Internal to testing.
#pragma once

#include "actors/host/node.hpp"

namespace troupe::detail {

// Ends an instance as an exception in it would, and waits until its supervisor has replaced it. NOT_FOUND:
// the node runs no such instance.
task<> crash_and_wait(node& of, visitor& self, const service_info& service, unsigned instance);

} // namespace troupe::detail
