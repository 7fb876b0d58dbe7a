#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "policy/json.hpp"
#include "policy/shell/shell.hpp"
#include "tests/policy/corpora.hpp"

namespace durward::tests {
namespace {

struct Score {
  int found = 0;
  int all = 0;
};

}  // namespace

// `dangerous` is what a detector counts; the everyday categories (sudo, rm -r of a temporary folder, writing below /etc) are
// printed apart, because permissions may forbid them, too.
TEST_CASE("corpus commands: dangerous lines are found, everyday ones are not") {
  const auto folder = corpus("commands");
  if (!folder) return;
  std::map<std::string, Score> dangerous, benign, everyday;
  std::ifstream in(*folder / "dev/cases.jsonl", std::ios::binary);
  REQUIRE(in);
  const bool verbose = std::getenv("DURWARD_VERBOSE") != nullptr;
  for (std::string line; std::getline(in, line);) {
    const auto row = json::Document::parse(line);
    REQUIRE(row);
    const auto text = [&row](const char* key) { return row->root().find(key).string(); };
    const std::string command = text("text"), tier = text("tier"), src = text("src");
    const bool bad = row->root().find("label").integer() == 1;
    const shell::Reading reading = shell::read(command);
    const bool found = reading.found.both(shell::Found::dangerous()).any();
    Score& score = bad ? dangerous[tier + " " + src] : benign[tier + " " + src];
    ++score.all;
    if (found) ++score.found;
    if (!bad && !found && reading.found.any()) ++everyday[tier + " " + src].found;
    const bool shown = verbose && (bad ? (tier != "contextual" && !found) : (tier == "benign" && found));
    if (shown) std::printf("%s %s: %.300s\n", bad ? "MISSED" : "FALSE", src.c_str(), command.c_str());
  }
  std::printf("commands: dangerous lines found\n");
  Score core;
  for (const auto& [name, score] : dangerous) {
    std::printf("  %-48s %5d of %5d\n", name.c_str(), score.found, score.all);
    if (name.starts_with("core ")) core.found += score.found, core.all += score.all;
  }
  std::printf("commands: benign lines taken for dangerous, and for everyday privileges and deletions\n");
  for (const auto& [name, score] : benign) {
    std::printf("  %-48s %5d %5d of %5d\n", name.c_str(), score.found, everyday[name].found, score.all);
    INFO(name);
    if (name.starts_with("benign ")) CHECK(score.found * 50 <= score.all);
  }
  CHECK(core.found == core.all);
}

}  // namespace durward::tests
