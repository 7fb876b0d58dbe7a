#include "gateway/head.hpp"

#include <algorithm>
#include <string>

#include "gateway/strict.hpp"

namespace durward::gateway {
namespace {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

constexpr FieldIndex kHost = field_index("host"), kExpect = field_index("expect"), kConnection = field_index("connection"),
                     kLength = field_index("content-length"), kType = field_index("content-type"),
                     kCoding = field_index("transfer-encoding");

/// What one look at the fields has found.
struct Seen {
  std::uint64_t fields = 0;  // a bit for each of kFields
  std::string_view host, length;
  bool chunked = false;                    // the last transfer coding so far
  bool coded = false;                      // another transfer coding
  bool close = false, keep_alive = false;  // options of Connection
  bool has(FieldIndex i) const { return (fields >> i & 1) != 0; }
};

Violation no(std::string detail) { return {Reason::http_malformed, std::move(detail)}; }
Outcome<void> malformed(std::string detail) { return no(std::move(detail)); }

/// Calls `each` with the elements of a comma-separated list, until one is refused.
template <class Each>
Outcome<void> for_elements(std::string_view list, Each each) {
  for (bool more = true; more;) {
    const std::size_t comma = list.find(',');
    more = comma != std::string_view::npos;
    if (auto checked = each(trimmed(list.substr(0, comma))); !checked) return checked;
    if (more) list.remove_prefix(comma + 1);
  }
  return {};
}

Outcome<void> add_options(Seen& seen, std::string_view value) {
  return for_elements(value, [&seen](std::string_view option) -> Outcome<void> {
    if (option.empty()) return {};
    if (!is_token(option)) return malformed("a Connection option that is not a token");
    if (is_protected(option)) return malformed("Connection nominates a field that the gateway reads");
    if (same_name(option, "close")) seen.close = true;
    if (same_name(option, "keep-alive")) seen.keep_alive = true;
    return {};
  });
}

Outcome<void> add_codings(Seen& seen, std::string_view value) {
  return for_elements(value, [&](std::string_view coding) -> Outcome<void> {
    if (!is_token(coding)) return malformed("a transfer coding that is not a token");
    if (seen.chunked) return malformed("a transfer coding after chunked");
    (same_name(coding, "chunked") ? seen.chunked : seen.coded) = true;
    return {};
  });
}

// A field that stands for a known one where a server takes `_` for `-`, as CGI and its heirs do.
bool in_disguise(std::string_view name) {
  if (name.size() > kFields.back().name.size() || name.find('_') == std::string_view::npos) return false;
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '_', '-');
  const FieldIndex known = field_index(plain);
  return known == kCoding || (known != kUnknownField && kFields[known].once);
}

Outcome<void> add_field(Seen& seen, FieldIndex known, std::string_view value) {
  if (seen.has(known) && kFields[known].once) {
    if (kFields[known].name.starts_with("mcp-")) return Violation(Reason::header_mismatch, "an Mcp- field stands twice");
    return malformed("a field that may stand once stands twice");
  }
  seen.fields |= std::uint64_t{1} << known;
  if (known == kHost) seen.host = value;
  if (known == kLength) seen.length = value;
  if (known == kConnection) return add_options(seen, value);
  if (known == kCoding) return add_codings(seen, value);
  if (known == kExpect && !same_name(value, "100-continue")) return malformed("an Expect other than 100-continue");
  return {};
}

// Mcp-Param-* and whatever else MCP will name: none may stand twice.
Outcome<void> check_twins(std::vector<std::string_view>& names) {
  const auto less = [](std::string_view a, std::string_view b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](char x, char y) { return lower(x) < lower(y); });
  };
  std::sort(names.begin(), names.end(), less);
  if (std::adjacent_find(names.begin(), names.end(), same_name) == names.end()) return {};
  return Violation(Reason::header_mismatch, "an Mcp- field stands twice");
}

Outcome<Seen> look_through(const Head& head) {
  Seen seen;
  std::vector<std::string_view> others;  // of MCP's
  for (const Field& field : head.fields) {
    const FieldIndex known = field_index(field.name);
    if (known != kUnknownField) {
      if (auto added = add_field(seen, known, trimmed(field.value)); !added) return std::move(added).error();
    } else if (starts_with_name(field.name, "mcp-")) {
      others.push_back(field.name);
    } else if (in_disguise(field.name)) {
      return Violation(Reason::http_malformed, "a field name that some would read as another");
    }
  }
  if (others.size() > 1)
    if (auto checked = check_twins(others); !checked) return std::move(checked).error();
  return seen;
}

