#include "gateway/lists.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace durward;
using namespace durward::gateway;

namespace {

/// Shows what does not begin with "hidden", and remembers what it was asked.
std::string filtered(const std::string& text, std::string* asked = nullptr) {
  auto document = json::Document::parse(text);
  REQUIRE(document);
  auto out = filter_lists(document->root(), [&](policy::Target target, std::string_view name, std::string_view method) {
    if (asked != nullptr)
      *asked += std::to_string(static_cast<int>(target)) + ":" + std::string(name) + ":" + std::string(method) + ";";
    return !name.starts_with("hidden");
  });
  if (!out) return std::string(policy::name(out.error().reason));
  return apply(text, out->edits);
}

std::optional<std::string> edited(const std::string& text, std::optional<Edit> (*make)(json::Value)) {
  auto document = json::Document::parse(text);
  REQUIRE(document);
  auto edit = make(document->root());
  if (!edit) return std::nullopt;
  return apply(text, {*edit});
}

}  // namespace

TEST_CASE("hidden tools go, and every other byte stays") {
  CHECK(filtered(R"({"tools":[{"name":"a","x":1.0}, {"name":"hidden"} ,{"name":"b"}],"nextCursor":"c"})") ==
        R"({"tools":[{"name":"a","x":1.0} ,{"name":"b"}],"nextCursor":"c"})");
  CHECK(filtered(R"({"nextCursor":"c","tools":[{"name":"hidden"},{"name":"hi\u0064den2"}]})") ==
        R"({"nextCursor":"c","tools":[]})");
  CHECK(filtered(R"({"tools":[]})") == R"({"tools":[]})");
}

TEST_CASE("items that no rule can be asked about go") {
  CHECK(filtered(R"({"tools":[1,null,"a",[],{},{"name":7},{"name":""},{"title":"x"},{"name":"a"}]})") ==
        R"({"tools":[{"name":"a"}]})");
  CHECK(filtered(R"({"tools":[{"name":"a","Name":"hidden"},{"name":"b","na\u006De2":1}]})") ==
        R"({"tools":[{"name":"b","na\u006De2":1}]})");
  CHECK(filtered(R"({"resources":[{"name":"a"},{"uri":"u","name":"hidden"}]})") ==
        R"({"resources":[{"uri":"u","name":"hidden"}]})");
}

TEST_CASE("each kind of list is judged by the method that uses its items") {
  std::string asked;
  filtered(
      R"({"tools":[{"name":"t"}],"prompts":[{"name":"p"}],"resources":[{"uri":"r"}],"resourceTemplates":[{"uriTemplate":"x/{y}"}]})",
      &asked);
  CHECK(asked == "1:t:tools/call;2:p:prompts/get;3:r:resources/read;3:x/{y}:resources/read;");
  CHECK(list_method(ListKind::resource_templates) == "resources/templates/list");
  CHECK(use_method(ListKind::resource_templates) == "resources/read");
}

TEST_CASE("the cache scope of a list becomes private, that of other results stays") {
  CHECK(filtered(R"({"tools":[],"cacheScope":"public"})") == R"({"tools":[],"cacheScope":"private"})");
  CHECK(filtered(R"({"cacheScope":7,"tools":[{"name":"hidden"}]})") == R"({"cacheScope":"private","tools":[]})");
  CHECK(filtered(R"({"tools":[],"cacheScope":"private"})") == R"({"tools":[],"cacheScope":"private"})");
  CHECK(filtered(R"({"tools":[]})") == R"({"tools":[]})");
  CHECK(filtered(R"({"contents":[],"cacheScope":"public"})") == R"({"contents":[],"cacheScope":"public"})");
}

TEST_CASE("a list that is no array is refused") {
  for (const char* text :
       {R"({"tools":{}})", R"({"prompts":"x"})", R"({"resources":null})", R"({"tools":[],"resourceTemplates":1})"}) {
    CAPTURE(text);
    CHECK(filtered(text) == "upstream_failed");
  }
}

TEST_CASE("all names seen are told, hidden ones too") {
  auto document = json::Document::parse(R"({"tools":[{"name":"a"},{"name":"hidden","v":1},{}]})");
  auto out =
      filter_lists(document->root(), [](policy::Target, std::string_view name, std::string_view) { return name == "a"; });
  REQUIRE(out);
  REQUIRE(out->items.size() == 2);
  CHECK(out->items[0].shown);
  CHECK(out->items[1].name == "hidden");
  CHECK_FALSE(out->items[1].shown);
  CHECK(out->items[1].value.raw() == R"({"name":"hidden","v":1})");
  CHECK(out->hidden == 2);
  CHECK(out->kinds == std::vector<ListKind>{ListKind::tools});
}

TEST_CASE("server/discover names only the revisions that we speak") {
  CHECK(edited(R"({"supportedVersions":["2027-01-01", "2026-07-28","2024-11-05","2025-11-25"],"ttlMs":0})", cut_versions) ==
        R"({"supportedVersions":["2026-07-28","2025-11-25"],"ttlMs":0})");
  CHECK_FALSE(edited(R"({"supportedVersions":["2026-07-28", "2025-03-26"]})", cut_versions));
  CHECK(edited(R"({"supportedVersions":[1,"x"]})", cut_versions) == R"({"supportedVersions":[]})");
  CHECK_FALSE(edited(R"({"supportedVersions":"x"})", cut_versions));
  CHECK_FALSE(edited(R"({})", cut_versions));
}

TEST_CASE("an upstream's -32022 names only the revisions that we speak") {
  CHECK(edited(R"({"code":-32022,"message":"m","data":{"supported":["2027-01-01","2026-07-28"],"requested":"v"}})",
               cut_supported) == R"({"code":-32022,"message":"m","data":{"supported":["2026-07-28"],"requested":"v"}})");
  CHECK_FALSE(edited(R"({"code":-32021,"data":{"supported":["2027-01-01"]}})", cut_supported));
  CHECK_FALSE(edited(R"({"code":-32022})", cut_supported));
}
