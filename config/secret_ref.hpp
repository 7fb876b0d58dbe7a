#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "config/secret.hpp"

/// What a secret reference stands for: `file:///absolute/path`, `file://${CREDENTIALS_DIRECTORY}/name` (systemd's
/// LoadCredential=) or `env://NAME`. The one loader of secrets, whatever they are for. Files are read at each call, so that a
/// reload finds what has changed.
namespace durward::config {

enum class RefFault : std::uint8_t {
  missing,      // nothing is there, or it cannot be opened
  exposed,      // there, but others can read or change it
  unsuitable,   // there, but empty, too large, or no regular file
  unsupported,  // another kind of reference
};

/// A secret, or why there is none.
struct SecretRead {
  std::optional<Secret> secret;
  RefFault fault = RefFault::missing;  // where there is none
  std::string problem;                 // likewise: a sentence without path, name or content
  std::string place;                   // the file or the reference, for messages that may name it
};

/// The file that a reference names. base: where a relative one starts; empty: it is refused.
struct RefFile {
  std::string path;  // empty: see problem
  std::string problem;
};
RefFile file_of_ref(const std::string& reference, const std::string& base = {});

inline constexpr std::size_t kSecretFileBytes = 1U << 20;

/// The content of a file, byte for byte. Symlinks are followed first. The file must be a regular one of root's or of this
/// process's user, with no access for others, nor for its group unless root gave it to a group of ours; nobody else may be able
/// to replace it.
SecretRead read_secret_file(const std::string& path, std::size_t most = kSecretFileBytes);

/// Either form, byte for byte.
SecretRead read_secret_ref(const std::string& reference, std::size_t most = kSecretFileBytes, const std::string& base = {});

/// The same without the one line end that editors and `echo` put behind a line of text.
SecretRead read_secret_text(const std::string& reference, std::size_t most);

}  // namespace durward::config
