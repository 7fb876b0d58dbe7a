// A real OAuth 2.1 authorization server (npm oidc-provider) on a port of its own, that lets everybody in without asking: what a
// person would click is clicked by `visit`.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createPublicKey, generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import Provider, { errors } from 'oidc-provider';

// Nothing listens there: the code is read from the redirect.
const REDIRECT = 'http://127.0.0.1:1/callback';
export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

function newKey(alg) {
  const pair = alg === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...pair.privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg };
}

/** What a token of ours says, or nothing: signed with one of these keys, by this issuer, and not over. */
function readOwn(token, keys, issuer) {
  const [header, payload, signature] = String(token).split('.');
  try {
    const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url'));
    const jwk = keys.find((one) => one.kid === kid && one.alg === alg);
    const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
    if (!verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))) return undefined;
    const claims = JSON.parse(Buffer.from(payload, 'base64url'));
    return claims.iss === issuer && claims.exp > Date.now() / 1000 ? claims : undefined;
  } catch {
    return undefined;
  }
}

/**
 * `resources` maps an audience to {scope}: the scopes that it knows. `tenant` goes into every token as `org`.
 * `gateway`, where given, is {id, secret, auth}: a confidential client that may ask for tokens of its own (client_credentials) and
 * exchange those of others (RFC 8693); `auth` is client_secret_basic or client_secret_post.
 * Answers {issuer, jwks, tokenEndpoint, requests, asked(), rotate(), allow(), say(), hold(), visit(), stop()}.
 */
