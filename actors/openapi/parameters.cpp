#include "actors/openapi/parameters.hpp"

#include "actors/openapi/example.hpp"
#include "runtime/rest/field_text.hpp"

#include <boost/json.hpp>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

namespace troupe::openapi {

namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using field_chain = std::vector<const FieldDescriptor*>;

// A parameter is there or it is not: it has no null as wrappers have in JSON.
json::object without_null(json::object schema) {
  auto* type = schema.if_contains("type");
  if (type != nullptr && type->is_array()) {
    // Apart from its array, which the assignment destroys.
    auto first = type->get_array().front();
    *type = std::move(first);
  }
  return schema;
}

json::object parameter_object(const std::string& name, std::string_view in, bool required) {
  json::object out{{"name", name}, {"in", in}};
  if (required) out["required"] = true;
  return out;
}

void describe(json::object& parameter, std::string text, const std::string& note) {
  if (!text.empty() && !note.empty()) text.append("\n\n");
  text.append(note);
  if (!text.empty()) parameter["description"] = text;
}

class query_collector {
public:
  query_collector(const http_binding& binding, const comment_index& comments, schema_builder& schemas)
    : binding_(&binding), comments_(&comments), schemas_(&schemas) {}

  void collect(const Descriptor& message, const std::string& prefix) {
    around_.push_back(&message);
    for (int i = 0; i < message.field_count() && out_.size() < max_query_parameters; ++i) {
      const auto& field = *message.field(i);
      chain_.push_back(&field);
      if (!bound()) add(field, prefix + field.json_name());
      chain_.pop_back();
    }
    around_.pop_back();
  }

  json::array take() { return std::move(out_); }

private:
  bool bound() const {
    if (chain_.size() == 1 && binding_->body_field == chain_.front()) return true;
    return std::any_of(binding_->variables.begin(), binding_->variables.end(),
                       [this](const auto& variable) { return variable == chain_; });
  }

  void add(const FieldDescriptor& field, const std::string& name) {
    if (field.is_map()) return;
    const auto* message = field.message_type();
    if (!has_text_form(field)) {
      const bool nested =
        message != nullptr && !field.is_repeated() && well_known_schema(*message) == nullptr;
      if (nested && std::find(around_.begin(), around_.end(), message) == around_.end())
        collect(*message, name + ".");
      return;
    }

    auto parameter = parameter_object(name, "query", field.is_required() && chain_.size() == 1);
    describe(parameter, comments_->description(field.full_name()), {});
    if (field.options().deprecated()) parameter["deprecated"] = true;
    auto schema = without_null(schemas_->of_element(field));
    auto example = element_example_of(field);
    if (field.is_repeated()) {
      parameter["style"] = "form";
      parameter["explode"] = true;
      schema = json::object{{"type", "array"}, {"items", std::move(schema)}};
      example = json::array{std::move(example)};
    }
    parameter["schema"] = std::move(schema);
    parameter["example"] = std::move(example);
    out_.push_back(std::move(parameter));
  }

  const http_binding* binding_;
  const comment_index* comments_;
  schema_builder* schemas_;
  field_chain chain_; // from the request down to where we are
  std::vector<const Descriptor*> around_;
  json::array out_;
};

} // namespace

json::array path_parameters(const openapi_path& path, const comment_index& comments,
                            schema_builder& schemas) {
  json::array out;
  for (const auto& source : path.parameters) {
    auto parameter = parameter_object(source.name, "path", true);
    if (source.field != nullptr) {
      describe(parameter, comments.description(source.field->full_name()), source.note);
      parameter["schema"] = without_null(schemas.of_element(*source.field));
      parameter["example"] = element_example_of(*source.field);
    } else {
      describe(parameter, {}, source.note);
      parameter["schema"] = json::object{{"type", "string"}};
      parameter["example"] = text_example_of(source.name);
    }
    if (source.several_segments) {
      parameter["x-several-segments"] = true;
      if (parameter["example"].is_string()) parameter["example"] = "folder/file.txt";
    }
    out.push_back(std::move(parameter));
  }
  return out;
}

json::array query_parameters(const http_binding& binding, const comment_index& comments,
                             schema_builder& schemas) {
  if (binding.body == body_binding::whole) return {};
  query_collector collector{binding, comments, schemas};
  collector.collect(*binding.method->input_type(), "");
  return collector.take();
}

std::set<std::string> fields_in_path(const http_binding& binding) {
  std::set<std::string> out;
  for (const auto& variable : binding.variables)
    if (variable.size() == 1) out.insert(variable.front()->name());
  return out;
}

} // namespace troupe::openapi
