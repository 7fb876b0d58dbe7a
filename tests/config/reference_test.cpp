#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.hpp"

using namespace durward::config;

namespace {

bool has(const std::string& row) {
  INFO(row);
  return reference_markdown().find(row) != std::string::npos;
}

}  // namespace

TEST_CASE("the reference gives every key's type, range and default from the reader's own declarations") {
  CHECK(has("| `listen.address` | IP address | `127.0.0.1` |"));
  CHECK(has("| `listen.port` | number, 0 to 65535 | `8088` |"));
  CHECK(has("| `listen.hosts` | list of host[:port] |  |"));
  CHECK(has("| `authn` | `anonymous` | required |"));
  CHECK(has("| `servers` | map by name | required |"));
  CHECK(has("| `servers.<name>.url` | URL | required |"));
  CHECK(has("| `servers.<name>.tools.<glob>.kind` | `read`, `mutate`, `exec`, `egress`, or a list | required |"));
  CHECK(has("| `ledger.side_effects` | `synced`, `written`, `buffered` | `synced` |"));
  CHECK(has("| `ledger.deadline` | duration, 10ms to 1m | `2s` |"));
  CHECK(has("| `limits.body_bytes` | size, 1B to 1GiB | `4MiB` |"));
  CHECK(has("| `limits.stream` | duration, 1s to 30d | `1d` |"));
  CHECK(has("| `session.max_age` | duration, 1m to 365d | `30d` |"));
  CHECK(has("| `tools.allowlist` | list of pattern | required |"));
  CHECK(has("| `servers.<name>.prompts` | list of pattern |  |"));
  CHECK(has("| `default_retention` | `30d`, `90d`, `180d` |  |"));
  CHECK(has("| `enforcement.mode` | `enforce`, `observe` | `enforce` |"));
}

TEST_CASE("every key of the reference that has no parent in brackets is one the reader knows") {
  std::istringstream lines(reference_markdown());
  std::size_t limits = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| `limits.", 0) != 0) continue;
    const std::string key = line.substr(10, line.find('`', 10) - 10);
    const auto loaded = parse_settings("limits: {" + key + ": [x]}\n", "f", "/");
    const std::string shown = render(loaded);
    INFO(key << "\n" << shown);
    CHECK(shown.find("limits." + key + " must be a single value") != std::string::npos);
    CHECK(shown.find("unknown key") == std::string::npos);
    ++limits;
  }
  CHECK(limits == 33);
}

TEST_CASE("the README's settings reference is the generated one") {
  const std::filesystem::path path = std::filesystem::path(DURWARD_SOURCE_DIR) / "README.md";
  if (!std::filesystem::exists(path)) {
    WARN("skipped: there is no README.md");
    return;
  }
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  INFO("README.md must have this between <!-- settings --> and <!-- /settings -->, each on its own line");
  CHECK(text.str().find("<!-- settings -->\n" + reference_markdown() + "<!-- /settings -->\n") != std::string::npos);
}