export async function startAuthorizationServer({ resources, tenant = 'acme', alg = 'ES256', tokenSeconds = 300, port = 0, gateway }) {
  const requests = [];
  let keys = [newKey(alg)];
  let provider;
  let down = false;
  let claims = { org: tenant };

  // RFC 8693 as far as a gateway asks for it: an access token of ours for another audience, the subject's own.
  async function exchange(ctx) {
    const { params, client, provider: at } = ctx.oidc;
    if (params.subject_token_type !== ACCESS_TOKEN) throw new errors.InvalidRequest('subject_token_type');
    const subject = readOwn(params.subject_token, keys, at.issuer);
    if (!subject) throw new errors.InvalidGrant('subject_token');
    const target = params.resource ?? params.audience;
    if (!resources[target]) throw new errors.InvalidTarget();
    const known = resources[target].scope.split(' ');
    const scope = (params.scope ?? resources[target].scope).split(' ').filter((one) => known.includes(one)).join(' ');
    const token = new at.AccessToken({ accountId: subject.sub, client, scope, gty: EXCHANGE, grantId: randomUUID() });
    const info = { scope: resources[target].scope, audience: target, accessTokenFormat: 'jwt', accessTokenTTL: tokenSeconds, jwt: { sign: { alg } } };
    token.resourceServer = new at.ResourceServer(target, info);
    const value = await token.save();
    ctx.body = { access_token: value, issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: token.expiration, scope };
  }

  const configuration = (issuer) => ({
    jwks: { keys },
    clients: [
      { client_id: 'known', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none', id_token_signed_response_alg: alg },
      ...(gateway
        ? [
            {
              client_id: gateway.id,
              client_secret: gateway.secret,
              token_endpoint_auth_method: gateway.auth ?? 'client_secret_basic',
              grant_types: ['client_credentials', EXCHANGE],
              redirect_uris: [],
              response_types: [],
            },
          ]
        : []),
    ],
    claims: { openid: ['sub'] },
    scopes: ['openid', 'offline_access', ...new Set(Object.values(resources).flatMap(({ scope }) => scope.split(' ')))],
    clientDefaults: { token_endpoint_auth_method: 'none', id_token_signed_response_alg: alg },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource) => {
          if (!resources[resource]) throw new Error(`unknown resource ${resource}`);
          return { scope: resources[resource].scope, audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: tokenSeconds, jwt: { sign: { alg } } };
        },
      },
    },
    extraTokenClaims: () => claims,
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    cookies: { keys: [randomUUID()] },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AuthorizationCode: 60, IdToken: 60 },
    issueRefreshToken: async () => false,
    renderError: (ctx, out) => {
      ctx.type = 'json';
      ctx.body = out;
    },
    issuer,
  });

  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const build = () => {
    provider = new Provider(issuer, configuration(issuer));
    provider.registerGrantType(EXCHANGE, exchange, ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope']);
    provider.on('server_error', (ctx, error) => requests.push({ path: ctx.path, error: String(error) }));
  };
  build();

  // Login and consent in one step: everything that was asked for is granted.
  async function finish(req, res) {
    const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
    if (prompt.name === 'login') return provider.interactionFinished(req, res, { login: { accountId: 'alice' } }, { mergeWithLastSubmission: false });
    const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
    for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) grant.addResourceScope(resource, scopes.join(' '));
    return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }
  server.on('request', (req, res) => {
    const path = new URL(req.url, issuer).pathname;
    requests.push({ path, method: req.method });
    if (down) return req.socket.destroy();
    if (path.startsWith('/interaction/')) return finish(req, res).catch((error) => res.writeHead(500).end(String(error)));
    return provider.callback()(req, res);
  });

  return {
    issuer,
    jwks: `${issuer}/jwks`,
    tokenEndpoint: `${issuer}/token`,
    requests,
    /** How often a path was asked for. */
    asked: (path) => requests.filter((one) => one.path === path).length,
    /** Another key signs from now on; the old one is no longer in the set. */
    rotate() {
      keys = [newKey(alg)];
      build();
    },
    /** One more audience that tokens may be asked for. */
    allow(audience, scope = 'read') {
      resources[audience] ??= { scope };
    },
    /** Further claims of the tokens that follow. */
    say(more) {
      claims = more;
    },
    /** Whether it closes every connection unanswered. */
    hold(value) {
      down = value;
    },
    /** Follows an authorization URL as a browser does, with its cookies, to the redirect that carries the code. */
    async visit(url, redirectUri) {
      const jar = new Map();
      let at = String(url);
      for (let hop = 0; hop < 20; ++hop) {
        if (at.startsWith(redirectUri)) return new URL(at).searchParams;
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const answer = await fetch(at, { redirect: 'manual', headers: cookie ? { cookie } : {} });
        for (const line of answer.headers.getSetCookie()) {
          const [name, value] = line.split(';')[0].split(/=(.*)/s);
          jar.set(name, value);
        }
        const next = answer.headers.get('location');
        if (!next) throw new Error(`${at}: ${answer.status} ${await answer.text()}`);
        at = new URL(next, at).href;
      }
      throw new Error('redirects without an end');
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * An OAuth client as the MCP SDKs want it, which needs no person. It registers itself, and may then ask for the scopes that it
 * registered for; or it is `known` to the server and may ask for all.
 */
export function makeOAuthProvider(authorizationServer, { known = false } = {}) {
  const redirectUri = REDIRECT;
  const kept = known ? { client: { client_id: 'known', issuer: authorizationServer.issuer } } : {};
  return {
    kept,
    redirectUrl: redirectUri,
    clientMetadata: {
      client_name: 'interop',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    clientInformation: () => kept.client,
    saveClientInformation(client) {
      kept.registered = true;
      kept.client = client;
    },
    tokens: () => kept.tokens,
    saveTokens: (tokens) => (kept.tokens = tokens),
    codeVerifier: () => kept.verifier,
    saveCodeVerifier: (verifier) => (kept.verifier = verifier),
    async redirectToAuthorization(url) {
      (kept.asked ??= []).push(url);
      const answer = await authorizationServer.visit(url, redirectUri);
      kept.code = answer.get('code');
      kept.refused = answer.get('error');
      kept.callback = answer;
    },
  };
}

// As a program: an authorization server for deploy/examples/oauth.yaml.
if (process.argv[1] === import.meta.filename) {
  const [port = '9000', audience = 'http://127.0.0.1:8088/mcp/demo'] = process.argv.slice(2);
  const server = await startAuthorizationServer({ port: Number(port), resources: { [audience]: { scope: 'notes.read notes.write shell.run' } } });
  console.log(`authorization server ${server.issuer}: tokens for ${audience}`);
}
