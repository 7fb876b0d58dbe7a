#include "policy/jose/token.hpp"

#include <algorithm>

#include "policy/jose/text.hpp"

namespace durward::jose {
namespace {

using json::Kind;
using json::Value;

/// A claim that may be absent, and is of its form if it is there.
Outcome<void> read_text(Value claim, std::string& out, Fault malformed) {
  if (!claim) return {};
  auto text = clean_text(claim);
  if (!text) return malformed;
  out = *std::move(text);
  return {};
}

Outcome<void> read_date(Value claim, Round round, std::optional<std::int64_t>& out, Fault malformed) {
  if (!claim) return {};
  out = date(claim, round);
  if (!out) return malformed;
  return {};
}

Outcome<void> read_hash(Value claim, std::optional<crypto::Hash>& out) {
  if (!claim) return {};
  out = hash_text(claim);
  if (!out) return Fault::confirmation_malformed;
  return {};
}

Outcome<void> read_audiences(Value claim, std::vector<std::string>& out) {
  if (!claim) return {};
  auto add = [&out](Value each) {
    auto text = clean_text(each);
    if (!text) return false;
    out.push_back(*std::move(text));
    return true;
  };
  if (!claim.is(Kind::array)) return add(claim) ? Outcome<void>() : Fault::audience_malformed;
  for (const Value each : claim.elements()) {
    if (!add(each)) return Fault::audience_malformed;
  }
  return {};
}

/// scope-token of RFC 6749 section 3.3.
bool is_scope(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

void add_scope(std::string_view scope, std::vector<std::string>& out) {
  if (std::find(out.begin(), out.end(), scope) == out.end()) out.emplace_back(scope);
}

/// Scopes with one space between them; an empty text is what some issuers write for none.
bool split_scopes(std::string_view text, std::vector<std::string>& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (!is_scope(text.substr(0, end)) || end + 1 == text.size()) return false;
    add_scope(text.substr(0, end), out);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

Outcome<void> read_scopes(Value claims, std::vector<std::string>& out) {
  const Value scope = claims.find("scope");
  const Value listed = claims.find("scp");
  const Value source = scope ? scope : listed;
  if (!source) return {};
  if (source.is(Kind::string)) {
    if (split_scopes(source.string(), out)) return {};
    return Fault::scope_malformed;
  }
  if (scope || !listed.is(Kind::array)) return Fault::scope_malformed;
  for (const Value each : listed.elements()) {
    const std::string text = each.string();
    if (!is_scope(text)) return Fault::scope_malformed;
    add_scope(text, out);
  }
  return {};
}

/// RFC 7800: whoever presents the token must prove something. What cannot be checked must not be taken for a bearer token.
Outcome<void> read_confirmation(Value claim, Registered& out) {
  if (!claim) return {};
  if (!claim.is(Kind::object)) return Fault::confirmation_malformed;
  if (auto read = read_hash(claim.find("jkt"), out.proof_key); !read) return read;
  if (auto read = read_hash(claim.find("x5t#S256"), out.certificate); !read) return read;
  if (!out.proof_key && !out.certificate) return Fault::confirmation_unknown;
  return {};
}

Outcome<Registered> read_registered(Value claims) {
  Registered out;
  if (!claims.find("iss")) return Fault::issuer_missing;
  if (auto read = read_text(claims.find("iss"), out.issuer, Fault::issuer_malformed); !read) return read.error();
  if (auto read = read_text(claims.find("sub"), out.subject, Fault::subject_malformed); !read) return read.error();
  if (auto read = read_audiences(claims.find("aud"), out.audiences); !read) return read.error();
  if (auto read = read_date(claims.find("exp"), Round::down, out.expiry, Fault::expiry_malformed); !read) return read.error();
  if (auto read = read_date(claims.find("nbf"), Round::up, out.not_before, Fault::not_before_malformed); !read)
    return read.error();
  if (auto read = read_date(claims.find("iat"), Round::up, out.issued_at, Fault::issued_at_malformed); !read)
    return read.error();
  if (auto read = read_text(claims.find("jti"), out.id, Fault::id_malformed); !read) return read.error();
  if (auto read = read_scopes(claims, out.scopes); !read) return read.error();
  if (auto read = read_confirmation(claims.find("cnf"), out); !read) return read.error();
  return out;
}

}  // namespace

Outcome<Token> read(std::string_view compact) {
  TRY(Jws jws, Jws::parse(compact));
  TRY(json::Document claims, claims_object(std::move(jws.payload)));
  TRY(Registered registered, read_registered(claims.root()));
  registered.type = jws.type;
  return Token(std::move(jws), std::move(registered), std::move(claims));
}

Outcome<Claims> verify(Token token, const PublicKey& key) {
  if (key.algorithm() != token.algorithm()) return Fault::key_algorithm;
  if (auto good = key.check(token.jws_.input, token.jws_.signature); !good) return good.error();
  return std::move(token.claims_);
}

}  // namespace durward::jose
