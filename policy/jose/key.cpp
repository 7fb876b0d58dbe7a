#include "policy/jose/key.hpp"

#include <sodium.h>

#include <algorithm>
#include <optional>

#include "policy/jose/jws.hpp"
#include "policy/jose/key_import.hpp"
#include "policy/jose/openssl.hpp"
#include "policy/jose/text.hpp"

namespace durward::jose {
namespace {

using json::Value;

struct AlgorithmName {
  std::string_view name;
  Algorithm algorithm;
};
constexpr std::array<AlgorithmName, 5> kAlgorithms = {{{"RS256", Algorithm::rs256},
                                                       {"PS256", Algorithm::ps256},
                                                       {"ES256", Algorithm::es256},
                                                       {"ES384", Algorithm::es384},
                                                       {"EdDSA", Algorithm::eddsa}}};

struct Curve {
  std::string_view name;
  std::size_t bytes;  // of a coordinate
  Algorithm algorithm;
};
constexpr std::array<Curve, 2> kCurves = {{{"P-256", 32, Algorithm::es256}, {"P-384", 48, Algorithm::es384}}};

constexpr std::size_t kLeastBits = 2048;
constexpr std::size_t kMostBits = 8192;
constexpr std::size_t kMostEmbeddedBits = 4096;

/// Of a number of base64urlUInt (RFC 7518 section 2) written in full: no leading zero byte.
std::optional<std::string> unsigned_number(Value value) {
  const auto text = value.plain();
  auto bytes = text ? crypto::from_base64url(*text) : std::nullopt;
  if (!bytes || bytes->empty() || bytes->front() == '\0') return std::nullopt;
  return bytes;
}

std::optional<std::string> exactly(Value value, std::size_t size) {
  const auto text = value.plain();
  auto bytes = text ? crypto::from_base64url(*text) : std::nullopt;
  if (!bytes || bytes->size() != size) return std::nullopt;
  return bytes;
}

std::size_t bits(const std::string& number) {
  std::size_t count = number.size() * 8;
  for (auto first = static_cast<unsigned char>(number.front()); (first & 0x80) == 0;
       first = static_cast<unsigned char>(first << 1))
    --count;
  return count;
}

bool odd(const std::string& number) { return (static_cast<unsigned char>(number.back()) & 1) == 1; }

Outcome<void> check_exponent(const std::string& exponent) {
  if (exponent.size() > 4 || !odd(exponent)) return Fault::key_exponent;
  std::uint32_t value = 0;
  for (const char c : exponent) value = value << 8 | static_cast<unsigned char>(c);
  if (value < 65537) return Fault::key_exponent;
  return {};
}

/// RFC 7638: the required members in the order of their names. Their values have one form only.
crypto::Hash thumbprint_of(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
  std::string text;
  for (const auto& [name, value] : members) {
    text.append(text.empty() ? "{\"" : ",\"").append(name).append("\":\"").append(value).append("\"");
  }
  return crypto::sha256(text.append("}"));
}

bool is_private(Value jwk) {
  constexpr std::array<std::string_view, 9> kSecrets = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"};
  const auto there = [jwk](std::string_view name) { return static_cast<bool>(jwk.find(name)); };
  return jwk.find("kty").equals("oct") || std::any_of(kSecrets.begin(), kSecrets.end(), there);
}

Outcome<void> check_use(Value jwk) {
  const Value use = jwk.find("use");
  if (use && !use.equals("sig")) return Fault::key_use;
  const Value operations = jwk.find("key_ops");
  if (!operations) return {};
  bool verifies = false;
  for (const Value operation : operations.elements()) verifies |= operation.equals("verify");
  if (!verifies) return Fault::key_use;
  return {};
}

}  // namespace

std::string_view name(Algorithm algorithm) noexcept { return kAlgorithms[static_cast<std::size_t>(algorithm)].name; }

Outcome<Algorithm> read_algorithm(std::string_view alg) {
  for (const AlgorithmName& each : kAlgorithms) {
    if (each.name == alg) return each.algorithm;
  }
  std::string lower(alg);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(c | 0x20); });
  if (lower == "none") return Fault::algorithm_none;
  return lower.compare(0, 2, "hs") == 0 ? Fault::algorithm_symmetric : Fault::algorithm_unknown;
}

class KeyReader {
 public:
  KeyReader(Value jwk, std::optional<Algorithm> signature) : jwk_(jwk), signature_(signature) {}

