#include "gateway/show_credential.hpp"

#include <sodium.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "gateway/loop.hpp"
#include "gateway/on_loop.hpp"
#include "gateway/token_answer.hpp"
#include "policy/authn/authorization.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {

constexpr std::string_view kClientCredentials = "grant_type=client_credentials";
constexpr std::string_view kExchange =
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
    "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
    "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token";
constexpr std::size_t kLongestAnswer = 64 << 10;

/// Text that is wiped when it goes.
struct Wiped {
  Wiped() { text.reserve(32 << 10); }  // no copy is left behind by growing
  ~Wiped() { sodium_memzero(text.data(), text.size()); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  std::string text;
};

// application/x-www-form-urlencoded (RFC 6749 appendix B).
void put_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                       c == '_' || c == '*';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

void put_field(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += '&';
  out.append(name).append("=");
  put_encoded(out, value);
}

std::string scopes_of(const config::TokenCredential& tokens) {
  std::string out;
  for (const auto& scope : tokens.scopes) out.append(out.empty() ? "" : " ").append(scope.value);
  return out;
}

// The form of the question. subject: the caller's token, where it is to be exchanged.
void compose(std::string& form, const ServerCredential& credential, std::string_view subject) {
  const config::TokenCredential& tokens = credential.tokens;
  form = credential.exchanged ? kExchange : kClientCredentials;
  if (credential.exchanged) put_field(form, "subject_token", subject);
  if (!tokens.scopes.empty()) put_field(form, "scope", scopes_of(tokens));
  if (tokens.audience) put_field(form, "audience", tokens.audience->value);
  if (tokens.resource) put_field(form, "resource", tokens.resource->value);
  if (tokens.client_auth != config::ClientAuth::post) return;
  put_field(form, "client_id", tokens.client_id.value);
  put_field(form, "client_secret", credential.client_secret.reveal());
}

// RFC 6749 section 2.3.1: both are form-encoded before they become Basic credentials.
void put_basic(Headers& headers, const ServerCredential& credential) {
  Wiped both, value;
  put_encoded(both.text, credential.tokens.client_id.value);
  both.text += ':';
  put_encoded(both.text, credential.client_secret.reveal());
  std::string encoded = crypto::base64(both.text);
  value.text.append("Basic ").append(encoded);
  sodium_memzero(encoded.data(), encoded.size());
  headers.add("authorization", value.text);
}

/// One fetch, with all that it needs of its own: it may outlive the exchange that began it.
struct Fetch {
  Loop* loop;
  std::shared_ptr<const Snapshot> now;
  std::string server;
  TokenStore::Key key{};
  config::Secret subject;
  bool background = false;
  const ServerCredential& credential() const { return *now->credentials->of(server); }
};

Task<Outcome<IssuedToken>> ask(const Fetch& fetch) {
  const ServerCredential& credential = fetch.credential();
  Wiped form;
  compose(form.text, credential, fetch.subject.reveal());
  EgressRequest request;
  request.url = credential.tokens.endpoint;
  request.method = "POST";
  request.headers.add("content-type", "application/x-www-form-urlencoded");
  request.headers.add("accept", "application/json");
  if (credential.tokens.client_auth == config::ClientAuth::basic) put_basic(request.headers, credential);
  request.body = form.text;
  request.most = kLongestAnswer;
  request.within = fetch.now->settings.limits.token_fetch;
  request.background = fetch.background;
  auto answer = co_await fetch.loop->egress.fetch(fetch.now, request);
  if (!answer) co_return std::move(answer).error();
  if (answer->status() != 200)
    co_return Violation(Reason::upstream_failed, "answered with status " + std::to_string(answer->status()));
  auto token = read_token_answer(answer->body());
  if (!token) co_return Violation(Reason::upstream_failed, std::string(token.error()));
  co_return *std::move(token);
}

// From begin() to end(), whatever becomes of it: others wait for that.
Task<> run(std::shared_ptr<const Fetch> fetch) {
  std::shared_ptr<const ShownCredential> shown;
  TokenStore::Time until{};
  std::string problem;
  try {
    auto token = co_await ask(*fetch);
    if (token) {
      shown = std::make_shared<const ShownCredential>("authorization", "Bearer", token->token.reveal());
      until = Clock::now() + token->lives;
    } else {
      problem = std::string(policy::name(token.error().reason)) + ": " + token.error().detail;
    }
  } catch (const std::exception& e) {
    problem = e.what();
  }
  if (!problem.empty()) fetch->loop->log_token(fetch->server, problem);
  fetch->loop->services.tokens.end(fetch->key, std::move(shown), until, Clock::now());
}

Task<> chore(std::shared_ptr<const Fetch> fetch) {
  Loop& loop = *fetch->loop;
  ++loop.chores;
  co_await run(std::move(fetch));
  --loop.chores;
}

Task<> wait_for_fetch(TokenStore& tokens, const TokenStore::Key& key) {
  auto start = [&tokens, &key](auto handler) { tokens.after_fetch(key, on_loop(std::move(handler))); };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(start, use_task);
}

// Whose the token is: the gateway's own, or the caller's with the scopes that he came with.
TokenStore::Key key_of(const ServerCredential& credential, const policy::Principal& principal) {
  if (!credential.exchanged) return credential.source;
  std::vector<std::string> scopes = principal.scopes();
  std::sort(scopes.begin(), scopes.end());
  std::string all(crypto::view(credential.source));
  all += principal.key();
  for (const std::string& scope : scopes) all.append("\n").append(scope);
  return crypto::sha256(all);
}

std::shared_ptr<Fetch> fetch_for(const Exchange& x, const TokenStore::Key& key, std::string_view subject) {
  auto out = std::make_shared<Fetch>();
  out->loop = &x.loop;
  out->now = x.now;
  out->server = x.server->name;
  out->key = key;
  out->subject = config::Secret(subject);
  return out;
}

Violation unavailable(const Exchange& x) {
  return {Reason::credential_unavailable, "no token for server " + x.server->name + " can be had"};
}

// What was found is used, and fetched anew beside that where it is time.
Showing use(const Exchange& x, const TokenStore::Key& key, std::string_view subject, TokenStore::Found found) {
  if (found.go == TokenStore::Go::renew) {
    auto fetch = fetch_for(x, key, subject);
    fetch->background = true;
    asio::co_spawn(x.loop.io.get_executor(), chore(std::move(fetch)), asio::detached);
  }
  return {std::move(found.token), key};
}

// There is none yet: fetched here, or by somebody else.
Task<Outcome<Showing>> fetched(const Exchange& x, TokenStore::Key key, std::string subject, TokenStore::Go go) {
  TokenStore& tokens = x.services.tokens;
  for (unsigned turn = 0; turn < 3; ++turn) {
    if (go == TokenStore::Go::fetch) {
      co_await run(fetch_for(x, key, subject));
    } else if (go == TokenStore::Go::wait) {
      co_await wait_for_fetch(tokens, key);
    } else {
      break;
    }
    TokenStore::Found found = tokens.begin(key, Clock::now());
    go = found.go;
    if (found.token) co_return use(x, key, subject, std::move(found));
  }
  co_return unavailable(x);
}

}  // namespace

