#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "config/load.hpp"
#include "gateway/refusal.hpp"

namespace {

const std::string kReadme = DURWARD_SOURCE_DIR "/README.md";

std::string read_readme() {
  std::ostringstream text;
  text << std::ifstream(kReadme).rdbuf();
  return text.str();
}

/// What stands between the markers of a generated part. DURWARD_WRITE_README=1 writes it instead.
void check_part(const std::string& name, const std::string& generated) {
  const std::string begin = "<!-- " + name + " -->\n";
  const std::string end = "<!-- /" + name + " -->";
  std::string readme = read_readme();
  const std::size_t from = readme.find(begin);
  const std::size_t to = readme.find(end);
  REQUIRE(from != std::string::npos);
  REQUIRE(to != std::string::npos);
  const std::size_t inside = from + begin.size();
  if (std::getenv("DURWARD_WRITE_README") != nullptr) {
    readme.replace(inside, to - inside, generated);
    std::ofstream(kReadme) << readme;
  }
  INFO("README.md is out of date: DURWARD_WRITE_README=1 tests/run fast -R README");
  CHECK(read_readme().substr(inside, generated.size() + end.size()) == generated + end);
}

}  // namespace

// One case, since both parts are written into one file.
TEST_CASE("README.md lists the settings that the reader knows, and the refusals of the one table") {
  check_part("settings", durward::config::reference_markdown());
  check_part("refusals", durward::gateway::refusal_table_markdown());
}
