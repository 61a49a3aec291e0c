#include "tests/apps/shop/shop_node.hpp"

using namespace shop_test;

TEST_CASE("products are imported as a stream; the bad ones are told and keep none out") {
  shop_node shop;
  auto imported = shop.run([](visitor& self) -> task<ImportProductsResponse> {
    auto rows = self.client<Catalog>().import();
    for (int number = 0; number < 50; ++number) {
      Product product;
      product.set_product_id(number == 7 ? "hamlet" : fmt::format("new-{}", number));
      if (number != 9) product.set_name("imported");
      product.set_category(MUSIC);
      product.mutable_price()->set_currency_code("EUR");
      product.mutable_price()->set_minor_units(100);
      co_await rows.write(product);
    }
    co_return co_await rows.finish();
  });
  REQUIRE(imported);
  CHECK(imported->created() == 48);
  CHECK(imported->replaced() == 1);
  REQUIRE(imported->problems_size() == 1);
  CHECK(imported->problems(0).index() == 9);
  CHECK(imported->problems(0).product_id() == "new-9");
  GetProductRequest get;
  get.set_product_id("hamlet");
  CHECK(shop.call<Catalog>(&CatalogClient::get, get)->name() == "imported");
}

TEST_CASE("a batch of products comes in the order asked for, or names the one that is missing") {
  shop_node shop;
  BatchGetProductsRequest request;
  request.add_product_ids("faust");
  request.add_product_ids("hamlet");
  auto found = shop.call<Catalog>(&CatalogClient::batch_get, request);
  REQUIRE(found);
  REQUIRE(found->products_size() == 2);
  CHECK(found->products(1).product_id() == "hamlet");
  request.add_product_ids("lear");
  auto missing = shop.call<Catalog>(&CatalogClient::batch_get, request);
  CHECK(missing.error().message() == "there is no product lear");
  request.clear_product_ids();
  CHECK(shop.call<Catalog>(&CatalogClient::batch_get, request).error().code()
        == status_code::invalid_argument);
}

TEST_CASE("each stock adjustment is answered at once, also a refused one") {
  shop_node shop;
  auto answers = shop.run([](visitor& self) -> task<std::vector<StockAdjustmentResult>> {
    auto list = self.client<Inventory>().adjust();
    std::vector<StockAdjustmentResult> out;
    for (int delta : {-5, -1'000, 3}) {
      StockAdjustment change;
      change.set_product_id("first-folio");
      change.set_delta(delta);
      co_await list.write(change);
      const auto* answered = co_await list.next();
      if (answered) out.push_back(*answered);
    }
    list.close_writing();
    while (const auto* more = co_await list.next())
      out.push_back(*more);
    co_return out;
  });
  REQUIRE(answers);
  REQUIRE(answers->size() == 3);
  CHECK((*answers)[0].level().available() == 20);
  CHECK((*answers)[1].refusal() == "there are only 20 of first-folio");
  CHECK((*answers)[1].level().available() == 20);
  CHECK((*answers)[2].level().available() == 23);
}

TEST_CASE("who watches the stock sees it now and whenever it changes") {
  shop_node shop;
  auto seen = shop.run([](visitor& self) -> task<std::vector<int>> {
    WatchStockRequest request;
    request.add_product_ids("chess");
    auto levels = self.client<Inventory>().watch_stock(request);
    std::vector<int> out;
    const auto* now = co_await levels.next();
    out.push_back(now->available());
    for (auto id : {"o1", "o2"}) {
      auto placed = order(id, {{"chess", 2}, {"hamlet", 1}});
      co_await self.client<Orders>().place(placed);
      while (out.back() - 2 < (now = co_await levels.next())->available()) {
      }
      out.push_back(now->available());
    }
    co_return out;
  });
  REQUIRE(seen);
  CHECK(*seen == std::vector{100'000, 99'998, 99'996});
  auto unknown = shop.run([](visitor& self) -> task<bool> {
    WatchStockRequest request;
    request.add_product_ids("lear");
    auto levels = self.client<Inventory>().watch_stock(request);
    co_await levels.next();
    co_return true;
  });
  CHECK(unknown.error().code() == status_code::not_found);
}

TEST_CASE("a watch of all products starts with each of them") {
  shop_node shop;
  auto seen = shop.run([](visitor& self) -> task<std::set<std::string>> {
    auto levels = self.client<Inventory>().watch_stock(WatchStockRequest{});
    std::set<std::string> out;
    while (out.size() < 12) {
      const auto* level = co_await levels.next();
      out.insert(level->product_id());
    }
    co_return out;
  });
  REQUIRE(seen);
  CHECK(seen->contains("curtain"));
}
