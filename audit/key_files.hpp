#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/keys.hpp"
#include "policy/outcome.hpp"

/// Where keys live (deploy/docs/ledger.md, "Keys"). Every error is one sentence for the operator and names the file, never its
/// content.
namespace durward::audit {

/// A string that is a result, where an error is a string too.
struct Text {
  std::string value;
};

/// The signing key that a `key_ref` names: `file:///absolute/path`, `file://${CREDENTIALS_DIRECTORY}/name` or `env://NAME`.
/// base: the folder that a relative file reference (`file://./…`) starts from; empty: relative references are refused.
/// A file's symlinks are resolved first; where DURWARD_KEY_DIRS (or SEC0_SIGNER_KEY_DIRS; colon-separated) is set, the
/// file must lie below one of its folders.
policy::Outcome<SigningKey, std::string> load_signing_key(const std::string& key_ref, const std::string& base = {});

/// The keyring that `keyring: file://…` names; an empty reference means keyring.json beside the signing key.
policy::Outcome<Keyring, std::string> load_keyring(const std::string& keyring_ref, const std::string& key_ref,
                                                   const std::string& base = {});

/// The absolute path behind a `file://` reference; an error for any other. The file need not exist.
policy::Outcome<std::filesystem::path, std::string> file_of(const std::string& reference, const std::string& base = {});

struct NewKeys {
  std::string path;  // the signing key's file
  std::string origin;
  std::string public_key;  // 32 raw bytes
};

/// `durward keys init`: makes the signing key, `keyring.json` and `origin` beside it. Files are created exclusively
/// with mode 0600, missing folders with 0700. Nothing that exists is ever replaced: a file that is there is an error,
/// except a keyring or an origin, which are kept. origin may be empty: then it is `durward.invalid/` and 32 random hex digits.
policy::Outcome<NewKeys, std::string> init_keys(const std::string& path, const std::string& origin,
                                                const std::vector<std::string>& tenants, std::string_view now_rfc3339);

/// Whether a log may have this name: it stands in what is signed, between line feeds.
bool valid_origin(std::string_view origin);
std::string random_origin();
/// The origin that the file holds, or, where there is none, the wanted one (or a random one), written there. An error if it
/// holds another than the wanted one: an origin never changes.
policy::Outcome<Text, std::string> settle_origin(const std::string& file, const std::string& wanted);
/// The first half of it: the origin that the file holds, or nothing where there is no file. Writes nothing.
policy::Outcome<std::optional<Text>, std::string> kept_origin(const std::string& file, const std::string& wanted);
/// Makes missing folders, all with mode 0700.
policy::Outcome<void, std::string> make_folders(const std::filesystem::path& folder);
/// Whether make_folders would succeed now, and its error if not. Makes nothing.
policy::Outcome<void, std::string> could_make_folders(const std::filesystem::path& folder);

/// SubjectPublicKeyInfo in PEM (RFC 8410).
std::string public_pem(std::string_view public_key);
/// `<origin>+<8 hex digits>+<base64(0x01 ‖ key)>` (C2SP signed-note).
std::string verifier_key(std::string_view origin, std::string_view public_key);
/// The raw public key in text that holds a PEM block, a C2SP verifier key, or the base64 of 32 bytes; the output of `keys
/// public` holds the first two. Errors are one sentence.
policy::Outcome<Text, std::string> parse_public_key(std::string_view text);

/// Whole files, for what is small and not secret. Errors are one sentence.
policy::Outcome<Text, std::string> read_text_file(const std::string& path, std::size_t at_most);
/// Creates path with exactly this mode and content, and makes both it and its folder durable; an error if it exists.
policy::Outcome<void, std::string> create_file(const std::string& path, std::string_view content, unsigned mode);

}  // namespace durward::audit
