#include "runtime/configuration/configuration.hpp"
#include "tests/runtime/configuration/sample_schema.hpp"

// Whatever a file contains, loading ends with settings or with errors that name the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const troupe::settings_schema schema = sample_schema();
  troupe::configuration_input input;
  input.files = {{"node.yaml", {reinterpret_cast<const char*>(data), size}}};
  input.read_secret = [](const std::string& path) -> troupe::result<std::string> { return path; };
  const auto loaded = troupe::load_settings(schema, input);
  if (loaded.has_value()) {
    // What was accepted can be printed and read again (secrets excepted, whose value is not printed).
    input.files = {{"printed.yaml", loaded->print()}};
    const auto again = troupe::load_settings(schema, input);
    if (!again.has_value()) __builtin_trap();
    for (const auto& path : difference(*loaded, *again).fixed) {
      if (path != "discovery.token") __builtin_trap();
    }
  } else if (loaded.error().message().find("node.yaml:") == std::string::npos) {
    __builtin_trap();
  }
  return 0;
}
