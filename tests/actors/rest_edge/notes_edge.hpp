// The REST edge over a callee that the tests play themselves.
#pragma once

#include "actors/rest_edge/rest_edge.hpp"
#include "notes.troupe.hpp"
#include "tests/actors/http_edge/raw_client.hpp"
#include "tests/actors/http_edge/test_server.hpp"

#include <map>
#include <mutex>

namespace troupe::test {

// Hands every frame to a function of the test, or keeps it for the test's thread.
class fake_callee final : public call_end {
public:
  using function = std::function<void(const frame&)>;

  // Requests of a method ("Get") are given to `what`, on the edge's thread.
  void on(std::string method, function what) { functions_[std::move(method)] = std::move(what); }

  void deliver(frame what) noexcept override {
    if (what.kind == frame_kind::request) {
      if (auto found = functions_.find(what.call->method().name); found != functions_.end()) {
        found->second(what);
        return;
      }
    }
    frames.put(std::move(what));
  }

  // Everything that no function took.
  mailbox<frame> frames;

private:
  std::map<std::string, function, std::less<>> functions_;
};

class fake_directory final : public directory, public service_route {
public:
  explicit fake_directory(boost::intrusive_ptr<fake_callee> callee) : callee_(std::move(callee)) {}
  service_route& route(std::string_view) override { return *this; }
  result<call_end_ptr> choose(const call&) noexcept override { return call_end_ptr{callee_}; }

private:
  boost::intrusive_ptr<fake_callee> callee_;
};

inline std::shared_ptr<notes::Note> note(std::string id, std::string text, std::int64_t version = 0) {
  auto out = std::make_shared<notes::Note>();
  out->set_id(std::move(id));
  out->set_text(std::move(text));
  out->set_version(version);
  return out;
}

template <class T>
const T& request_of(const frame& what) {
  return static_cast<const T&>(*what.call->request());
}

struct notes_edge {
  boost::intrusive_ptr<fake_callee> callee{new fake_callee};
  fake_directory services{callee};
  rest_router router;
  std::unique_ptr<rest_edge> edge;
  std::unique_ptr<http_server> server;

  explicit notes_edge(rest_edge_options options = {}, rest_edge_hooks hooks = {},
                      http_server_options server_options = {}) {
    static const service_info* infos[] = {&notes::Notes::info()};
    auto built = rest_router::build(infos);
    if (!built) throw std::runtime_error(built.error().to_string());
    router = std::move(*built);
    edge = std::make_unique<rest_edge>(router, services, options, std::move(hooks));
    callee->on("Get", [](const frame& what) {
      const auto& id = request_of<notes::GetNote>(what).id();
      if (id == "none")
        what.call->fail(not_found("no note {}", id));
      else
        what.call->answer(note(id, "text of " + id, 7));
    });
    callee->on("GetPage", [](const frame& what) {
      auto page = std::make_shared<notes::Page>();
      page->set_id(request_of<notes::GetNote>(what).id());
      page->set_text(std::string(10, 'p'));
      what.call->answer(page);
    });
    server = start_server(*edge, std::move(server_options));
  }

  ~notes_edge() {
    server.reset();
    callee->frames.clear(); // they hold calls, which hold the callee
  }

  std::uint16_t port() const { return server->port(); }
};

inline std::string request(std::string_view line, std::string_view fields = "", std::string_view body = "") {
  std::string out{line};
  out += " HTTP/1.1\r\nHost: test\r\n";
  out += fields;
  if (!body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  out += "\r\n";
  out += body;
  return out;
}

} // namespace troupe::test
