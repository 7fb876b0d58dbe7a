#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "policy/digest.hpp"
#include "policy/jose/fault.hpp"
#include "policy/json.hpp"

/// How the parts of a token are read. Internal to policy/jose.
namespace durward::jose {

/// A string that may name somebody or something: not empty, no control character (C0, DEL), no half of a surrogate pair.
std::optional<std::string> clean_text(json::Value value);

/// The same, of at most that many bytes.
std::optional<std::string> clean_text(json::Value value, std::size_t most);

/// A SHA-256 as base64url.
std::optional<crypto::Hash> hash_text(json::Value value);

/// A NumericDate (RFC 7519 section 2): a JSON number from 0 to the end of the year 9999, in seconds.
enum class Round : std::uint8_t { down, up };
std::optional<std::int64_t> date(json::Value value, Round round);

/// A media type as `typ` and `cty` have it, in lower case and without `application/` (RFC 7515 section 4.1.9).
std::string media_type(std::string_view text);

/// A JSON object. The faults are those of one that is no JSON, that repeats a name, and that is no object.
Outcome<json::Document> object(std::string text, const json::Limits& limits, Fault not_json, Fault repeats, Fault not_object);

/// The object that a JWT's payload is.
Outcome<json::Document> claims_object(std::string payload);

}  // namespace durward::jose
