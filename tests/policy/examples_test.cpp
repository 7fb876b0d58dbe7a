#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.hpp"
#include "policy/authoring.hpp"
#include "policy/explain.hpp"

using namespace durward;
using namespace durward::policy;

namespace {

const std::filesystem::path kFolder = std::filesystem::path(DURWARD_SOURCE_DIR) / "deploy/examples/policies";

std::string text_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> codes_of(const Decision& decision) {
  std::vector<std::string> codes;
  for (const Finding& finding : decision.findings)
    codes.push_back(finding.code == Code::rule ? "rule:" + finding.rule : std::string(info(finding.code).name));
  return codes;
}

}  // namespace

TEST_CASE("every example policy decides each request of its table as the table says") {
  std::size_t policies = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".yaml") continue;
    std::filesystem::path table = entry.path();
    table.replace_extension(".requests.json");
    INFO(entry.path().filename().string());
    const std::string text = text_of(entry.path());
    const auto loaded = config::parse_policy(text, entry.path().filename().string());
    REQUIRE(loaded.value);
    CHECK(loaded.value->inactive.empty());
    std::vector<config::Diagnostic> diagnostics;
    const auto book = Rulebook::compile(*loaded.value, servers_named_in(*loaded.value), diagnostics);
    INFO(config::render(diagnostics, text));
    REQUIRE(book);
    CHECK(diagnostics.empty());
    const auto document = json::Document::parse(text_of(table));
    REQUIRE(document);
    CHECK(document->root().size() >= 12);
    ++policies;
    for (const json::Value row : document->root().elements()) {
      INFO(std::string(row.raw()));
      auto supposed = read_supposed(row.find("request"), 0);
      if (!supposed) FAIL(supposed.error());
      if (supposed->who.tenant.empty()) supposed->who.tenant = book->tenant();
      const Explanation told = explain(*book, *supposed);
      CHECK(name(told.decision.verdict) == row.find("verdict").string());
      CHECK(told.allowed == (told.decision.verdict == Verdict::allow));
      std::vector<std::string> codes;
      for (const json::Value code : row.find("codes").elements()) codes.push_back(code.string());
      CHECK(codes_of(told.decision) == codes);
      // The same inputs give the same decision, to the byte.
      CHECK(as_json(told) == as_json(explain(*book, *supposed)));
    }
  }
  CHECK(policies == 5);
}
