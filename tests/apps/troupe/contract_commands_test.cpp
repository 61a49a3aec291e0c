#include "tests/apps/troupe/shell.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

using shell::run;

namespace {

const std::string header = "syntax = \"proto3\";\npackage shop;\n";

} // namespace

TEST_CASE("contract check: compatible versions end with 0") {
  shell::folder folder;
  const auto before = folder.write("old.proto", header + "message Order { string id = 1; }\n");
  const auto after =
    folder.write("new.proto", header + "message Order { string id = 1; int32 count = 2; }\n");
  // Two files of other names are two versions all the same: elements are matched by their names.
  const auto ran = run({"contract", "check", before, after});
  CHECK(ran.code == 1);
  CHECK(ran.out.find("file_removed") != std::string::npos);
  const auto same =
    folder.write("new/old.proto", header + "message Order { string id = 1; int32 count = 2; }\n");
  const auto fine = run({"contract", "check", before, same});
  CHECK(fine.out == "compatible: " + same + " understands " + before + ", and is understood by it\n");
  CHECK(fine.err == "");
  CHECK(fine.code == 0);
}

TEST_CASE("contract check: breaks are named with the path of the new file, and end with 1") {
  shell::folder folder;
  folder.write("old/shop/order.proto", header + "message Order { string id = 1; int32 count = 2; }\n");
  folder.write("new/shop/order.proto",
               header + "message Order {\n  string id = 1;\n  string count = 2;\n}\n");
  const auto ran = run({"contract", "check", folder / "old", folder / "new"});
  CHECK(ran.out
        == folder / "new/shop/order.proto:5:3"
             + ": error: shop.Order.count: its type was int32 and is string [WIRE JSON SOURCE, "
               "field_type_changed]; "
               "fix: keep int32, and add a new field with a number of its own\n1 break between "
             + folder / "old" + " and " + folder / "new" + "\n");
  CHECK(ran.code == 1);
}

TEST_CASE("contract check: kinds that do not matter are ignored") {
  shell::folder folder;
  const auto before = folder.write("old/a.proto", header + "message Order { int32 a = 1; int32 b = 2; }\n");
  const auto after = folder.write("new/a.proto", header + "message Order { int64 a = 1; string b = 2; }\n");
  const auto one = run({"contract", "check", before, after, "--ignore", "json,SOURCE"});
  CHECK(one.code == 1);
  CHECK(one.out.find("shop.Order.b") != std::string::npos);
  CHECK(one.out.find("[WIRE, field_type_changed]") != std::string::npos);
  CHECK(one.out.find("shop.Order.a") == std::string::npos);
  CHECK(
    run({"contract", "check", before, after, "--ignore", "json", "--ignore", "source", "--ignore", "wire"})
      .code
    == 0);
}

TEST_CASE("contract check --json prints one object for programs") {
  shell::folder folder;
  const auto before = folder.write("old/a.proto", header + "message Order { int32 a = 1; }\n");
  const auto after = folder.write("new/a.proto", header + "message Order { string a = 1; }\n");
  const auto ran = run({"contract", "check", "--json", before, after});
  CHECK(ran.code == 1);
  const auto parsed = boost::json::parse(ran.out);
  CHECK(parsed.at("compatible") == boost::json::value(false));
  REQUIRE(parsed.at("breaks").as_array().size() == 1);
  const auto& one = parsed.at("breaks").at(0);
  CHECK(one.at("rule").as_string() == "field_type_changed");
  CHECK(one.at("kinds") == boost::json::value({"WIRE", "JSON", "SOURCE"}));
  CHECK(one.at("file").as_string() == after);
  CHECK(one.at("line").as_int64() == 3);
  CHECK(one.at("column").as_int64() == 17);
  CHECK(one.at("problem").as_string() == "shop.Order.a: its type was int32 and is string");
  CHECK(one.at("fix").as_string() == "keep int32, and add a new field with a number of its own");
  CHECK(run({"contract", "check", "--json", before, before}).out == "{\"compatible\":true,\"breaks\":[]}\n");
}

TEST_CASE("contract check: what cannot be read ends with 2") {
  shell::folder folder;
  const auto sound = folder.write("old/a.proto", header + "message Order {}\n");
  const auto broken = folder.write("new/a.proto", header + "message Order { Missing a = 1; }\n");
  const auto ran = run({"contract", "check", sound, broken});
  CHECK(ran.code == 2);
  CHECK(ran.out == "");
  CHECK(ran.err == broken + ":3:17: error: \"Missing\" is not defined.\n");
  const auto neither = run({"contract", "check", folder / "x.proto", folder / "y"});
  CHECK(neither.code == 2);
  CHECK(neither.err
        == folder / "x.proto" + ": error: there is no such file or folder\n" + folder / "y"
             + ": error: there is no such file or folder\n");
}

TEST_CASE("contract lint: a sound contract ends with 0") {
  shell::folder folder;
  folder.write("shop/a.proto", header + "message M {}\nservice S { rpc Do(M) returns (M); }\n");
  const auto ran = run({"contract", "lint", folder / ""});
  CHECK(ran.out == folder / "" + ": 0 errors, 0 warnings\n");
  CHECK(ran.code == 0);
}

TEST_CASE("contract lint: errors end with 1, warnings alone with 0") {
  shell::folder folder;
  const auto bad = folder.write("a.proto", header
                                             + "import \"troupe/options.proto\";\n"
                                               "message M { option (troupe.event) = {}; }\n");
  const auto ran = run({"contract", "lint", bad});
  CHECK(ran.out
        == bad
             + ":4:13: error: shop.M: the option troupe.event names no topic; fix: name it: `option "
               "(troupe.event) = { "
               "topic: \"orders\" };`\n"
             + bad + ": 1 error, 0 warnings\n");
  CHECK(ran.code == 1);
  const auto doubtful =
    folder.write("b.proto", "syntax = \"proto3\"; message M {} service S { rpc Do(M) returns (M); }");
  const auto warned = run({"contract", "lint", doubtful});
  CHECK(warned.out.find(": warning: ") != std::string::npos);
  CHECK(warned.out.ends_with(": 0 errors, 1 warning\n"));
  CHECK(warned.code == 0);
}

TEST_CASE("contract lint --json prints one object for programs") {
  shell::folder folder;
  const auto bad = folder.write("a.proto", header
                                             + "import \"troupe/options.proto\";\n"
                                               "message M { option (troupe.event) = {}; }\n");
  const auto parsed = boost::json::parse(run({"contract", "lint", "--json", bad}).out);
  CHECK(parsed.at("sound") == boost::json::value(false));
  REQUIRE(parsed.at("problems").as_array().size() == 1);
  CHECK(parsed.at("problems").at(0).at("severity").as_string() == "error");
  CHECK(parsed.at("problems").at(0).at("file").as_string() == bad);
  CHECK(parsed.at("problems").at(0).at("line").as_int64() == 4);
}
