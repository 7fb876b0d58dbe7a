#include "policy/jose/certificate.hpp"

#include <openssl/x509v3.h>

#include <algorithm>

#include "policy/jose/openssl.hpp"

namespace durward::jose {
namespace {

constexpr std::size_t kMaxUri = 2048;
constexpr std::string_view kSpiffe = "spiffe://";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }

std::string_view view(const ASN1_STRING* text) {
  const int length = ASN1_STRING_length(text);
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(std::max(length, 0))};
}

/// RFC 1123, in lower case, and no address: its last label has a letter.
bool is_host(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  std::string_view last;
  for (std::string_view rest = name;;) {
    last = rest.substr(0, rest.find('.'));
    const auto fits = [](char c) { return is_small(c) || is_digit(c) || c == '-'; };
    if (last.empty() || last.size() > 63 || last.front() == '-' || last.back() == '-') return false;
    if (!std::all_of(last.begin(), last.end(), fits)) return false;
    if (last.size() == rest.size()) break;
    rest.remove_prefix(last.size() + 1);
  }
  return std::any_of(last.begin(), last.end(), is_small);
}

/// Visible ASCII after a scheme (RFC 3986 section 3.1).
bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (text.size() > kMaxUri || colon == std::string_view::npos || colon == 0 || !is_small(lower(text.front()))) return false;
  const auto in_scheme = [](char c) { return is_small(lower(c)) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), in_scheme) &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

Outcome<void> add_name(const GENERAL_NAME& name, CertificateIdentity& out) {
  if (name.type == GEN_URI) {
    const std::string_view uri = view(name.d.uniformResourceIdentifier);
    if (!is_uri(uri)) return Fault::certificate_name;
    out.uris.emplace_back(uri);
  } else if (name.type == GEN_DNS) {
    std::string host(view(name.d.dNSName));
    std::transform(host.begin(), host.end(), host.begin(), lower);
    if (!is_host(host)) return Fault::certificate_name;
    out.dns.push_back(std::move(host));
  }
  if (out.uris.size() + out.dns.size() > CertificateIdentity::kMaxNames) return Fault::certificate_name;
  return {};
}

Outcome<void> read_names(const X509* certificate, CertificateIdentity& out) {
  int state = 0;
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, &state, nullptr)));
  if (!names) return state == -1 ? Fault::certificate_unnamed : Fault::certificate_malformed;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    if (auto added = add_name(*sk_GENERAL_NAME_value(names.get(), i), out); !added) return added;
  }
  if (out.uris.empty() && out.dns.empty()) return Fault::certificate_unnamed;
  return {};
}

Outcome<void> read_spiffe(CertificateIdentity& out) {
  const auto claims_it = [](const std::string& uri) {
    std::string scheme = uri.substr(0, uri.find(':'));
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
    return scheme == "spiffe";
  };
  const auto found = std::find_if(out.uris.begin(), out.uris.end(), claims_it);
  if (found == out.uris.end()) return {};
  if (out.uris.size() != 1) return Fault::spiffe_ambiguous;
  if (!is_spiffe_id(*found)) return Fault::spiffe_malformed;
  out.spiffe = *found;
  return {};
}

std::optional<std::int64_t> seconds_of(const ASN1_TIME* time) {
  const Owned<ASN1_TIME, ASN1_TIME_free> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return std::nullopt;
  return std::int64_t{days} * 86'400 + seconds;
}

}  // namespace

bool is_spiffe_id(std::string_view text) noexcept {
  if (text.size() > kMaxUri || text.substr(0, kSpiffe.size()) != kSpiffe) return false;
  text.remove_prefix(kSpiffe.size());
  const std::string_view domain = text.substr(0, text.find('/'));
  const auto in_domain = [](char c) { return is_small(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; };
  const auto in_segment = [in_domain](char c) { return in_domain(lower(c)); };
  if (domain.empty() || domain.size() > 255 || !std::all_of(domain.begin(), domain.end(), in_domain)) return false;
  text.remove_prefix(domain.size());
  if (text.empty()) return false;
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view segment = text.substr(0, text.find('/'));
    if (segment.empty() || segment == "." || segment == "..") return false;
    if (!std::all_of(segment.begin(), segment.end(), in_segment)) return false;
    text.remove_prefix(segment.size());
  }
  return true;
}

Outcome<CertificateIdentity> CertificateIdentity::parse(std::string_view der) {
  if (der.size() > kMaxBytes) return Fault::certificate_too_long;
  const ErrorMark mark;
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = at + der.size();
  const Owned<X509, X509_free> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != end) return Fault::certificate_malformed;
  if ((X509_get_extension_flags(certificate.get()) & EXFLAG_INVALID) != 0) return Fault::certificate_malformed;
  if (X509_check_ca(certificate.get()) != 0) return Fault::certificate_authority;
  CertificateIdentity out;
  if (auto read = read_names(certificate.get(), out); !read) return read.error();
  if (auto read = read_spiffe(out); !read) return read.error();
  const auto expiry = seconds_of(X509_get0_notAfter(certificate.get()));
  if (!expiry) return Fault::certificate_malformed;
  out.expiry = *expiry;
  out.thumbprint = crypto::sha256(der);
  return out;
}

}  // namespace durward::jose