  Outcome<PublicKey> read() {
    if (!jwk_.is(json::Kind::object)) return Fault::key_malformed;
    if (is_private(jwk_)) return Fault::key_private;
    if (auto use = check_use(jwk_); !use) return use.error();
    if (const Value kid = jwk_.find("kid")) {
      auto text = clean_text(kid, Jws::kMaxKid);
      if (!text) return Fault::kid_malformed;
      key_.kid_ = *std::move(text);
    }
    const ErrorMark mark;
    const auto read = of_type();
    if (!read) return read.error();
    return std::move(key_);
  }

 private:
  Outcome<void> of_type() {
    const Value type = jwk_.find("kty");
    if (type.equals("RSA")) return rsa();
    if (type.equals("EC")) return ec();
    if (type.equals("OKP")) return okp();
    return Fault::key_type_unknown;
  }

  /// The algorithm is what `alg` says, if this type of key has it, else what the type alone says.
  Outcome<void> fix_algorithm(Algorithm usual, std::optional<Algorithm> other = {}) {
    key_.algorithm_ = usual;
    const Value alg = jwk_.find("alg");
    if (!alg) return {};
    const auto read = read_algorithm(alg.string());
    if (!read || (*read != usual && *read != other)) return Fault::key_algorithm_unknown;
    key_.algorithm_ = *read;
    return {};
  }

  Outcome<void> rsa() {
    const bool pss = signature_ == Algorithm::ps256;
    auto fixed = fix_algorithm(pss ? Algorithm::ps256 : Algorithm::rs256, pss ? Algorithm::rs256 : Algorithm::ps256);
    if (!fixed) return fixed;
    const auto modulus = unsigned_number(jwk_.find("n"));
    const auto exponent = unsigned_number(jwk_.find("e"));
    if (!modulus || !exponent || !odd(*modulus)) return Fault::key_malformed;
    if (bits(*modulus) < kLeastBits) return Fault::key_too_short;
    if (bits(*modulus) > (signature_ ? kMostEmbeddedBits : kMostBits)) return Fault::key_too_long;
    if (auto good = check_exponent(*exponent); !good) return good;
    auto key = import_rsa(*modulus, *exponent);
    if (!key) return Fault::key_malformed;
    key_.key_ = std::move(key);
    key_.thumbprint_ = thumbprint_of({{"e", crypto::base64url(*exponent)}, {"kty", "RSA"}, {"n", crypto::base64url(*modulus)}});
    return {};
  }

  Outcome<void> ec() {
    const Value name = jwk_.find("crv");
    const auto* const curve =
        std::find_if(kCurves.begin(), kCurves.end(), [name](const Curve& each) { return name.equals(each.name); });
    if (curve == kCurves.end()) return Fault::key_curve_unknown;
    if (auto fixed = fix_algorithm(curve->algorithm); !fixed) return fixed;
    const auto x = exactly(jwk_.find("x"), curve->bytes);
    const auto y = exactly(jwk_.find("y"), curve->bytes);
    if (!x || !y) return Fault::key_malformed;
    auto key = import_ec(std::string(curve->name), "\x04" + *x + *y);
    if (!key) return Fault::key_point;
    key_.key_ = std::move(key);
    key_.thumbprint_ =
        thumbprint_of({{"crv", curve->name}, {"kty", "EC"}, {"x", crypto::base64url(*x)}, {"y", crypto::base64url(*y)}});
    return {};
  }

  Outcome<void> okp() {
    if (!jwk_.find("crv").equals("Ed25519")) return Fault::key_curve_unknown;
    if (auto fixed = fix_algorithm(Algorithm::eddsa); !fixed) return fixed;
    PublicKey::Ed25519 point{};
    const auto x = exactly(jwk_.find("x"), point.size());
    if (!x) return Fault::key_malformed;
    std::copy(x->begin(), x->end(), point.begin());
    if (crypto_core_ed25519_is_valid_point(point.data()) != 1) return Fault::key_point;
    key_.key_ = point;
    key_.thumbprint_ = thumbprint_of({{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", crypto::base64url(*x)}});
    return {};
  }

  Value jwk_;
  std::optional<Algorithm> signature_;  // of an embedded key
  PublicKey key_;
};

Outcome<PublicKey> PublicKey::parse(json::Value jwk) { return KeyReader(jwk, std::nullopt).read(); }
Outcome<PublicKey> PublicKey::parse_embedded(json::Value jwk, Algorithm signature) { return KeyReader(jwk, signature).read(); }

}  // namespace durward::jose
