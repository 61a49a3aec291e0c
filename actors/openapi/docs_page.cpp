#include "actors/openapi/docs_page.hpp"

#include <openssl/evp.h>

#include <array>

namespace troupe {

namespace openapi {
extern const char page_frame[];
extern const char page_style[];
extern const char page_script[];
} // namespace openapi

namespace {

void replace_once(std::string& text, std::string_view mark, std::string_view by) {
  text.replace(text.find(mark), mark.size(), by);
}

// CSP level 3, section 8.4: the base64 form of a hash of the element's text.
std::string hash_source(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> base64{};
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return "'sha256-" + std::string{base64.begin(), base64.begin() + length} + "'";
}

// "https://host:port" of an absolute URL; empty for others, and for what could end the directive.
std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos || (!url.starts_with("https:") && !url.starts_with("http:")))
    return {};
  const auto end = url.find_first_of("/?#", scheme + 3);
  const auto origin = url.substr(0, end);
  const auto plain = origin.find_first_of(" \t\r\n;,'\"") == std::string_view::npos;
  return plain && origin.size() > scheme + 3 ? std::string{origin} : std::string{};
}

} // namespace

std::string_view docs_page() {
  static const std::string page = [] {
    std::string out = openapi::page_frame;
    replace_once(out, "@style@", openapi::page_style);
    replace_once(out, "@script@", openapi::page_script);
    return out;
  }();
  return page;
}

std::string docs_page_policy(std::span<const std::string> servers) {
  std::string out = "default-src 'none'; style-src " + hash_source(openapi::page_style) + "; script-src "
                    + hash_source(openapi::page_script) + "; img-src data:; connect-src 'self'";
  for (const auto& server : servers)
    if (auto origin = origin_of(server); !origin.empty()) out.append(" ").append(origin);
  return out + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

} // namespace troupe
