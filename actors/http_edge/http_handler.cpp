#include "actors/http_edge/http_handler.hpp"

namespace troupe {

http_exchange::~http_exchange() = default;
http_handler::~http_handler() = default;

} // namespace troupe
