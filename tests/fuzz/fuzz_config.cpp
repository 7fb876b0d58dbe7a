#include <string>

#include "config/load.hpp"
#include "policy/rulebook.hpp"
#include "tests/fuzz/fuzz.hpp"

// Both files, from any text. A value comes out exactly where there is no error, every position lies inside the file, nothing
// behind or beside what was understood is passed over, and a policy that was read compiles or says why not.
namespace {

using namespace durward;
using namespace durward::fuzz;

void positions(const std::vector<config::Diagnostic>& diagnostics, std::size_t size) {
  const auto most = static_cast<long long>(size) + 2;
  for (const auto& diagnostic : diagnostics) {
    must(diagnostic.where.line >= 0 && diagnostic.where.line <= most);
    must(diagnostic.where.column >= 0 && diagnostic.where.column <= most);
    must(!diagnostic.message.empty());
  }
}

template <class T>
void judge(const config::Loaded<T>& loaded, std::string_view text) {
  must(loaded.value.has_value() != config::has_errors(loaded.diagnostics));
  must(!loaded.value || !loaded.partial);
  positions(loaded.diagnostics, text.size());
  must(render(loaded).empty() == loaded.diagnostics.empty());
}

config::Loaded<config::Settings> settings_of(const std::string& text) {
  return config::parse_settings(text, "durward.yaml", "/base");
}
config::Loaded<config::PolicySettings> policy_of(const std::string& text) { return config::parse_policy(text, "policy.yaml"); }

/// Whatever stands behind an accepted file is read, too: a key that nobody knows, one that stands there already, another
/// document.
template <class Parse>
void nothing_passed_over(const std::string& text, Parse parse, const char* again) {
  for (const std::string more : {"zz: 1", again, "--- {}", "]"}) must(!parse(text + "\n" + more + "\n").value);
  must(parse(text + "\n# a comment\n").value.has_value());
}

void bounds(const config::Settings& settings) {
  must(settings.policy.value.starts_with('/') && settings.ledger.dir.value.starts_with('/'));
  const std::string& key = settings.ledger.key_ref.value;
  must(key.starts_with("file:///") || key.starts_with("env://") || key.starts_with("file://$"));
  must(settings.limits.json_depth >= 1 && settings.limits.json_depth <= 1024 && settings.limits.batch >= 1);
  for (const auto& [name, server] : settings.servers) {
    must(name == server.name && !name.empty() && name.find_first_of("/@%* ") == std::string::npos);
    must((server.endpoint.scheme == "http" || server.endpoint.scheme == "https") && !server.endpoint.host.empty() &&
         server.endpoint.path.starts_with('/'));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(text_of(data, size));
  const auto settings = settings_of(text);
  judge(settings, text);
  if (settings.value) {
    nothing_passed_over(text, settings_of, "servers: {}");
    bounds(*settings.value);
  }
  const auto policy = policy_of(text);
  judge(policy, text);
  if (!policy.value) return 0;
  nothing_passed_over(text, policy_of, "tools: {allowlist: []}");
  std::map<std::string, config::Server> servers;
  for (const char* name : {"a", "everything"}) servers[name].name = name;
  std::vector<config::Diagnostic> diagnostics;
  const auto book = policy::Rulebook::compile(*policy.value, servers, diagnostics);
  must((book == nullptr) == config::has_errors(diagnostics));
  positions(diagnostics, text.size());
  if (book) must(book->digest() == policy::Rulebook::compile(*policy.value, servers, diagnostics)->digest());
  return 0;
}
