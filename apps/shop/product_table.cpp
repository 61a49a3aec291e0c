#include "apps/shop/product_table.hpp"

#include "apps/shop/values.hpp"

#include <google/protobuf/util/field_mask_util.h>

namespace shop {

namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t longest_description = 4000;
constexpr int most_tags = 20;
constexpr std::size_t longest_tag = 64;

troupe::status check(const Product& product) {
  if (!is_id(product.product_id(), 64))
    return bad_field("product.product_id", "must be 1 to 64 letters, digits, '-' and '_'");
  if (product.name().empty() || product.name().size() > longest_name)
    return bad_field("product.name", fmt::format("must be 1 to {} bytes", longest_name));
  if (product.description().size() > longest_description)
    return bad_field("product.description", fmt::format("must be at most {} bytes", longest_description));
  if (!Category_IsValid(product.category()) || product.category() == CATEGORY_UNSPECIFIED)
    return bad_field("product.category", "must be one of the shop's");
  if (product.tags_size() > most_tags)
    return bad_field("product.tags", fmt::format("must be at most {}", most_tags));
  for (const auto& tag : product.tags())
    if (tag.empty() || tag.size() > longest_tag)
      return bad_field("product.tags", fmt::format("must be of 1 to {} bytes each", longest_tag));
  return check_money(product.price(), "product.price", largest_price);
}

troupe::status no_product(const std::string& product_id) {
  return troupe::not_found("there is no product {}", product_id);
}

troupe::status other_version(const Product& there, const std::string& etag) {
  return troupe::aborted("{} is at version {} and not at {}; read it again", there.product_id(), there.etag(),
                         etag);
}

} // namespace

Product& product_table::store(Product product, troupe::wall_time now) {
  *product.mutable_update_time() = timestamp_of(now);
  product.set_etag(fmt::format("{:08x}.{}", epoch_ & 0xffff'ffff, ++revision_));
  auto& there = products_[product.product_id()];
  there = std::move(product);
  return there;
}

troupe::result<Product> product_table::get(const std::string& product_id) const {
  auto found = products_.find(product_id);
  if (found == products_.end()) return no_product(product_id);
  return found->second;
}

troupe::result<Product> product_table::create(Product product, troupe::wall_time now) {
  if (auto outcome = check(product); !outcome.ok()) return outcome;
  if (products_.contains(product.product_id()))
    return troupe::already_exists("there is a product {} already", product.product_id());
  if (products_.size() >= limit_)
    return troupe::resource_exhausted("the catalog has its {} products", limit_);
  return store(std::move(product), now);
}

troupe::result<product_table::stored> product_table::put(Product product, troupe::wall_time now) {
  if (auto outcome = check(product); !outcome.ok()) return outcome;
  const bool there = products_.contains(product.product_id());
  if (!there && products_.size() >= limit_)
    return troupe::resource_exhausted("the catalog has its {} products", limit_);
  store(std::move(product), now);
  return there ? stored::replaced : stored::created;
}

troupe::result<Product> product_table::update(const UpdateProductRequest& request, troupe::wall_time now) {
  const auto& given = request.product();
  auto found = products_.find(given.product_id());
  if (found == products_.end()) return no_product(given.product_id());
  if (!given.etag().empty() && given.etag() != found->second.etag())
    return other_version(found->second, given.etag());
  auto changed = found->second;
  if (request.has_update_mask()) {
    for (const auto& path : request.update_mask().paths())
      if (path != "name" && path != "description" && path != "category" && path != "price" && path != "tags")
        return bad_field(
          "update_mask",
          fmt::format("names {}; name, description, category, price and tags can be changed", path));
    google::protobuf::util::FieldMaskUtil::MergeOptions whole;
    whole.set_replace_message_fields(true);
    whole.set_replace_repeated_fields(true);
    google::protobuf::util::FieldMaskUtil::MergeMessageTo(given, request.update_mask(), whole, &changed);
  } else {
    if (given.tags_size() > 0) changed.clear_tags();
    changed.MergeFrom(given);
  }
  if (auto outcome = check(changed); !outcome.ok()) return outcome;
  return store(std::move(changed), now);
}

troupe::status product_table::remove(const std::string& product_id, const std::string& etag) {
  auto found = products_.find(product_id);
  if (found == products_.end()) return no_product(product_id);
  if (!etag.empty() && etag != found->second.etag()) return other_version(found->second, etag);
  products_.erase(found);
  return {};
}

troupe::result<ListProductsResponse> product_table::list(const ListProductsRequest& request) const {
  auto size = page_size_of(request.page_size());
  if (!size) return size.error();
  if (!request.page_token().empty() && !is_id(request.page_token(), 64))
    return bad_field("page_token", "must be the next_page_token of the page before");
  ListProductsResponse out;
  for (auto at = products_.upper_bound(request.page_token()); at != products_.end(); ++at) {
    if (request.category() != CATEGORY_UNSPECIFIED && at->second.category() != request.category()) continue;
    if (out.products_size() == *size) {
      out.set_next_page_token(out.products(*size - 1).product_id());
      break;
    }
    *out.add_products() = at->second;
  }
  return out;
}

} // namespace shop
