// Certificates made on the spot, in files of a folder that ends with the object.
#pragma once

#include "runtime/environment/event_loop.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace troupe::test {

struct certificate_options {
  std::string common_name;      // empty: no subject
  std::string alternative_name; // as OpenSSL writes it: "DNS:a,DNS:b"; empty: none
  std::string extended_use;     // "serverAuth"; empty: any
  long valid_from = -3600;      // seconds from now
  long valid_to = 3600;
  bool authority = false;
};

class certificate_folder {
public:
  certificate_folder();
  ~certificate_folder();
  certificate_folder(const certificate_folder&) = delete;
  certificate_folder& operator=(const certificate_folder&) = delete;

  // Makes NAME.pem and NAME.key, signed by `issuer` (made before) or, when that is empty, by itself.
  void make(const std::string& name, const std::string& issuer, const certificate_options& options);

  // A node's three files; made before.
  stream_security files(const std::string& name, const std::string& authority) const;

  // A file with this text.
  std::string write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

private:
  std::filesystem::path folder_;
};

} // namespace troupe::test
