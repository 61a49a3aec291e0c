// The node that the REST and gRPC rows measure.
#include "actors/host/run.hpp"
#include "bench/node/quotes_handler.hpp"

int main(int argc, char** argv) { return troupe::run(argc, argv, troupe::module<bench::quotes>()); }