bool is_length(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// otherwise: where the body ends that neither field frames.
Outcome<Framing> frame(const Seen& seen, unsigned version, Framing::End otherwise) {
  if (seen.has(kLength) && seen.has(kCoding)) return no("both Content-Length and Transfer-Encoding");
  if (seen.has(kLength) && !is_length(seen.length)) return no("a Content-Length that is not a number");
  Framing framing;
  framing.keep_alive = !seen.close && (version == 11 || seen.keep_alive);
  if (seen.has(kLength)) {
    for (const char digit : seen.length) framing.length = framing.length * 10 + static_cast<std::uint64_t>(digit - '0');
    framing.end = framing.length > 0 ? Framing::End::length : Framing::End::at_once;
    return framing;
  }
  if (!seen.has(kCoding)) {
    framing.end = otherwise;
    framing.keep_alive &= otherwise != Framing::End::close;
    return framing;
  }
  if (version != 11) return no("a Transfer-Encoding before HTTP/1.1");
  if (!seen.chunked) return no("a Transfer-Encoding that does not end in chunked");
  if (seen.coded) return Violation(Reason::coding_unknown, "a transfer coding other than chunked");
  framing.end = Framing::End::chunked;
  return framing;
}

bool is_absolute(std::string_view target) {
  return starts_with_name(target, "http://") || starts_with_name(target, "https://");
}

std::string_view authority_of(std::string_view absolute) {
  const std::string_view rest = absolute.substr(absolute.find("//") + 2);
  return rest.substr(0, rest.find_first_of("/?"));
}

Outcome<void> check_target(const Head& head, std::string_view host) {
  const std::string_view target = head.target;
  if (target.find('#') != std::string_view::npos) return malformed("a target with a fragment");
  if (target.starts_with('/') || (target == "*" && head.method == "OPTIONS")) return {};
  if (!is_absolute(target)) return malformed("a target that is neither a path nor a URL");
  if (same_name(authority_of(target), host)) return {};
  return Violation(Reason::host_forbidden, "the target's authority is not the Host");
}

// By some route; each says which it takes.
bool is_served(std::string_view method) {
  return method == "POST" || method == "GET" || method == "DELETE" || method == "OPTIONS" || method == "HEAD";
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_byte(c, Byte::token); });
}

std::string_view trimmed(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!value.empty() && blank(value.front())) value.remove_prefix(1);
  while (!value.empty() && blank(value.back())) value.remove_suffix(1);
  return value;
}

std::string_view Head::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (same_name(field.name, name)) return trimmed(field.value);
  }
  return {};
}

std::size_t Head::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(), [&](const Field& field) { return same_name(field.name, name); }));
}

bool is_protected(std::string_view name) {
  for (const std::string_view prefix : {"mcp-", "x-durward-", "access-control-"}) {
    if (starts_with_name(name, prefix)) return true;
  }
  const FieldIndex known = field_index(name);
  return known != kUnknownField && kFields[known].protected_;
}

bool may_trail(std::string_view name) {
  if (starts_with_name(name, "mcp-") || starts_with_name(name, "x-durward-")) return false;
  const FieldIndex known = field_index(name);
  return known == kUnknownField || known == kType || (known != kCoding && !kFields[known].once);
}

std::string_view path_and_query(std::string_view target) {
  if (!is_absolute(target)) return target;
  const std::string_view authority = authority_of(target);
  const std::string_view rest(authority.end(), static_cast<std::size_t>(target.end() - authority.end()));
  return rest.starts_with('/') ? rest : std::string_view("/");
}

Outcome<Framing> check_request(const Head& head) {
  if (head.version != 11) return Violation(Reason::http_version, "only HTTP/1.1");
  TRY(const Seen seen, look_through(head));
  if (seen.host.empty()) return no("no Host");
  TRY(const Framing framing, frame(seen, head.version, Framing::End::at_once));
  if (!is_served(head.method)) return Violation(Reason::http_method_not_allowed, "a method that no route serves");
  if (auto checked = check_target(head, seen.host); !checked) return std::move(checked).error();
  return framing;
}

Outcome<Framing> check_response(const Head& head, unsigned status) {
  const auto failed = [](const std::string& detail) { return Violation(Reason::upstream_failed, "not HTTP: " + detail); };
  auto seen = look_through(head);
  if (!seen) return failed(seen.error().detail);
  const bool bare = status / 100 == 1 || status == 204 || status == 304;
  auto framing = frame(*seen, head.version, bare ? Framing::End::at_once : Framing::End::close);
  if (!framing) return failed(framing.error().detail);
  if (bare && framing->end != Framing::End::at_once) return failed("a body where the status allows none");
  return framing;
}

}  // namespace durward::gateway
