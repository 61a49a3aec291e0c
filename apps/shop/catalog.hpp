// The service shop.Catalog: the assortment, in memory.
#pragma once

#include "apps/shop/product_table.hpp"
#include "shop/catalog.troupe.hpp"

#include <optional>

namespace shop {

struct catalog_limits {
  std::size_t products = 10'000;
};

// Starts with the built-in assortment, also after a crash.
class catalog final : public CatalogHandler {
public:
  explicit catalog(catalog_limits limits = {}) : limits_(limits) {}

  troupe::task<> on_start() override;
  troupe::task<Product> get(const GetProductRequest& request) override;
  troupe::task<BatchGetProductsResponse> batch_get(const BatchGetProductsRequest& request) override;
  troupe::task<ListProductsResponse> list(const ListProductsRequest& request) override;
  troupe::task<Product> create(const CreateProductRequest& request) override;
  troupe::task<Product> update(const UpdateProductRequest& request) override;
  troupe::task<google::protobuf::Empty> delete_(const DeleteProductRequest& request) override;
  troupe::task<ImportProductsResponse> import(troupe::stream_reader<Product>& requests) override;

private:
  catalog_limits limits_;
  std::optional<product_table> products_;
};

} // namespace shop
