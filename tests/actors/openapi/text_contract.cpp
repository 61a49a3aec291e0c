#include "tests/actors/openapi/text_contract.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace troupe::testing {

namespace {

namespace pb = google::protobuf;

// service_info finds its descriptor by a plain function, so each of a few slots has a function of its own.
constexpr std::size_t slot_count = 64;
std::array<const pb::ServiceDescriptor*, slot_count> slots{};

template <std::size_t Index>
const pb::ServiceDescriptor* descriptor_in_slot() {
  return slots[Index];
}

using finder = const pb::ServiceDescriptor* (*)();

template <std::size_t... Indices>
constexpr std::array<finder, slot_count> make_finders(std::index_sequence<Indices...>) {
  return {descriptor_in_slot<Indices>...};
}

constexpr auto finders = make_finders(std::make_index_sequence<slot_count>{});

// The text under test, and any linked file as protobuf prints it.
class linked_files final : public pb::compiler::SourceTree {
public:
  explicit linked_files(const std::string& text) : text_(text) {}

  pb::io::ZeroCopyInputStream* Open(const std::string& name) override {
    if (name == "test.proto") return keep(text_);
    const auto* file = pb::DescriptorPool::generated_pool()->FindFileByName(name);
    return file == nullptr ? nullptr : keep(file->DebugString());
  }

  std::string GetLastErrorMessage() override { return "the file is not linked into this test"; }

private:
  pb::io::ZeroCopyInputStream* keep(std::string text) {
    kept_.push_back(std::move(text));
    return new pb::io::ArrayInputStream{kept_.back().data(), static_cast<int>(kept_.back().size())};
  }

  std::string text_;
  std::deque<std::string> kept_;
};

class collected_errors final : public pb::compiler::MultiFileErrorCollector {
public:
  void AddError(const std::string& file, int line, int column, const std::string& message) override {
    text += file + ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + message + "\n";
  }
  std::string text;
};

} // namespace

struct text_contract::parsed {
  explicit parsed(const std::string& text) : files(text), importer(&files, &errors) {}

  linked_files files;
  collected_errors errors;
  pb::compiler::Importer importer;
  std::deque<std::string> texts; // what the comments and paths point into
  std::vector<comment_info> comments;
  std::deque<std::vector<method_info>> methods;
  std::deque<service_info> infos;

  template <class Element>
  void comment(const Element& element) {
    pb::SourceLocation location;
    if (!element.GetSourceLocation(&location) || location.leading_comments.empty()) return;
    texts.push_back(location.leading_comments);
    comments.push_back({element.full_name(), texts.back()});
  }

  void comment_all(const pb::EnumDescriptor& type) {
    comment(type);
    for (int i = 0; i < type.value_count(); ++i)
      comment(*type.value(i));
  }

  void comment_all(const pb::Descriptor& message) {
    comment(message);
    for (int i = 0; i < message.field_count(); ++i)
      comment(*message.field(i));
    for (int i = 0; i < message.enum_type_count(); ++i)
      comment_all(*message.enum_type(i));
    for (int i = 0; i < message.nested_type_count(); ++i)
      comment_all(*message.nested_type(i));
  }

  std::string_view text(std::string value) {
    texts.push_back(std::move(value));
    return texts.back();
  }

  void add(const pb::ServiceDescriptor& service) {
    comment(service);
    auto& table = methods.emplace_back();
    auto& info = infos.emplace_back();
    for (int i = 0; i < service.method_count(); ++i) {
      const auto& method = *service.method(i);
      comment(method);
      method_info one;
      one.service = &info;
      one.index = static_cast<std::uint16_t>(i);
      one.name = method.name();
      one.full_name = method.full_name();
      one.path = text("/" + service.full_name() + "/" + method.name());
      one.kind =
        static_cast<method_kind>((method.client_streaming() ? 2 : 0) + (method.server_streaming() ? 1 : 0));
      one.repeat = static_cast<idempotency>(method.options().idempotency_level());
      table.push_back(one);
    }
    info.name = service.full_name();
    info.methods = table;
  }
};

text_contract::text_contract(const std::string& text) : parsed_(std::make_unique<parsed>(text)) {
  const auto* file = parsed_->importer.Import("test.proto");
  if (file == nullptr) FAIL(parsed_->errors.text);
  for (int i = 0; i < file->enum_type_count(); ++i)
    parsed_->comment_all(*file->enum_type(i));
  for (int i = 0; i < file->message_type_count(); ++i)
    parsed_->comment_all(*file->message_type(i));
  for (int i = 0; i < file->service_count(); ++i)
    parsed_->add(*file->service(i));
  for (int i = 0; i < file->service_count(); ++i) {
    std::size_t slot = 0;
    while (slot < slot_count && slots[slot] != nullptr)
      ++slot;
    if (slot == slot_count) throw std::length_error{"a test with too many services at once"};
    slots[slot] = file->service(i);
    slots_.push_back(slot);
    auto& info = parsed_->infos[static_cast<std::size_t>(i)];
    info.find_descriptor = finders[slot];
    info.comments = parsed_->comments;
    services_.push_back(&info);
  }
}

text_contract::~text_contract() {
  for (const auto slot : slots_)
    slots[slot] = nullptr;
}

} // namespace troupe::testing
