// The shop as one node. `shop --help` lists its settings.
#include "actors/host/run.hpp"
#include "apps/shop/catalog.hpp"
#include "apps/shop/inventory.hpp"
#include "apps/shop/orders.hpp"
#include "apps/shop/payments.hpp"

int main(int argc, char** argv) {
  return troupe::run(argc, argv, troupe::module<shop::catalog>(), troupe::module<shop::inventory>(),
                     troupe::module<shop::payments>(), troupe::module<shop::orders>());
}
