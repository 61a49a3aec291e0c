// The products of a catalog with their versions. Pure: no clock, no actor.
#pragma once

#include "runtime/core/result.hpp"
#include "runtime/environment/clock.hpp"
#include "shop/catalog.pb.h"

#include <cstdint>
#include <map>
#include <string>

namespace shop {

class product_table {
public:
  // `limit`: how many products there may be. `epoch` becomes part of every version, so that versions of a
  // table that was lost with its actor are not taken for versions of this one.
  product_table(std::size_t limit, std::uint64_t epoch) : limit_(limit), epoch_(epoch) {}

  // NOT_FOUND.
  troupe::result<Product> get(const std::string& product_id) const;

  // INVALID_ARGUMENT, ALREADY_EXISTS; RESOURCE_EXHAUSTED at the limit.
  troupe::result<Product> create(Product product, troupe::wall_time now);

  // Adds the product, or replaces the one with its id; says which. Errors as those of create().
  enum class stored { created, replaced };
  troupe::result<stored> put(Product product, troupe::wall_time now);

  // INVALID_ARGUMENT (also for a mask that names what cannot be changed), NOT_FOUND; ABORTED when the request
  // names another version than there is.
  troupe::result<Product> update(const UpdateProductRequest& request, troupe::wall_time now);

  // NOT_FOUND, ABORTED. An empty etag is any version.
  troupe::status remove(const std::string& product_id, const std::string& etag);

  // A page by id. INVALID_ARGUMENT.
  troupe::result<ListProductsResponse> list(const ListProductsRequest& request) const;

  std::size_t size() const noexcept { return products_.size(); }

private:
  Product& store(Product product, troupe::wall_time now);

  std::size_t limit_;
  std::uint64_t epoch_;
  std::uint64_t revision_ = 0;
  std::map<std::string, Product> products_;
};

} // namespace shop
