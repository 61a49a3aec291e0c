#include "runtime/environment/real_credentials.hpp"
#include "runtime/environment/real_environment.hpp"
#include "tests/runtime/environment/test_certificates.hpp"

#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>

using namespace troupe;
using namespace troupe::test;

namespace {

class cluster {
public:
  cluster() {
    folder.make("authority", "", {.common_name = "authority", .authority = true});
    folder.make("node", "authority", {.common_name = "node"});
  }
  status error(const stream_security& files) {
    auto out = world.get().network.load_credentials(files);
    if (out) CHECK(*out != nullptr);
    return status_of(out);
  }
  std::string message(const stream_security& files) {
    const auto why = error(files);
    CHECK(why.code() == status_code::invalid_argument);
    return why.message();
  }

  real_environment world;
  certificate_folder folder;
};

} // namespace

TEST_CASE("good files are taken, those of an authority between as well") {
  cluster here;
  CHECK(here.error(here.folder.files("node", "authority")).ok());
  here.folder.make("between", "authority", {.common_name = "between", .authority = true});
  here.folder.make("below", "between", {.common_name = "below"});
  CHECK(here.error(here.folder.files("below", "authority")).code() == status_code::invalid_argument);
  here.folder.write("chain.pem", here.folder.read("below.pem") + here.folder.read("between.pem"));
  CHECK(here
          .error(
            {here.folder.path("chain.pem"), here.folder.path("below.key"), here.folder.path("authority.pem")})
          .ok());
  // An authority that another has signed is enough by itself.
  CHECK(here.error(here.folder.files("below", "between")).ok());
  // Text around the certificates is usual.
  here.folder.write("commented.pem", "# our node\n" + here.folder.read("node.pem") + "# the end\n");
  CHECK(here
          .error({here.folder.path("commented.pem"), here.folder.path("node.key"),
                  here.folder.path("authority.pem")})
          .ok());
}

TEST_CASE("a file that is missing or holds something else is named") {
  cluster here;
  const auto good = here.folder.files("node", "authority");
  auto files = good;
  files.certificate_file = "";
  CHECK(here.message(files) == "no certificate file is given");
  files = good;
  files.key_file = here.folder.path("nowhere");
  CHECK(here.message(files)
        == "the key file: cannot open '" + here.folder.path("nowhere") + "': No such file or directory");
  files = good;
  files.authority_file = here.folder.path("");
  CHECK_THAT(here.message(files), Catch::Matchers::StartsWith("the authority file: cannot open '"));
  files = good;
  files.certificate_file = here.folder.write("empty", "");
  CHECK_THAT(here.message(files), Catch::Matchers::Matches(".*certificate file '.*empty'.*"));
  files.certificate_file = here.folder.write("text", "this is no certificate\n");
  CHECK(here.message(files)
        == "the certificate file '" + here.folder.path("text") + "' holds no certificate in PEM");
  files.certificate_file = good.key_file; // mixed up
  CHECK_THAT(here.message(files), Catch::Matchers::EndsWith("holds no certificate in PEM"));
  auto damaged = here.folder.read("node.pem");
  damaged[damaged.size() / 2] = '!';
  files.certificate_file = here.folder.write("damaged", damaged);
  CHECK_THAT(here.message(files), Catch::Matchers::Contains("' holds a damaged certificate: "));
  files = good;
  files.key_file = good.certificate_file;
  CHECK_THAT(here.message(files), Catch::Matchers::Contains("' holds no private key in PEM: "));
  files = good;
  files.authority_file = here.folder.write("large", std::string((1 << 20) + 1, 'x'));
  CHECK_THAT(here.message(files), Catch::Matchers::StartsWith("the authority file: "));
}

TEST_CASE("a key with a passphrase is refused, without asking for it") {
  cluster here;
  auto files = here.folder.files("node", "authority");
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  const auto path = here.folder.path("encrypted.key");
  {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new_file(path.c_str(), "w"), &BIO_free};
    const unsigned char phrase[] = "secret";
    PEM_write_bio_PrivateKey(out.get(), key.get(), EVP_aes_128_cbc(), phrase, 6, nullptr, nullptr);
  }
  files.key_file = path;
  CHECK(here.message(files) == "the key file '" + path + "' is encrypted; it must be without passphrase");
}

TEST_CASE("files that do not fit together are refused, saying why") {
  cluster here;
  here.folder.make("other", "authority", {.common_name = "other"});
  here.folder.make("strange-authority", "", {.common_name = "strange", .authority = true});
  here.folder.make("old", "authority", {.common_name = "old", .valid_from = -7200, .valid_to = -60});
  here.folder.make("young", "authority", {.common_name = "young", .valid_from = 60});
  here.folder.make("web", "authority", {.common_name = "web", .extended_use = "serverAuth"});
  here.folder.make("both", "authority", {.common_name = "both", .extended_use = "serverAuth,clientAuth"});

  auto files = here.folder.files("node", "authority");
  files.key_file = here.folder.path("other.key");
  CHECK(here.message(files)
        == "the key in '" + files.key_file + "' is not that of the certificate CN=node in '"
             + files.certificate_file + "'");
  files = here.folder.files("node", "strange-authority");
  CHECK(here.message(files)
        == "the certificate file '" + files.certificate_file
             + "': CN=node is not signed by the authority in '" + files.authority_file + "'");
  CHECK_THAT(here.message(here.folder.files("old", "authority")),
             Catch::Matchers::Contains("': CN=old has expired on 20"));
  CHECK_THAT(here.message(here.folder.files("young", "authority")),
             Catch::Matchers::Contains("': CN=young is not valid before 20"));
  CHECK_THAT(
    here.message(here.folder.files("web", "authority")),
    Catch::Matchers::Contains("': CN=web does not allow clientAuth (extendedKeyUsage); a node needs both"));
  CHECK(here.error(here.folder.files("both", "authority")).ok());
  // The node's own certificate is no authority that signed it, unless it is.
  CHECK_FALSE(here.error(here.folder.files("node", "other")).ok());
}

TEST_CASE("the names that a certificate proves") {
  certificate_folder folder;
  auto names = [&](const certificate_options& options) {
    folder.make("node", "", options);
    const std::unique_ptr<BIO, decltype(&BIO_free)> from{BIO_new_file(folder.path("node.pem").c_str(), "r"),
                                                         &BIO_free};
    const std::unique_ptr<X509, decltype(&X509_free)> read{
      PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr), &X509_free};
    return names_of(read.get());
  };
  using list = std::vector<std::string>;
  CHECK(names({.common_name = "common"}) == list{"common"});
  CHECK(names({.common_name = "common", .alternative_name = "DNS:a,URI:spiffe://x/y,DNS:b"})
        == list{"a", "b"});
  CHECK(names({.common_name = "common", .alternative_name = "IP:10.0.0.1"}) == list{"common"});
  CHECK(names({}).empty());
  // Taken for a C string this would be another's name.
  CHECK(names({.common_name = std::string{"bank\0.evil", 10}}).empty());
}