Soon<Outcome<Showing>> show_credential(const Exchange& x) {
  const ServerCredential* credential = x.now->credentials->of(x.server->name);
  if (!credential) return Outcome<Showing>(Showing());
  if (credential->fixed) return Outcome<Showing>(Showing{credential->fixed, std::nullopt});
  std::string_view subject;
  if (credential->exchanged) {
    if (x.principal->method() != policy::AuthnMethod::jwt || !x.head)
      return Outcome<Showing>(
          Violation(Reason::credential_unavailable, "a token is exchanged for a caller's, and this one has none"));
    const auto read = authn::read_authorization(x.head->find("authorization"));
    if (!read) return Outcome<Showing>(Violation(Reason::internal, "a caller without the token that he was known by"));
    subject = read->token;
  }
  const TokenStore::Key key = key_of(*credential, *x.principal);
  TokenStore::Found found = x.services.tokens.begin(key, Clock::now());
  if (found.token) return Outcome<Showing>(use(x, key, subject, std::move(found)));
  if (found.go == TokenStore::Go::no) return Outcome<Showing>(unavailable(x));
  return fetched(x, key, std::string(subject), found.go);
}

void refused_by_server(const Exchange& x, const Showing& showing) {
  if (showing.key) x.services.tokens.drop(*showing.key, showing.credential.get(), Clock::now());
}

}  // namespace durward::gateway
