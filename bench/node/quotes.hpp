// What every server of the node benchmark answers.
#pragma once

#include "quotes.pb.h"

#include <string>

namespace bench {

inline Quote quote_of(const std::string& id) {
  Quote out;
  out.set_id(id);
  out.set_author("Grace Hopper");
  out.set_text("The most dangerous phrase in the language is: we have always done it this way. A ship in port is safe, "
               "but that is not what ships are built for. Sail out to sea and do new things.");
  out.set_likes(1906);
  out.add_tags("computing");
  out.add_tags("courage");
  return out;
}

} // namespace bench
