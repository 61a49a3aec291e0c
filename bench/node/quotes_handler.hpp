// The same, as a service of Troupe.
#pragma once

#include "bench/node/quotes.hpp"
#include "quotes.troupe.hpp"

namespace bench {

class quotes final : public QuotesHandler {
  troupe::task<Quote> get(const GetQuote& request) override { co_return quote_of(request.id()); }
};

} // namespace bench
