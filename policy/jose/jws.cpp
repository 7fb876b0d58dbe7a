#include "policy/jose/jws.hpp"

#include <array>

#include "policy/jose/text.hpp"

namespace durward::jose {
namespace {

using json::Value;

struct Parts {
  std::string_view header, payload, signature;
};

Outcome<Parts> split(std::string_view compact) {
  if (compact.size() > Jws::kMaxBytes) return Fault::token_too_long;
  std::array<std::size_t, 5> ends{};
  std::size_t count = 0;
  for (std::size_t at = compact.find('.'); at != std::string_view::npos; at = compact.find('.', at + 1)) {
    if (count == 4) return Fault::token_not_three_parts;
    ends[count++] = at;
  }
  if (count == 4) return Fault::token_encrypted;
  if (count != 2) return Fault::token_not_three_parts;
  const std::string_view signature = compact.substr(ends[1] + 1);
  return Parts{compact.substr(0, ends[0]), compact.substr(ends[0] + 1, ends[1] - ends[0] - 1), signature};
}

/// What would let a token change how it is verified.
Outcome<void> refuse_extensions(Value header, Jws::Embedded embedded) {
  if (header.find("crit")) return Fault::header_critical;
  if (header.find("jku") || header.find("x5u")) return Fault::header_key_url;
  const bool brings_key = header.find("jwk") && embedded == Jws::Embedded::refused;
  if (brings_key || header.find("x5c")) return Fault::header_embeds_key;
  if (header.find("b64")) return Fault::header_unencoded;
  if (header.find("zip")) return Fault::header_compressed;
  if (const Value content = header.find("cty")) {
    const auto text = clean_text(content);
    if (!text || media_type(*text) == "jwt") return Fault::header_nested;
  }
  return {};
}

Outcome<void> read_names(Value header, Jws& jws) {
  if (const Value kid = header.find("kid")) {
    jws.kid = clean_text(kid, Jws::kMaxKid);
    if (!jws.kid) return Fault::kid_malformed;
  }
  if (const Value type = header.find("typ")) {
    const auto text = clean_text(type, Jws::kMaxKid);
    if (!text) return Fault::type_malformed;
    jws.type = media_type(*text);
  }
  return {};
}

Outcome<void> read_header(Value header, Jws::Embedded embedded, Jws& jws) {
  const Value alg = header.find("alg");
  if (!alg) return Fault::algorithm_missing;
  if (!alg.is(json::Kind::string)) return Fault::algorithm_unknown;
  auto algorithm = read_algorithm(alg.string());
  if (!algorithm) return algorithm.error();
  jws.algorithm = *algorithm;
  if (auto refused = refuse_extensions(header, embedded); !refused) return refused.error();
  if (auto names = read_names(header, jws); !names) return names.error();
  if (embedded == Jws::Embedded::refused) return {};
  const Value jwk = header.find("jwk");
  if (!jwk) return Fault::proof_key_missing;
  TRY(jws.key, PublicKey::parse_embedded(jwk, jws.algorithm));
  return {};
}

}  // namespace

Outcome<Jws> Jws::parse(std::string_view compact, Embedded embedded) {
  constexpr json::Limits kLimits{8, 512};
  TRY(const Parts parts, split(compact));
  auto header = crypto::from_base64url(parts.header);
  if (!header) return Fault::header_not_base64url;
  TRY(const json::Document document,
      object(*std::move(header), kLimits, Fault::header_not_json, Fault::header_repeats_member, Fault::header_not_object));
  Jws jws;
  if (auto read = read_header(document.root(), embedded, jws); !read) return read.error();
  auto payload = crypto::from_base64url(parts.payload);
  if (!payload) return Fault::payload_not_base64url;
  if (parts.signature.empty()) return Fault::signature_missing;
  auto signature = crypto::from_base64url(parts.signature);
  if (!signature) return Fault::signature_not_base64url;
  jws.payload = *std::move(payload);
  jws.signature = *std::move(signature);
  jws.input = compact.substr(0, parts.header.size() + 1 + parts.payload.size());
  return jws;
}

}  // namespace durward::jose
