#include "config/describe_credential.hpp"

#include "config/forms.hpp"

namespace durward::config {
namespace {

constexpr std::array kWords{Word{"none", 0}, Word{"mtls", 1}};
constexpr std::array kClientAuth{Word{"basic", static_cast<int>(ClientAuth::basic)},
                                 Word{"post", static_cast<int>(ClientAuth::post)}};

void describe_header(Fields& f, HeaderCredential& header) {
  f.text({"name", "the header; a caller's own is never passed on"}, kHeaderName, header.name);
  f.text({"prefix", "what stands before the secret and a space, such as `Bearer`"}, kHeaderText, header.prefix);
  f.text({"value_ref", "the secret", true, "name the secret, as file:///path or env://NAME"}, kSecretRef, header.value_ref);
}

void describe_tokens(Fields& f, TokenCredential& tokens) {
  const Key url{"token_url", "the token endpoint: `https://…`, or `http://…` on loopback", true,
                "write the token_endpoint of the authorization server's metadata"};
  if (f.text(url, kTokenUrl, tokens.token_url)) {
    std::string error;
    if (auto endpoint = parse_url(tokens.token_url.value, error)) tokens.endpoint = *std::move(endpoint);
  }
  f.text({"client_id", "the gateway's own, at that server", true, "write the gateway's client id"}, kText, tokens.client_id);
  f.text({"client_secret_ref", "its secret", true, "name its secret, as file:///path or env://NAME"}, kSecretRef,
         tokens.client_secret_ref);
  Located<ClientAuth> auth{tokens.client_auth, {}};
  if (f.choice({"client_auth", "how they are sent: as Basic credentials, or in the form"}, kClientAuth, auth))
    tokens.client_auth = auth.value;
  f.texts({"scopes", "to ask for"}, kScope, tokens.scopes);
  Located<std::string> text;
  if (f.text({"audience", "to ask for (RFC 8693)"}, kText, text)) tokens.audience = text;
  if (f.text({"resource", "to ask for (RFC 8707): mostly the server's URL"}, kTokenUrl, text)) tokens.resource = text;
}

void describe_methods(Fields& f, Credential& credential) {
  HeaderCredential header;
  if (f.part({"header", ""}, [&](Fields& in) { describe_header(in, header); })) credential.header = std::move(header);
  TokenCredential own;
  if (f.part({"client_credentials", ""}, [&](Fields& in) { describe_tokens(in, own); }))
    credential.client_credentials = std::move(own);
  TokenCredential exchanged;
  if (f.part({"token_exchange", ""}, [&](Fields& in) { describe_tokens(in, exchanged); }))
    credential.token_exchange = std::move(exchanged);
}

void describe_users(Fields& f, SecretUsers& users) {
  f.texts({"tenants", "of callers that may use it; absent: any"}, kText, users.tenants);
  f.texts({"subjects", "likewise"}, kText, users.subjects);
  f.texts({"clients", "client ids, or ids of API keys; likewise"}, kText, users.clients);
  f.texts({"groups", "one of which a caller must be in; likewise"}, kText, users.groups);
  f.texts({"roles", "one of which a caller must have; likewise"}, kText, users.roles);
}

}  // namespace

void describe_credential(Fields& f, Credential& credential) {
  const Fields::Shape shape = f.shape("credential");
  if (shape != Fields::Shape::map) {
    Located<int> word{0, {}};
    if (f.word({"credential",
                "`none`: requests to the server carry no credential; `mtls`: likewise, and `tls.cert` must be there"},
               kWords, word))
      credential.certificate = word.value == 1;
  }
  if (shape == Fields::Shape::map || shape == Fields::Shape::absent) {
    f.part({"credential", ""}, [&](Fields& in) { describe_methods(in, credential); });
  }
}

void describe_secrets(Fields& f, std::vector<BrokeredSecret>& secrets) {
  f.table({"secrets", "what agents name as `secret://NAME` in an argument, and only the server sees"}, kServerName,
          [&](Fields& in, const Located<std::string>& name) {
            BrokeredSecret secret;
            secret.name = name.value;
            secret.where = name.where;
            in.text({"ref", "the secret", true, "name the secret, as file:///path or env://NAME"}, kSecretRef, secret.ref);
            in.texts({"tools", "`mcp://server/tool@version` patterns: into whose calls it may go", true,
                      "name the tools that may have it"},
                     kPattern, secret.tools);
            in.texts({"arguments", "JSON Pointers: which arguments it may stand for, whole; `*` is any element or member", true,
                      "name the arguments that it may stand for, such as /headers/authorization"},
                     kPointer, secret.arguments);
            describe_users(in, secret.users);
            secrets.push_back(std::move(secret));
          });
}

}  // namespace durward::config
