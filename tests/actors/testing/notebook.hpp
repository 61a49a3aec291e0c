// The service of the examples in docs/testing.md, and one that is subtly broken.
#pragma once

#include "notes.troupe.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <troupe/testing.hpp>
#include <troupe/troupe.hpp>

namespace notes_test {

using namespace std::chrono_literals;

inline notes::Note note(std::string name, std::string text) {
  notes::Note out;
  out.set_name(std::move(name));
  out.set_text(std::move(text));
  return out;
}

inline notes::Name name(std::string of) {
  notes::Name out;
  out.set_name(std::move(of));
  return out;
}

class notebook : public notes::NotebookHandler {
public:
  troupe::task<notes::Note> write(const notes::Note& note) override {
    notes_[note.name()] = note.text();
    co_return note;
  }
  troupe::task<notes::Note> read(const notes::Name& name) override {
    const auto found = notes_.find(name.name());
    if (found == notes_.end()) co_return troupe::not_found("there is no note {}", name.name());
    co_return note(found->first, found->second);
  }

protected:
  std::map<std::string, std::string> notes_;
};

// Now and then it answers a little before it has written.
class hasty_notebook final : public notebook {
  troupe::task<notes::Note> write(const notes::Note& what) override {
    if (random() % 8 != 0) co_return co_await notebook::write(what);
    run_in_background(write_later(what));
    co_return what;
  }
  troupe::task<> write_later(notes::Note what) {
    co_await sleep_for(2ms);
    notes_[what.name()] = what.text();
  }
};

} // namespace notes_test
