// protoc's plugin: `protoc --plugin=protoc-gen-troupe --cpp_out=OUT --troupe_out=OUT shop/orders.proto`.
#include "apps/protoc_gen_troupe/generator.hpp"

#include <google/protobuf/compiler/plugin.h>

int main(int argc, char** argv) {
  const troupe::codegen::contract_generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
