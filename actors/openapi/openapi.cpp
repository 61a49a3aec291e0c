#include "actors/openapi/openapi.hpp"

#include "actors/openapi/json_text.hpp"
#include "actors/openapi/operation.hpp"
#include "runtime/rest/rest_router.hpp"

#include <boost/json.hpp>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace troupe {

namespace {

namespace json = boost::json;
using namespace openapi;

std::string_view simple_name(std::string_view full_name) {
  const auto dot = full_name.rfind('.');
  return dot == std::string_view::npos ? full_name : full_name.substr(dot + 1);
}

std::string underscored(std::string_view name) {
  std::string out{name};
  std::replace(out.begin(), out.end(), '.', '_');
  return out;
}

// The keys that a path item has for operations (OpenAPI 3.1.1 section 4.8.9); empty for methods that it has
// none for.
std::string operation_key(const http_binding& binding) {
  if (binding.http_method == "*") return binding.body == body_binding::none ? "get" : "post";
  std::string key = binding.http_method;
  for (auto& c : key)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::array known{"get", "put", "post", "delete", "options", "head", "patch", "trace"};
  return std::find(known.begin(), known.end(), key) == known.end() ? std::string{} : key;
}

// The service's simple name where no other service has it.
class tag_names {
public:
  explicit tag_names(std::span<const service_info* const> services) {
    for (const auto* service : services)
      ++uses_[simple_name(service->name)];
  }
  std::string of(const service_info& service) const {
    const auto simple = simple_name(service.name);
    return std::string{uses_.at(simple) == 1 ? simple : service.name};
  }

private:
  std::map<std::string_view, int> uses_;
};

class document_builder {
public:
  document_builder(std::vector<const service_info*> services, const openapi_options& options)
    : services_(std::move(services)), options_(&options), comments_(services_), schemas_(comments_),
      common_(schemas_), tags_(services_) {}

  json::object build(const rest_router& router) {
    find_readable_paths(router);
    for (const auto& route : router.routes())
      add(*route);

    json::object out;
    out["openapi"] = "3.1.0";
    out["info"] = info();
    out["servers"] = servers();
    // An empty list says that nothing is needed, which differs from saying nothing.
    out["security"] =
      options_->bearer_tokens ? json::array{json::object{{"bearer", json::array{}}}} : json::array{};
    out["tags"] = tags();
    json::object paths;
    for (const auto& [text, key] : path_order_)
      paths[text] = path_item(key);
    out["paths"] = std::move(paths);
    auto components = common_.components(*options_);
    auto all_schemas = schemas_.components();
    if (!all_schemas.empty()) components["schemas"] = std::move(all_schemas);
    out["components"] = std::move(components);
    return out;
  }

private:
  struct path_entry {
    openapi_path path;
    json::object operations; // by key, in the order of the routes
    json::object others;     // by HTTP method and template: what the path item has no place for
  };

  void find_readable_paths(const rest_router& router) {
    for (const auto& route : router.routes())
      if (route->binding.http_method == "GET" && !route->method->server_streams())
        readable_.insert(path_key(path_of(route->binding)));
  }

  void add(const rest_route& route) {
    auto path = path_of(route.binding);
    const auto key = path_key(path);
    auto found = paths_.find(key);
    if (found == paths_.end()) {
      found = paths_.emplace(key, path_entry{path, {}, {}}).first;
      path_order_.emplace_back(path.text, key);
    } else {
      path = renamed_like(std::move(path), found->second.path);
    }
    operation_context context;
    context.tag = tags_.of(*route.method->service);
    context.id = unique_id(route, context.tag);
    context.path_has_get = readable_.contains(key);
    context.bearer_tokens = options_->bearer_tokens;
    auto operation = operation_of(route, path, context, {comments_, schemas_, common_});

    auto& entry = found->second;
    const auto place = operation_key(route.binding);
    if (!place.empty() && !entry.operations.contains(place))
      entry.operations[place] = std::move(operation);
    else
      entry.others[route.binding.http_method + " " + route.binding.path.to_string()] = std::move(operation);
  }

  std::string unique_id(const rest_route& route, const std::string& tag) {
    auto id = underscored(tag) + "_" + std::string{route.method->name};
    if (route.binding.index > 0) id.append("_").append(std::to_string(route.binding.index + 1));
    while (!ids_.insert(id).second)
      id.push_back('_');
    return id;
  }

  json::object path_item(const std::string& key) {
    auto& entry = paths_.at(key);
    json::object out;
    out["parameters"] = json::array{common_.parameter("RequestTimeout"), common_.parameter("Traceparent")};
    for (auto& operation : entry.operations)
      out[operation.key()] = std::move(operation.value());
    if (!entry.others.empty()) out["x-additional-operations"] = std::move(entry.others);
    return out;
  }

  json::object info() const {
    json::object out{{"title", options_->title}, {"version", options_->version}};
    if (!options_->description.empty()) out["description"] = options_->description;
    if (!options_->license_name.empty()) {
      json::object license{{"name", options_->license_name}};
      if (!options_->license_identifier.empty()) license["identifier"] = options_->license_identifier;
      out["license"] = std::move(license);
    }
    return out;
  }

  json::array servers() const {
    json::array out;
    for (const auto& server : options_->servers) {
      json::object one{{"url", server.url}};
      if (!server.description.empty()) one["description"] = server.description;
      out.push_back(std::move(one));
    }
    if (out.empty()) out.push_back(json::object{{"url", "/"}});
    return out;
  }

  json::array tags() const {
    json::array out;
    for (const auto* service : services_) {
      auto text = comments_.description(service->name);
      if (text.empty()) text = "The service `" + std::string{service->name} + "`.";
      out.push_back(json::object{{"name", tags_.of(*service)}, {"description", text}});
    }
    return out;
  }

  std::vector<const service_info*> services_;
  const openapi_options* options_;
  comment_index comments_;
  schema_builder schemas_;
  common_parts common_;
  tag_names tags_;
  std::map<std::string, path_entry> paths_;                     // by path_key
  std::vector<std::pair<std::string, std::string>> path_order_; // text and key, by first appearance
  std::set<std::string> readable_;
  std::set<std::string> ids_;
};

} // namespace

result<std::string> render_openapi(std::span<const service_info* const> services,
                                   const openapi_options& options) {
  std::vector<const service_info*> sorted{services.begin(), services.end()};
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  auto router = rest_router::build(sorted, options.routing);
  if (!router) return router.error();
  return json_text(document_builder{std::move(sorted), options}.build(*router), options.pretty);
}

} // namespace troupe
