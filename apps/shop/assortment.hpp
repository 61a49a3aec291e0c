// What a newly started shop has: products, and how many of each. The data of a demonstration, not of a test.
#pragma once

#include "shop/catalog.pb.h"

#include <string>
#include <vector>

namespace shop {

struct stocked_product {
  Product product;
  int available = 0;
};

std::vector<stocked_product> built_in_assortment();

} // namespace shop
