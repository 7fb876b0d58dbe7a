#include <algorithm>
#include <array>

#include "policy/compile.hpp"
#include "policy/explain.hpp"

namespace durward::policy {
namespace {

using json::Kind;
using json::Value;
using Names = std::vector<std::string>;

/// One object: every member of it must be asked for.
class Reader {
 public:
  Reader(Value object, std::string at) : object_(object), at_(std::move(at)) {
    if (!object.is(Kind::object)) fail("", "must be an object");
  }
  Value value(std::string_view name) {
    asked_.emplace_back(name);
    return object_.find(name);
  }
  void text(std::string_view name, std::string& out) {
    const Value found = value(name);
    if (found && !found.is(Kind::string)) fail(name, "must be text");
    if (found) out = found.string();
  }
  void texts(std::string_view name, Names& out) {
    const Value found = value(name);
    if (found && !found.is(Kind::array)) fail(name, "must be a list of texts");
    for (const Value one : found.elements()) {
      if (!one.is(Kind::string)) fail(name, "must be a list of texts");
      out.push_back(one.string());
    }
  }
  void integer(std::string_view name, std::int64_t& out) {
    const Value found = value(name);
    if (found && !found.integer()) fail(name, "must be a whole number");
    if (found) out = found.integer().value_or(0);
  }
  void fail(std::string_view name, std::string_view why) {
    if (problem_.empty()) problem_ = at_ + (name.empty() ? "" : "/" + std::string(name)) + " " + std::string(why);
  }
  /// Empty: all is well.
  std::string finish() {
    for (const json::Member member : object_.members()) {
      const std::string name = member.key.string();
      if (std::find(asked_.begin(), asked_.end(), name) == asked_.end()) fail(name, "is not known" + suggestion(name, asked_));
    }
    return problem_;
  }

 private:
  Value object_;
  std::string at_, problem_;
  Names asked_;
};

std::string read_who(Value value, Identity& who) {
  Reader in(value, "/principal");
  for (const auto& [name, out] : {std::pair<std::string_view, std::string*>{"tenant", &who.tenant},
                                  {"issuer", &who.issuer},
                                  {"subject", &who.subject},
                                  {"client_id", &who.client_id},
                                  {"email", &who.email}})
    in.text(name, *out);
  in.texts("groups", who.groups);
  in.texts("roles", who.roles);
  in.texts("scopes", who.scopes);
  std::string method = "jwt";
  in.text("method", method);
  bool known = false;
  for (std::size_t i = 0; i < kAuthnMethods; ++i) {
    if (name(static_cast<AuthnMethod>(i)) != method) continue;
    who.method = static_cast<AuthnMethod>(i);
    known = true;
  }
  if (!known) in.fail("method", "must be a method of authentication: jwt, api_key, mtls or anonymous");
  const Value claims = in.value("claims");
  for (const json::Member claim : claims.members()) {
    Names values;
    if (claim.value.is(Kind::string)) values.push_back(claim.value.string());
    for (const Value one : claim.value.elements()) values.push_back(one.string());
    who.claims.emplace_back(claim.key.string(), std::move(values));
  }
  return in.finish();
}

void read_listing(Reader& in, Listing& out) {
  std::string listing = "listed";
  in.text("listing", listing);
  if (listing == "unlisted") out = Listing::unlisted;
  if (listing == "unavailable") out = Listing::unavailable;
  if (listing != "listed" && listing != "unlisted" && listing != "unavailable")
    in.fail("listing", "must be listed, unlisted or unavailable");
}

}  // namespace

Outcome<Supposed, std::string> read_supposed(Value request, std::int64_t now) {
  Supposed out;
  Reader in(request, "");
  in.text("server", out.server);
  if (out.server.empty()) in.fail("server", "is missing");
  const std::pair<std::string_view, std::pair<std::string_view, Target>> targets[] = {
      {"tool", {"tools/call", Target::tool}},
      {"prompt", {"prompts/get", Target::prompt}},
      {"resource", {"resources/read", Target::resource}}};
  int named = 0;
  for (const auto& [member, use] : targets) {
    std::string name;
    in.text(member, name);
    if (name.empty()) continue;
    ++named;
    out.name = std::move(name);
    out.method = use.first;
    out.target = use.second;
  }
  std::string method;
  in.text("method", method);
  if (!method.empty()) {
    ++named;
    out.method = std::move(method);
    out.target = Target::none;
  }
  in.text("version", out.version);
  read_listing(in, out.listing);
  out.call.arguments = in.value("arguments");
  out.schema = in.value("schema");
  out.call.now = now;
  in.integer("time", out.call.now);
  std::string problem;
  if (const Value who = in.value("principal")) problem = read_who(who, out.who);
  if (problem.empty()) problem = in.finish();
  if (problem.empty() && named != 1) problem = "exactly one of /tool, /prompt, /resource and /method must be named";
  if (!problem.empty()) return problem;
  return out;
}

}  // namespace durward::policy
