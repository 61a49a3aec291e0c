#include "actors/host/pages.hpp"

#include "actors/host/cluster_pages.hpp"
#include "actors/openapi/docs_page.hpp"

#include <boost/json.hpp>

#include <charconv>
#include <functional>

namespace troupe {

namespace {

void send(http_exchange& exchange, int status, std::string_view type, std::string body) {
  auto& response = exchange.response();
  response.status = status;
  response.set_content_type(type);
  response.body = std::move(body);
  exchange.send();
}

void send_problem(http_exchange& exchange, int status, std::string_view title, std::string detail) {
  boost::json::object problem{
    {"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}};
  send(exchange, status, "application/problem+json", boost::json::serialize(problem));
}

// Whether the method is one of those that the page knows; answers 405 otherwise.
bool allows(http_exchange& exchange, std::string_view method) {
  const auto given = exchange.request().method();
  if (given == method || (method == "GET" && given == "HEAD")) return true;
  exchange.response().add("Allow", method == "GET" ? "GET, HEAD" : method);
  send_problem(exchange, 405, "Method Not Allowed", "this page knows " + std::string{method} + " only");
  return false;
}

bool answer_health(http_exchange& exchange, const health_registry& health) {
  constexpr std::string_view prefix = "/healthz/";
  const auto path = exchange.request().path();
  if (!path.starts_with(prefix)) return false;
  for (auto question : {health_question::live, health_question::ready, health_question::started}) {
    if (path.substr(prefix.size()) != to_string(question)) continue;
    if (!allows(exchange, "GET")) return true;
    auto report = health.report(question);
    exchange.response().add("Cache-Control", "no-store");
    const auto accept = exchange.request().find("accept").value_or("");
    const bool json = accept.find("application/json") != std::string_view::npos;
    send(exchange, report.passing ? 200 : 503, json ? "application/json" : "text/plain; charset=utf-8",
         json ? report.to_json() : report.to_text());
    return true;
  }
  send_problem(exchange, 404, "Not Found", "there are /healthz/live, /healthz/ready and /healthz/started");
  return true;
}

boost::json::object to_json(const supervision_node& from) {
  boost::json::object out{{"name", from.name},
                          {"kind", to_string(from.kind)},
                          {"state", to_string(from.state)},
                          {"restart", to_string(from.restart)},
                          {"actor", from.actor},
                          {"restarts", from.restarts}};
  if (from.last_exit)
    out["last_exit"] = {{"kind", to_string(from.last_exit->kind)}, {"reason", from.last_exit->reason}};
  if (from.kind == child_kind::supervisor) {
    out["strategy"] = to_string(from.strategy);
    out["recent_restarts"] = from.recent_restarts;
    boost::json::array children;
    for (const auto& each : from.children)
      children.push_back(to_json(each));
    out["children"] = std::move(children);
  }
  return out;
}

// Work that waits for actors must not hold the server's thread, which may have to run them.
void answer_later(http_exchange& exchange, node& of,
                  std::function<task<>(visitor&, http_exchange_ptr)> work) {
  (void)visit(of.system(), of.services(),
              [work = std::move(work), answered = http_exchange_ptr{&exchange}](visitor& self) mutable {
                return work(self, answered);
              });
}

} // namespace

std::string render_tree(const supervision_node& root) { return boost::json::serialize(to_json(root)); }

// -- front_pages

front_pages::front_pages(http_handler& next, const health_registry& health, std::string openapi)
  : next_(next), health_(health), openapi_(std::move(openapi)),
    openapi_tag_("\"" + std::to_string(std::hash<std::string>{}(openapi_)) + "\""),
    docs_policy_(docs_page_policy()) {}

void front_pages::handle(http_exchange& exchange) {
  const auto path = exchange.request().path();
  if (path.starts_with("/healthz/") && answer_health(exchange, health_)) return;
  if (!openapi_.empty() && path == "/openapi.json") {
    if (!allows(exchange, "GET")) return;
    exchange.response().set_entity_tag(openapi_tag_);
    // The document may be read by tools and pages of other origins; it says nothing that a caller may not
    // know.
    exchange.response().add("Access-Control-Allow-Origin", "*");
    if (exchange.request().find("if-none-match") == openapi_tag_)
      send(exchange, 304, "", "");
    else
      send(exchange, 200, "application/json", openapi_);
  } else if (!openapi_.empty() && path == "/docs") {
    if (!allows(exchange, "GET")) return;
    exchange.response().add("Content-Security-Policy", docs_policy_);
    exchange.response().add("Referrer-Policy", "no-referrer");
    send(exchange, 200, "text/html; charset=utf-8", std::string{docs_page()});
  } else if (path == "/" && !openapi_.empty() && exchange.request().method() == "GET") {
    exchange.response().add("Location", "/docs");
    send(exchange, 302, "", "");
  } else {
    next_.handle(exchange);
  }
}

// -- admin_pages

namespace {

std::string render_peers(node& of) {
  boost::json::array out;
  if (auto* link = of.link()) {
    for (const auto& each : link->peers())
      out.push_back({{"node", each.node},
                     {"address", each.address},
                     {"incarnation", each.incarnation},
                     {"version", each.application_version},
                     {"connected", each.connected},
                     {"draining", each.draining},
                     {"dialed", each.dialed},
                     {"open_calls", each.open_calls},
                     {"served_calls", each.served_calls},
                     {"queued_bytes", each.queued_bytes},
                     {"last_failure", each.last_failure}});
  }
  return boost::json::serialize(out);
}

} // namespace

admin_pages::admin_pages(node& of, const health_registry& health, const metrics& numbers, logging& logs,
                         std::function<void()> leave)
  : node_(of), health_(health), numbers_(numbers), logs_(logs), leave_(std::move(leave)) {}

void admin_pages::handle(http_exchange& exchange) {
  if (!answer_health(exchange, health_) && !answer_of_cluster(exchange)) answer(exchange);
}

bool admin_pages::answer_of_cluster(http_exchange& exchange) {
  struct page {
    std::string_view path;
    std::string_view method;
    result<std::string> (*make)(node&, std::string_view body);
  };
  static constexpr page known[] = {
    {"/admin/members", "GET", [](node& of, std::string_view) { return render_members(of); }},
    {"/admin/services", "GET", [](node& of, std::string_view) { return render_services(of); }},
    {"/admin/drain", "POST", drain_node},
    {"/admin/join", "POST", join_cluster},
  };
  const auto path = exchange.request().path();
  for (const auto& each : known) {
    if (path != each.path) continue;
    if (!allows(exchange, each.method)) return true;
    auto made = each.make(node_, exchange.request().body());
    if (made)
      send(exchange, 200, "application/json", std::move(*made));
    else if (made.error().code() == status_code::invalid_argument)
      send_problem(exchange, 400, "Bad Request", made.error().message());
    else
      send_problem(exchange, 409, "Conflict", made.error().message());
    return true;
  }
  if (path != "/admin/leave") return false;
  if (!allows(exchange, "POST")) return true;
  send(exchange, 202, "application/json", "{\"leaving\":true}");
  leave_();
  return true;
}

void admin_pages::answer(http_exchange& exchange) {
  const auto path = exchange.request().path();
  constexpr std::string_view actors = "/admin/actors/";
  constexpr std::string_view kill = ":kill";
  constexpr std::string_view log_levels = "/admin/log-levels";
  if (path == "/metrics") {
    if (allows(exchange, "GET")) send(exchange, 200, metrics::content_type(), numbers_.render());
  } else if (path == "/admin/supervision") {
    if (!allows(exchange, "GET")) return;
    answer_later(exchange, node_, [this](visitor& self, http_exchange_ptr answered) -> task<> {
      auto tree = co_await node_.look_at_tree(self).as_result();
      answered->post([answered, tree] {
        if (tree)
          send(*answered, 200, "application/json", render_tree(*tree));
        else
          send_problem(*answered, 503, "Service Unavailable", tree.error().message());
      });
    });
  } else if (path == "/admin/peers") {
    if (allows(exchange, "GET")) send(exchange, 200, "application/json", render_peers(node_));
  } else if (path.starts_with(actors) && path.ends_with(kill)) {
    if (!allows(exchange, "POST")) return;
    const auto digits = path.substr(actors.size(), path.size() - actors.size() - kill.size());
    caf::actor_id id = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
      send_problem(exchange, 400, "Bad Request", "an actor's id is a number; see /admin/supervision");
      return;
    }
    answer_later(exchange, node_, [this, id](visitor& self, http_exchange_ptr answered) -> task<> {
      auto killed = co_await node_.kill_actor(self, id).as_result();
      answered->post([answered, killed, id] {
        if (killed && *killed)
          send(*answered, 200, "application/json", "{\"killed\":" + std::to_string(id) + "}");
        else
          send_problem(*answered, 404, "Not Found", "no actor has the id " + std::to_string(id));
      });
    });
  } else if (path == log_levels) {
    if (!allows(exchange, "GET")) return;
    boost::json::object out{{"*", to_string(logs_.level())}};
    for (const auto& [component, level] : logs_.levels())
      out[component] = to_string(level);
    send(exchange, 200, "application/json", boost::json::serialize(out));
  } else if (path.starts_with(log_levels) && path.size() > log_levels.size() + 1) {
    if (!allows(exchange, "PUT")) return;
    const auto component = path.substr(log_levels.size() + 1);
    auto text = exchange.request().body();
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
      text.remove_suffix(1);
    const auto level = log_level_from_name(text);
    if (!level
        || component.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._*")
             != std::string_view::npos) {
      send_problem(exchange, 400, "Bad Request",
                   "send one of trace, debug, info, warning, error, critical and off as the body");
      return;
    }
    if (component == "*")
      logs_.set_level(*level);
    else
      logs_.set_level(component, *level);
    send(exchange, 200, "text/plain; charset=utf-8", std::string{to_string(*level)} + "\n");
  } else {
    send_problem(
      exchange, 404, "Not Found",
      "there are /metrics, /healthz/*, /admin/supervision, /admin/peers, /admin/members, /admin/services, "
      "/admin/drain, /admin/join, /admin/leave, /admin/actors/ID:kill and /admin/log-levels");
  }
}

} // namespace troupe
