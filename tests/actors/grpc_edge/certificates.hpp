// Certificates made on the spot.
#pragma once

#include <string>

namespace troupe::probe {

struct certified {
  std::string certificate; // PEM
  std::string key;         // PEM
};

// One that signs others, by itself.
certified make_authority(const std::string& name);

// `alternative_name` as OpenSSL writes it: "DNS:localhost,IP:127.0.0.1", "URI:spiffe://troupe/orders"; empty:
// none.
certified make_certificate(const certified& authority, const std::string& common_name,
                           const std::string& alternative_name);

} // namespace troupe::probe
