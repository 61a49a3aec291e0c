// The service of library.proto as protoc-gen-troupe would describe it, for tests and fuzz targets.
#pragma once

#include "runtime/rest/rest_router.hpp"

namespace troupe::test {

const service_info& library_service();

// A router of it that lives as long as the program.
const rest_router& library_router();

} // namespace troupe::test
