#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/policy_settings.hpp"
#include "config/settings.hpp"

namespace durward::config {

/// value is empty if and only if diagnostics hold an error. source is the file's text, for `render`.
template <class T>
struct Loaded {
  std::optional<T> value;
  std::optional<T> partial;             // where value is empty: what could be read, for finding further mistakes, never for use
  std::vector<Diagnostic> diagnostics;  // in the file's order; all errors, not the first
  std::string source;
};

/// Reads durward.yaml. In the result `policy` and `ledger.dir` are absolute, and `ledger.key_ref` and `ledger.keyring` are
/// file:///absolute or env://NAME; relative paths stood relative to the file's directory. ${CREDENTIALS_DIRECTORY} is taken
/// from the environment; where that lacks it, the reference stays as it is and a warning says so.
Loaded<Settings> load_settings(const std::string& path);

/// Reads policy.yaml. Patterns and codes are not judged here: `policy::Rulebook::compile` does.
Loaded<PolicySettings> load_policy(const std::string& path);

/// What the two files say of each other: the signing key that one of them names, and the policy's keys that do nothing yet,
/// each of which durward.yaml accepts or refuses. Errors and warnings go to the file that they are about.
void join(Loaded<Settings>& settings, Loaded<PolicySettings>& policy);

/// The same over text: pure, for tests and fuzzing. base_dir is absolute. ${CREDENTIALS_DIRECTORY} stays as it is.
Loaded<Settings> parse_settings(std::string_view text, const std::string& file_name, const std::string& base_dir);
Loaded<PolicySettings> parse_policy(std::string_view text, const std::string& file_name);

/// Every diagnostic with its source line.
template <class T>
std::string render(const Loaded<T>& loaded) {
  return render(loaded.diagnostics, loaded.source);
}

/// Whether others could change the file: it and its directory, symlinks resolved first, must belong to root or the process's
/// user and be writable by no group and no others. What is wrong comes back as an error on the file as a whole. Of a file that
/// does not exist only the directory is judged: that it is missing is for load_settings and load_policy to say.
std::optional<Diagnostic> check_ownership(const std::string& path);

/// Every key of both files as Markdown tables, from the declarations that the reader uses.
std::string reference_markdown();

}  // namespace durward::config
