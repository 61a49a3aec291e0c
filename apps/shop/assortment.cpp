#include "apps/shop/assortment.hpp"

#include "apps/shop/values.hpp"

namespace shop {

namespace {

stocked_product make(const char* id, const char* name, const char* description, Category category,
                     std::int64_t cents, std::vector<std::string> tags, int available) {
  stocked_product out;
  out.product.set_product_id(id);
  out.product.set_name(name);
  out.product.set_description(description);
  out.product.set_category(category);
  *out.product.mutable_price() = euros(cents);
  for (auto& tag : tags)
    out.product.add_tags(std::move(tag));
  out.available = available;
  return out;
}

} // namespace

std::vector<stocked_product> built_in_assortment() {
  return {
    make("hamlet", "Hamlet, paperback", "A prince hesitates for five acts.", BOOKS, 999, {"play", "tragedy"},
         1'000'000),
    make("faust", "Faust, first part", "A scholar signs a contract without reading it.", BOOKS, 1299,
         {"play", "tragedy"}, 1'000'000),
    make("tartuffe", "Tartuffe, bilingual", "A guest who does not leave.", BOOKS, 1450, {"play", "comedy"},
         500'000),
    make("first-folio", "First Folio, facsimile", "Numbered copies; when they are gone, they are gone.",
         BOOKS, 24'900, {"play", "collectors"}, 25),
    make("magic-flute", "The Magic Flute, live recording", "Three discs, two temples, one bird catcher.",
         MUSIC, 2999, {"opera"}, 200'000),
    make("overture", "Overtures for people in a hurry", "Twelve beginnings.", MUSIC, 1899, {"concert"},
         200'000),
    make("troupe-game", "Troupe, the card game", "Found a company, tour the provinces, stay solvent.", GAMES,
         2450, {"cards", "family"}, 100'000),
    make("chess", "Chess set, travel size", "Magnetic, so that a restart loses nothing.", GAMES, 1990,
         {"board"}, 100'000),
    make("mask-mug", "Mug with two masks", "Laughs on one side, weeps on the other.", HOUSEHOLD, 1250,
         {"tea"}, 300'000),
    make("prompter-lamp", "Prompter's lamp", "Lights one page and nobody's face.", HOUSEHOLD, 4900, {"lamp"},
         50'000),
    make("directors-chair", "Director's chair", "Canvas and beech. The megaphone is sold separately.",
         HOUSEHOLD, 8900, {"furniture"}, 20'000),
    make("curtain", "Velvet curtain, eight metres", "Delivered by two people; invoice welcome.", HOUSEHOLD,
         129'000, {"furniture", "stage"}, 10'000),
  };
}

} // namespace shop
