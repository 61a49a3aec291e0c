#include "apps/shop/catalog.hpp"

#include "apps/shop/assortment.hpp"
#include "apps/shop/values.hpp"

namespace shop {

namespace {

constexpr int most_products_at_once = 100;
constexpr int most_problems = 100;

} // namespace

troupe::task<> catalog::on_start() {
  products_.emplace(limits_.products, random());
  for (auto& each : built_in_assortment())
    co_await products_->create(std::move(each.product), wall_now());
  log().info("the assortment is ready", {{"products", products_->size()}});
}

troupe::task<Product> catalog::get(const GetProductRequest& request) {
  co_return products_->get(request.product_id());
}

troupe::task<BatchGetProductsResponse> catalog::batch_get(const BatchGetProductsRequest& request) {
  if (request.product_ids().empty() || request.product_ids_size() > most_products_at_once)
    co_return bad_field("product_ids", fmt::format("must be 1 to {}", most_products_at_once));
  BatchGetProductsResponse out;
  for (const auto& id : request.product_ids())
    *out.add_products() = co_await products_->get(id);
  co_return out;
}

troupe::task<ListProductsResponse> catalog::list(const ListProductsRequest& request) {
  co_return products_->list(request);
}

troupe::task<Product> catalog::create(const CreateProductRequest& request) {
  co_return products_->create(request.product(), wall_now());
}

troupe::task<Product> catalog::update(const UpdateProductRequest& request) {
  co_return products_->update(request, wall_now());
}

troupe::task<google::protobuf::Empty> catalog::delete_(const DeleteProductRequest& request) {
  co_await products_->remove(request.product_id(), request.etag());
  co_return google::protobuf::Empty{};
}

troupe::task<ImportProductsResponse> catalog::import(troupe::stream_reader<Product>& requests) {
  ImportProductsResponse out;
  for (int index = 0; const Product* product = co_await requests.next(); ++index) {
    auto stored = products_->put(*product, wall_now());
    if (stored && *stored == product_table::stored::created) {
      out.set_created(out.created() + 1);
    } else if (stored) {
      out.set_replaced(out.replaced() + 1);
    } else if (out.problems_size() < most_problems) {
      auto& problem = *out.add_problems();
      problem.set_index(index);
      problem.set_product_id(product->product_id());
      problem.set_reason(stored.error().message());
    }
  }
  co_return out;
}

} // namespace shop
