// Who may call: tokens signed here against a key set served here, API keys, scopes, sessions and long streams.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { Key, proof, seconds, startIssuer } from './issuer.mjs';
import { OPEN, scrapeUntil, total } from './observe.mjs';
import { run } from './process.mjs';
import { startStub } from './stub.mjs';
import { call, mark, modern, openSession, send, within } from './wire.mjs';

const test = (name, body) => nodeTest(name, { timeout: 30_000 }, body);
const BASE = 'https://gw.example.com';
const APP = 'https://app.example.com';
const POLICY = 'tools: {allowlist: ["mcp://stub/echo", "mcp://other/echo", "mcp://strict/echo"]}\n';
const METADATA = '/.well-known/oauth-protected-resource';
// Floods are another suite's matter: here each refusal has a record, and no address runs out of failures.
const LEDGER = { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', anonymous_refusals_per_second: 100_000, refusals_per_second: 100_000 };
const LIMITS = { authentication_failures: 100_000 };

let stub;
let acme; // an issuer for the tenant acme
let globex; // one for globex
let gateway;

const audience = (server = 'stub') => `${BASE}/mcp/${server}`;
const bearer = (token) => ({ authorization: `Bearer ${token}` });
const good = (claims, options) => acme.token(audience(), claims, options);
const settings = (more = {}) => ({
  authn: [
    { jwt: { issuer: acme.issuer, jwks: acme.jwks, tenants: ['acme'] } },
    { jwt: { issuer: globex.issuer, jwks: globex.jwks, tenants: ['globex'], email_trusted: true, typ: 'at+jwt' } },
    { api_key: { file: 'api-keys.json', tenants: ['acme'] } },
  ],
  limits: LIMITS,
  ledger: LEDGER,
  ...more,
});

const cli = async (at, ...args) => {
  const done = await run(process.env.DURWARD, args, { cwd: at });
  return { ...done, output: done.output.trim() };
};
const newKey = async (at, ...args) => {
  const { code, output } = await cli(at, 'keys', 'api-key', 'new', ...args);
  assert.equal(code, 0, output);
  return /^dw_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$/m.exec(output)[0];
};

before(async () => {
  [stub, acme, globex] = await Promise.all([startStub(), startIssuer(), startIssuer()]);
  const tools = { echo: { kind: 'read', scopes: ['mcp:write', 'mcp:use'] }, '*': { kind: 'read' } };
  gateway = await startGateway({
    servers: { stub: stub.url, other: stub.url, strict: { url: stub.url, scopes: ['mcp:use', 'mcp:strict'], tools } },
    policy: POLICY,
    listen: { public_url: BASE, cors_origins: [APP] },
    settings: settings({ admin: OPEN }),
    prepare: (dir) => newKey(dir, '--subject', 'first'),
  });
});
after(async () => {
  await gateway?.stop({ verify: true });
  await Promise.all([stub?.stop(), acme?.stop(), globex?.stop()]);
});

/** The ledger's record with this entry id, once it is there. */
async function recordOf(answer, at = gateway) {
  const id = answer.headers['x-durward-entry'];
  const look = async () => {
    for (;;) {
      const found = (await at.records()).filter((record) => record.id === id).at(-1);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return within(look(), `a record of ${id}`);
}

const ask = (headers, { server = 'stub', word = mark(), at = gateway, from } = {}) => {
  const { headers: more, body } = call({ word });
  return send(at.url(server), { headers: { ...more, ...headers }, body, from }).whole();
};

async function admitted(headers, options) {
  const answer = await ask(headers, options);
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.json.result, answer.text);
  return answer;
}

const CHALLENGE = (server = 'stub') => `resource_metadata="${BASE}${METADATA}/mcp/${server}"`;
let publicBody;

/** Refused with the one public answer, for this private reason, and nothing of it went upstream. */
async function refused(headers, fault, { server = 'stub', at = gateway, challenge = `Bearer error="invalid_token", ${CHALLENGE(server)}`, from } = {}) {
  const word = mark();
  const answer = await ask(headers, { server, word, at, from });
  assert.equal(answer.status, 401, answer.text);
  if (challenge) assert.equal(answer.headers['www-authenticate'], challenge);
  publicBody ??= answer.text;
  assert.equal(answer.text, publicBody, 'every refusal of a credential has the same body');
  const record = await recordOf(answer, at);
  assert.deepEqual([record.type, record.facts.reason, record.facts.fault], ['refusal', 'unauthenticated', fault]);
  for (const member of ['tenant', 'sub', 'client_id']) assert.equal(record[member], undefined, member);
  assert.equal(stub.with(word).length, 0, 'it reached the upstream');
  return { answer, record };
}

describe('metadata', () => {
  const tell = (path, options = {}) => send(`${gateway.origin()}${path}`, { method: 'GET', ...options }).whole();

  test('each route has its own, built from the public base, with its scopes and every issuer', async () => {
    const plain = await tell(`${METADATA}/mcp/stub`, { headers: { host: `localhost:${gateway.port}` } });
    assert.equal(plain.status, 200);
    assert.equal(plain.headers['content-type'], 'application/json');
    assert.deepEqual(plain.json, {
      resource: audience(),
      authorization_servers: [acme.issuer, globex.issuer],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'ES384', 'PS256', 'RS256'],
    });
    const strict = await tell(`${METADATA}/mcp/strict`);
    assert.equal(strict.json.resource, audience('strict'));
    assert.deepEqual(strict.json.scopes_supported, ['mcp:use', 'mcp:strict']);
  });

  test('a server that does not exist has the same as one that does; the root has none while there are several', async () => {
    const answer = await tell(`${METADATA}/mcp/nobody`);
    assert.equal(answer.json.resource, audience('nobody'));
    assert.equal((await tell(METADATA)).status, 404);
    for (const path of [`${METADATA}/`, `${METADATA}/mcp`, `${METADATA}/mcp/`, `${METADATA}/mcp/A`, `${METADATA}/mcp/a/b`, `${METADATA}x`])
      assert.equal((await tell(path)).status, 404, path);
  });

  test('it is read by GET and HEAD, by pages of allowed origins, and under our names only', async () => {
    const path = `${METADATA}/mcp/stub`;
    const head = await tell(path, { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, '']);
    const post = await tell(path, { method: 'POST', body: '{}' });
    assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
    const page = await tell(path, { headers: { origin: APP } });
    assert.equal(page.headers['access-control-allow-origin'], APP);
    const preflight = await tell(path, { method: 'OPTIONS', headers: { origin: APP, 'access-control-request-method': 'GET' } });
    assert.deepEqual([preflight.status, preflight.headers['access-control-allow-origin']], [204, APP]);
    assert.equal((await tell(path, { headers: { origin: 'https://evil.example.net' } })).status, 403);
    assert.equal((await tell(path, { headers: { host: 'evil.example.net' } })).status, 403);
    assert.equal((await tell(path, { headers: { host: 'gw.example.com' } })).status, 200);
  });
});

describe('a request without a credential', () => {
  test('is told where to get one, in the words of RFC 9728 and without an error', async () => {
    const { answer } = await refused({}, 'credential_missing', { challenge: `Bearer ${CHALLENGE()}` });
    assert.deepEqual(Object.keys(answer.json).sort(), ['error', 'id', 'jsonrpc']);
    assert.deepEqual(answer.json.error, { code: 42401, message: 'Authentication required' });
    await refused({}, 'credential_missing', { server: 'strict', challenge: `Bearer ${CHALLENGE('strict')}, scope="mcp:use mcp:strict"` });
  });

  test('to a server that does not exist gets the very same answer', async () => {
    await refused({}, 'credential_missing', { server: 'nobody', challenge: `Bearer ${CHALLENGE('nobody')}` });
    const known = await ask(bearer(acme.token(audience('nobody'))), { server: 'nobody' });
    assert.equal(known.status, 404);
  });

  test('is refused whatever its method', async () => {
    for (const method of ['GET', 'DELETE']) assert.equal((await send(gateway.url('stub'), { method }).whole()).status, 401, method);
  });
});

describe('a token', () => {
  test('that holds names its caller in the record, and never goes upstream', async () => {
    const word = mark();
    const token = good({ azp: 'agent-1' });
    const answer = await admitted({ ...bearer(token), cookie: 'a=b' }, { word });
    const [up] = stub.with(word);
    assert.equal(up.headers.authorization, undefined);
    assert.ok(!up.rawHeaders.join('\n').includes(token.slice(-40)));
    const record = await recordOf(answer);
    assert.deepEqual(
      [record.tenant, record.sub, record.client_id, record.authn_method, record.facts.issuer, record.facts.fault],
      ['acme', 'alice', 'agent-1', 'jwt', acme.issuer, undefined],
    );
  });

  test('may be signed by every algorithm of the list', async () => {
    const keys = ['RS256', 'ES256', 'ES384', 'EdDSA'].map((alg) => new Key(alg));
    const many = await startIssuer({ keys });
    const other = await startGateway({ servers: { stub: stub.url }, policy: POLICY, listen: { public_url: BASE }, settings: { authn: [{ jwt: { issuer: many.issuer, jwks: many.jwks } }] } });
    try {
      for (const key of keys) await admitted(bearer(many.token(audience(), {}, { key })), { at: other });
      assert.equal((await send(`${other.origin()}${METADATA}`, { method: 'GET' }).whole()).json.resource, audience());
    } finally {
      await other.stop({ verify: true });
      await many.stop();
    }
  });

  test('has an audience: what is good for route A is refused on route B, after it was used on A', async () => {
    const token = good();
    await admitted(bearer(token));
    await refused(bearer(token), 'audience_wrong', { server: 'other' });
    await admitted(bearer(token));
    const both = acme.token([audience(), audience('other')]);
    await admitted(bearer(both));
    await admitted(bearer(both), { server: 'other' });
  });

  const at = seconds;
  const stranger = new Key('ES256', 'stranger');
  const edDsa = new Key('EdDSA');
  const cases = {
    'of another audience': [() => good({ aud: 'https://gw.example.com' }), 'audience_wrong'],
    'for an audience with a slash more': [() => good({ aud: `${audience()}/` }), 'audience_wrong'],
    'without an audience': [() => good({ aud: undefined }), 'audience_missing'],
    'that expired a second beyond the leeway': [() => good({ exp: at() - 31 }), 'expired'],
    'without expiry': [() => good({ exp: undefined }), 'expiry_missing'],
    'whose expiry is text': [() => good({ exp: '9999999999' }), 'expiry_malformed'],
    'that is not valid yet': [() => good({ nbf: at() + 90 }), 'not_yet_valid'],
    'that was issued in the future': [() => good({ iat: at() + 90 }), 'issued_in_future'],
    'of an unknown issuer': [() => good({ iss: 'https://as.example.net' }), 'issuer_unknown'],
    'whose issuer differs by a slash': [() => good({ iss: `${acme.issuer}/` }), 'issuer_unknown'],
    'without an issuer': [() => good({ iss: undefined }), 'issuer_missing'],
    'without a tenant': [() => good({ org: undefined }), 'tenant_missing'],
    'without a subject': [() => good({ sub: undefined }), 'subject_missing'],
    "that asserts another issuer's tenant": [() => good({ org: 'globex' }), 'tenant_not_issuers'],
    'that asserts every tenant': [() => good({ org: '*' }), 'tenant_not_issuers'],
    'whose tenant is a list': [() => good({ org: ['acme'] }), 'claim_malformed'],
    'whose roles are a number': [() => good({ roles: 1 }), 'claim_malformed'],
    'signed by a stranger under our key id': [() => good({}, { key: stranger, header: { kid: acme.key.kid } }), 'signature_wrong'],
    'whose payload was changed': [() => good().replace(/\.[^.]+\./, () => `.${Buffer.from(JSON.stringify({ iss: acme.issuer, sub: 'root', aud: audience(), exp: at() + 60, org: 'acme' })).toString('base64url')}.`), 'signature_wrong'],
    'with another algorithm than its key': [() => good({}, { key: edDsa, header: { kid: acme.key.kid } }), 'key_algorithm'],
    'without a signature': [() => good().replace(/[^.]+$/, ''), 'signature_missing'],
    'with alg none': [() => good({}, { header: { alg: 'none' } }), 'algorithm_none'],
    'with alg nOnE': [() => good({}, { header: { alg: 'nOnE' } }), 'algorithm_none'],
    'that takes the public key for an HMAC secret': [() => hmac(acme.key.publicKey.export({ type: 'spki', format: 'pem' })), 'algorithm_symmetric'],
    'that is signed with an empty HMAC secret': [() => hmac(''), 'algorithm_symmetric'],
    'that brings its own key': [() => good({}, { key: stranger, header: { jwk: stranger.jwk } }), 'header_embeds_key'],
    'that says where its key is': [() => good({}, { header: { jku: 'https://evil.example.net/keys' } }), 'header_key_url'],
    'with a critical extension': [() => good({}, { header: { crit: ['exp'] } }), 'header_critical'],
    'of another type': [() => good({}, { header: { typ: 'dpop+jwt' } }), 'type_wrong'],
    'of no type, where the issuer writes one': [() => globex.token(audience(), { org: 'globex' }, { header: { typ: undefined } }), 'type_missing'],
    'that is bound to a key and comes as Bearer': [() => good({ cnf: { jkt: stranger.thumbprint } }), 'scheme_not_dpop'],
    'that is bound to a certificate and comes without': [() => good({ cnf: { 'x5t#S256': stranger.thumbprint } }), 'certificate_missing'],
    'in four parts': [() => `${good()}.x`, 'token_not_three_parts'],
    'in five parts': [() => `${good()}.x.y`, 'token_encrypted'],
    'longer than 8 KiB': [() => good({ pad: 'x'.repeat(8192) }), 'token_too_long'],
    'that repeats a claim': [() => acme.key.compact({ alg: 'ES256', kid: acme.key.kid }, `{"iss":"${acme.issuer}","sub":"alice","aud":"x","aud":"${audience()}","exp":${at() + 60},"org":"acme"}`), 'claims_repeat_member'],
    'whose claims are no JSON': [() => acme.key.compact({ alg: 'ES256', kid: acme.key.kid }, '{'), 'claims_not_json'],
  };
  const hmac = (secret) => {
    const [, payload] = good().split('.');
    const input = `${Buffer.from(JSON.stringify({ alg: 'HS256', kid: acme.key.kid })).toString('base64url')}.${payload}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };
  for (const [what, [make, fault]] of Object.entries(cases)) test(`${what} is refused`, () => refused(bearer(make()), fault));

  test('within the leeway still holds', () => admitted(bearer(good({ exp: seconds() - 20 }))));

  test('is refused again when it has been verified before and its time is over', async () => {
    const token = good({ exp: seconds() - 29 });
    await admitted(bearer(token));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await refused(bearer(token), 'expired');
  });
});

describe('the Authorization header', () => {
  const DUPLICATE = 400;
  const cases = {
    'Basic credentials': ['Basic YTpi', 'scheme_unknown'],
    'no scheme': ['abc', 'scheme_unknown'],
    'nothing behind Bearer': ['Bearer', 'authorization_malformed'],
    'two tokens': ['Bearer a b', 'authorization_malformed'],
    'a list': ['Bearer a, Bearer b', 'authorization_malformed'],
    'a parameter': ['Bearer token="a"', 'authorization_malformed'],
    'an empty value': ['', 'authorization_malformed'],
  };
  for (const [what, [authorization, fault]] of Object.entries(cases)) test(`with ${what} is refused`, () => refused({ authorization }, fault));

  test('twice is no HTTP that we interpret', async () => {
    const answer = await ask({ authorization: [`Bearer ${good()}`, `Bearer ${good()}`] });
    assert.equal(answer.status, DUPLICATE, answer.text);
  });

  test('does not help a token in the query', async () => {
    const { headers, body } = call({ word: mark() });
    for (const extra of [{}, bearer(good())]) {
      const answer = await send(`${gateway.url('stub')}?access_token=${good()}`, { headers: { ...headers, ...extra }, body }).whole();
      assert.equal(answer.status, 401);
      assert.equal((await recordOf(answer)).facts.fault, 'credential_in_query');
    }
  });

  test('names its scheme in any case', () => admitted({ authorization: `bEARER  ${good()}` }));
});

describe('scopes', () => {
  const token = (scope, more = {}) => bearer(acme.token(audience('strict'), { scope, ...more }));
  const stepUp = (scope) =>
    `Bearer error="insufficient_scope", scope="${scope}", ${CHALLENGE('strict')}, error_description="The request needs all of these scopes"`;

  test('that are missing are told in one challenge: those of the server and of the tool', async () => {
    for (const scope of [undefined, 'mcp:write', 'mcp:use mcp:strict', 'mcp:usemcp:strict mcp:write']) {
      const answer = await ask(token(scope), { server: 'strict' });
      assert.equal(answer.status, 403, answer.text);
      assert.equal(answer.headers['www-authenticate'], stepUp('mcp:use mcp:strict mcp:write'));
      assert.deepEqual([answer.json.error.code, answer.json.error.data.reason], [42403, 'insufficient_scope']);
      const record = await recordOf(answer);
      assert.deepEqual([record.type, record.facts.reason, record.sub], ['refusal', 'insufficient_scope', 'alice']);
    }
    await admitted(token('mcp:strict mcp:write other mcp:use'), { server: 'strict' });
    await admitted(token(undefined, { scp: ['mcp:strict', 'mcp:write', 'mcp:use'] }), { server: 'strict' });
  });

  test('of the server are needed for every request', async () => {
    const headers = token('mcp:write');
    for (const { headers: more, body } of [modern('tools/list'), modern('server/discover')]) {
      const answer = await send(gateway.url('strict'), { headers: { ...more, ...headers }, body }).whole();
      assert.deepEqual([answer.status, answer.headers['www-authenticate']], [403, stepUp('mcp:use mcp:strict')]);
    }
    for (const method of ['GET', 'DELETE']) {
      const answer = await send(gateway.url('strict'), { method, headers }).whole();
      assert.deepEqual([answer.status, answer.headers['www-authenticate']], [403, stepUp('mcp:use mcp:strict')]);
    }
  });

  test('of a hidden tool are not told, and its refusal asks for no step up', async () => {
    const hidden = (scope) => {
      const { headers, body } = modern('tools/call', { name: 'hidden', arguments: {} });
      return send(gateway.url('strict'), { headers: { ...headers, ...token(scope) }, body }).whole();
    };
    const lacking = await hidden('mcp:use');
    assert.deepEqual([lacking.status, lacking.headers['www-authenticate']], [403, stepUp('mcp:use mcp:strict')]);
    const answer = await hidden('mcp:use mcp:strict');
    assert.deepEqual([answer.status, answer.headers['www-authenticate'], answer.json.error.message], [200, undefined, 'Unknown tool: hidden']);
  });

  test('that a batch lacks are told once for all of it', async () => {
    const headers = token('mcp:use mcp:strict');
    const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: mark(), version: '1' } } };
    const opened = await send(gateway.url('strict'), { headers, body: JSON.stringify(initialize) }).whole();
    const messages = [
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'echo', arguments: {} } },
    ];
    const answer = await send(gateway.url('strict'), { headers: { ...headers, 'mcp-session-id': opened.headers['mcp-session-id'] }, body: JSON.stringify(messages) }).whole();
    assert.deepEqual([answer.status, answer.headers['www-authenticate']], [403, stepUp('mcp:use mcp:strict mcp:write')]);
    assert.deepEqual(answer.json.map((one) => one.error.code), [42006, 42403]);
  });
});

describe('DPoP', () => {
  const holder = new Key();
  const uri = audience();
  const bound = (claims) => good({ cnf: { jkt: holder.thumbprint }, ...claims });
  const headers = (token, dpop) => ({ authorization: `DPoP ${token}`, ...(dpop !== undefined && { dpop }) });
  const challenge = `DPoP error="invalid_token", ${CHALLENGE()}, algs="ES256 EdDSA ES384 PS256 RS256"`;

  test('a bound token comes with a fresh proof for each request, once', async () => {
    const token = bound();
    const one = proof(holder, { uri, token });
    await admitted(headers(token, one));
    await refused(headers(token, one), 'proof_replayed', { challenge });
    await admitted(headers(token, proof(holder, { uri, token })));
  });

  const cases = {
    'without a proof': [(token) => headers(token), 'proof_missing'],
    'with a proof of another key': [(token) => headers(token, proof(new Key(), { uri, token })), 'proof_key_wrong'],
    'with a proof for another method': [(token) => headers(token, proof(holder, { uri, token, method: 'GET' })), 'proof_method'],
    'with a proof for another route': [(token) => headers(token, proof(holder, { uri: audience('other'), token })), 'proof_uri'],
    'with a proof for another token': [(token) => headers(token, proof(holder, { uri, token: `${token}x` })), 'proof_token'],
    'with an old proof': [(token) => headers(token, proof(holder, { uri, token, claims: { iat: seconds() - 62 } })), 'proof_expired'],
    'with a proof from the future': [(token) => headers(token, proof(holder, { uri, token, claims: { iat: seconds() + 65 } })), 'proof_early'],
    'with a proof that shows a private key': [(token) => headers(token, proof(holder, { uri, token, header: { jwk: holder.privateKey.export({ format: 'jwk' }) } })), 'key_private'],
    'with a proof of another type': [(token) => headers(token, proof(holder, { uri, token, header: { typ: 'jwt' } })), 'proof_type'],
    'with garbage': [(token) => headers(token, 'x'), 'token_not_three_parts'],
  };
  for (const [what, [make, fault]] of Object.entries(cases))
    test(`a bound token ${what} is refused`, () => refused(make(bound()), fault, { challenge }));

  test('a token that is bound to nothing is no DPoP token', async () => {
    const token = good();
    await refused(headers(token, proof(holder, { uri, token })), 'token_not_bound', { challenge });
  });

  test('with several replicas is taken by none: a bound token is refused, with a good proof too, and others are served', async () => {
    const at = await startGateway({
      servers: { stub: stub.url },
      policy: POLICY,
      listen: { public_url: BASE },
      settings: settings({ replicas: 2, authn: [{ jwt: { issuer: acme.issuer, jwks: acme.jwks, dpop: false } }] }),
    });
    try {
      const token = bound();
      await refused(headers(token, proof(holder, { uri, token })), 'dpop_not_taken', { at });
      await refused(bearer(token), 'dpop_not_taken', { at });
      await admitted(bearer(good()), { at });
      const metadata = await send(`${at.origin()}${METADATA}/mcp/stub`, { method: 'GET' }).whole();
      assert.equal(metadata.json.dpop_signing_alg_values_supported, undefined);
      await at.rewriteSettings({ settings: settings({ replicas: 2, authn: [{ jwt: { issuer: acme.issuer, jwks: acme.jwks } }] }) });
      assert.match(await at.reload(), /reload refused/);
      await refused(bearer(token), 'dpop_not_taken', { at });
      await at.rewriteSettings(); // which the verifier of the ledger reads
    } finally {
      await at.stop({ verify: true });
    }
  });

  test('two proofs are no HTTP that we interpret', async () => {
    const token = bound();
    const answer = await ask(headers(token, [proof(holder, { uri, token }), proof(holder, { uri, token })]));
    assert.equal(answer.status, 400);
  });
});

describe('API keys', () => {
  const reload = async () => assert.match(await gateway.reload(), /reloaded rulebook=/);

  test('are made, listed and taken back; SIGHUP puts that into force, and ends the streams of who had one', async () => {
    const key = await newKey(gateway.dir, '--subject', 'ci', '--tenant', 'acme', '--scope', 'mcp:use', '--role', 'deployer', '--expires', '90d');
    await refused(bearer(key), 'api_key_unknown');
    await reload();
    const record = await recordOf(await admitted(bearer(key)));
    const id = key.slice(3, 15);
    assert.deepEqual([record.tenant, record.sub, record.client_id, record.authn_method, record.facts.issuer], ['acme', 'ci', id, 'api_key', 'api_key']);

    const { output } = await cli(gateway.dir, 'keys', 'api-key', 'list');
    assert.match(output, new RegExp(`^${id} subject=ci tenant=acme roles=deployer groups=- scopes=mcp:use created=\\S+ expires=\\S+$`, 'm'));
    assert.ok(!output.includes(key.slice(16)), 'a list shows no key');

    const arriving = stub.expect((up) => up.message?.method === 'subscriptions/listen' && up.message.id === 'listen:key');
    const { headers, body } = modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, { id: 'listen:key' });
    const stream = send(gateway.url('stub'), { headers: { ...headers, ...bearer(key) }, body });
    const up = await within(arriving, 'the subscription');
    up.sse().event({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { notifications: { toolsListChanged: true }, _meta: { 'io.modelcontextprotocol/subscriptionId': 'listen:key' } } });
    await stream.has('acknowledged');

    assert.equal((await cli(gateway.dir, 'keys', 'api-key', 'revoke', id)).code, 0);
    assert.equal((await cli(gateway.dir, 'keys', 'api-key', 'revoke', id)).code, 2);
    await reload();
    await refused(bearer(key), 'api_key_unknown');
    const ended = await stream.whole();
    assert.ok(ended.clean);
    assert.deepEqual([ended.json.id, ended.json.error.code], ['listen:key', 42401]);
    assert.equal(await within(up.gone, 'the upstream stream to end'), 'gone');
    assert.equal((await recordOf(ended)).facts.reason, 'unauthenticated');
  });

  test('that are wrong in any way are refused alike', async () => {
    const key = await newKey(gateway.dir, '--subject', 'x', '--tenant', 'acme', '--expires', '1s');
    const foreign = await newKey(gateway.dir, '--subject', 'y');
    await reload();
    await refused(bearer(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`), 'api_key_wrong');
    await refused(bearer(`dw_zzzzzzzzzzzz_${key.slice(16)}`), 'api_key_unknown');
    await refused(bearer(key.slice(0, -1)), 'api_key_malformed');
    await refused({ authorization: `DPoP ${key}` }, 'token_not_bound', { challenge: null });
    await refused(bearer(foreign), 'tenant_not_issuers'); // the policy names no tenant
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await refused(bearer(key), 'api_key_expired');
  });

  test('are not made for a tenant that they may not name', async () => {
    const { code, output } = await cli(gateway.dir, 'keys', 'api-key', 'new', '--subject', 'x', '--tenant', 'globex');
    assert.deepEqual([code, output], [2, 'durward keys api-key: the tenant globex is not one of api_key.tenants']);
  });
});

describe('key sets', () => {
  const alone = (issuer, more = {}) =>
    startGateway({
      servers: { stub: stub.url },
      policy: POLICY,
      listen: { public_url: BASE, threads: 2 },
      settings: { authn: [{ jwt: { issuer: issuer.issuer, jwks: issuer.jwks } }], limits: LIMITS, ledger: LEDGER, admin: OPEN, ...more },
    });
  const ready = async (at) => {
    const answer = await at.admin('/readyz');
    return { http: answer.status, ...answer.json };
  };
  const until = (at, good_, what) =>
    within(
      (async () => {
        for (;;) {
          const state = await ready(at);
          if (good_(state)) return state;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })(),
      what,
    );

  test('a new key is found at once, and a flood of unknown keys fetches once in thirty seconds', async () => {
    const issuer = await startIssuer();
    const at = await alone(issuer);
    try {
      await admitted(bearer(issuer.token(audience())), { at });
      const rotated = new Key();
      issuer.publish(issuer.key, rotated);
      await Promise.all(Array.from({ length: 20 }, () => admitted(bearer(issuer.token(audience(), {}, { key: rotated })), { at })));
      assert.equal(issuer.fetches.length, 2);
      const unknown = () => refused(bearer(issuer.token(audience(), {}, { key: new Key() })), 'key_unknown', { at });
      await Promise.all(Array.from({ length: 40 }, unknown));
      assert.equal(issuer.fetches.length, 2);
      await admitted(bearer(issuer.token(audience())), { at });
      await scrapeUntil(at, (all) => total(all, 'durward_key_set_fetches_total', { issuer: issuer.issuer, result: 'success' }) === 2, 'two fetches in the metrics');
    } finally {
      await at.stop({ verify: true });
      await issuer.stop();
    }
  });

  test('who comes before the keys are there waits for the one fetch, and nobody is refused', async () => {
    const issuer = await startIssuer();
    let go;
    const held = new Promise((resolve) => (go = resolve));
    issuer.answerWith(async (req, res, usual) => {
      await held;
      usual();
    });
    const at = await alone(issuer);
    try {
      assert.equal((await ready(at)).http, 503);
      const calls = Array.from({ length: 200 }, (_, i) => admitted(bearer(issuer.token(audience(), { jti: `${i}` })), { at }));
      await within(new Promise((resolve) => setTimeout(resolve, 300)), 'the requests to arrive');
      go();
      await Promise.all(calls);
      assert.equal(issuer.fetches.length, 1);
      await until(at, (state) => state.status === 'ok', 'readiness');
    } finally {
      go();
      await at.stop({ verify: true });
      await issuer.stop();
    }
  });

  test('an issuer that is down leaves its known keys in use, and the gateway degraded', async () => {
    const issuer = await startIssuer();
    const at = await alone(issuer);
    try {
      await until(at, (state) => state.status === 'ok', 'readiness');
      issuer.answerWith((req, res) => res.socket.destroy());
      await refused(bearer(issuer.token(audience(), {}, { key: new Key() })), 'key_unknown', { at });
      const state = await ready(at);
      assert.deepEqual([state.http, state.status, state.checks.keys, state.without_fresh_keys], [200, 'degraded', 'ok', [issuer.issuer]]);
      await admitted(bearer(issuer.token(audience())), { at });
    } finally {
      await at.stop({ verify: true });
      await issuer.stop();
    }
  });

  const broken = {
    'that is none': (req, res) => res.end('{}'),
    'that publishes a secret': (req, res) => res.end('{"keys":[{"kty":"oct","k":"AAAA"}]}'),
    'that has gone elsewhere': (req, res) => res.writeHead(302, { location: '/elsewhere' }).end(),
    'that is too large': (req, res) => res.end(JSON.stringify({ keys: [], pad: 'x'.repeat(70_000) })),
  };
  for (const [what, answer] of Object.entries(broken))
    test(`a key set ${what} is not used: nobody can be checked, and that is no 401`, async () => {
      const issuer = await startIssuer();
      issuer.answerWith(answer);
      const at = await alone(issuer);
      try {
        await until(at, (state) => state.http === 503 && state.checks.keys === 'not ok' && issuer.fetches.length > 0, 'a fetch');
        const reply = await ask(bearer(issuer.token(audience())), { at });
        assert.deepEqual([reply.status, reply.headers['www-authenticate'], reply.headers['retry-after']], [503, undefined, '1']);
        assert.equal((await recordOf(reply, at)).facts.fault, 'keys_unavailable');
        assert.ok(issuer.fetches.every((path) => path === '/jwks'), 'a redirect was followed');
      } finally {
        await at.stop({ verify: true });
        await issuer.stop();
      }
    });

  test('a file is read at the start and by SIGHUP', async () => {
    const issuer = await startIssuer();
    const next = new Key();
    const write = (dir, ...keys) => writeFile(join(dir, 'jwks.json'), JSON.stringify({ keys: keys.map((key) => key.published) }));
    const at = await startGateway({
      servers: { stub: stub.url },
      policy: POLICY,
      listen: { public_url: BASE },
      settings: { authn: [{ jwt: { issuer: issuer.issuer, jwks: 'file://./jwks.json' } }], limits: LIMITS, ledger: LEDGER },
      prepare: (dir) => write(dir, issuer.key),
    });
    try {
      const [old, new_] = [issuer.token(audience()), issuer.token(audience(), {}, { key: next })];
      await admitted(bearer(old), { at });
      await refused(bearer(new_), 'key_unknown', { at });
      await writeFile(join(at.dir, 'jwks.json'), '{}');
      assert.match(await at.reload(), /reload refused/);
      await admitted(bearer(old), { at });
      await write(at.dir, next);
      assert.match(await at.reload(), /reloaded/);
      await admitted(bearer(new_), { at });
      await refused(bearer(old), 'key_unknown', { at });
      assert.equal(issuer.fetches.length, 0);
    } finally {
      await at.stop({ verify: true });
      await issuer.stop();
    }
  });
});

describe('sessions', () => {
  const open = async (headers) => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: mark(), version: '1' } };
    const answer = await send(gateway.url('stub'), { headers, body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }) }).whole();
    assert.equal(answer.status, 200, answer.text);
    return { id: answer.headers['mcp-session-id'], upstream: `upstream-${params.clientInfo.name}` };
  };
  const thieves = {
    'another subject': () => good({ sub: 'mallory' }),
    'another client of the same subject': () => good({ client_id: 'other' }),
    "another issuer's caller of the same name": () => globex.token(audience(), { org: 'globex' }),
  };
  for (const [who, token] of Object.entries(thieves))
    test(`a stolen session id is worth nothing to ${who}: POST, GET, DELETE and Last-Event-ID are refused`, async () => {
      const { id, upstream } = await open(bearer(good()));
      const stolen = { ...bearer(token()), 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' };
      const before_ = stub.with(upstream).length;
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: {} } });
      for (const request of [{ body }, { method: 'GET' }, { method: 'GET', headers: { 'last-event-id': '1' } }, { method: 'DELETE' }]) {
        const answer = await send(gateway.url('stub'), { ...request, headers: { ...stolen, ...request.headers } }).whole();
        assert.equal(answer.status, 404, answer.text);
        const record = await recordOf(answer);
        assert.deepEqual([record.type, record.facts.reason], ['refusal', 'session_unknown']);
      }
      assert.equal(stub.with(upstream).length, before_, 'it reached the upstream');
      const mine = { ...bearer(good()), 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' };
      assert.equal((await send(gateway.url('stub'), { headers: mine, body }).whole()).status, 200);
      assert.equal((await send(gateway.url('stub'), { method: 'DELETE', headers: mine }).whole()).status, 200);
    });
});

describe('long streams', () => {
  test('end with an error and cleanly when the token of their caller does', async () => {
    const issuer = await startIssuer();
    const at = await startGateway({
      servers: { stub: stub.url },
      policy: POLICY,
      listen: { public_url: BASE },
      settings: { authn: [{ jwt: { issuer: issuer.issuer, jwks: issuer.jwks, leeway: '0s' } }], ledger: LEDGER },
    });
    try {
      const headers = bearer(issuer.token(audience(), { exp: seconds() + 3 }));
      const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: mark(), version: '1' } } };
      const opened = await send(at.url('stub'), { headers, body: JSON.stringify(initialize) }).whole();
      const session = { ...headers, 'mcp-session-id': opened.headers['mcp-session-id'], 'mcp-protocol-version': '2025-11-25' };
      const getting = stub.expect((up) => up.verb === 'GET' && up.has(`upstream-${initialize.params.clientInfo.name}`));
      const listening = stub.expect((up) => up.message?.id === 'listen:expiry');
      const get = send(at.url('stub'), { method: 'GET', headers: session });
      const { headers: more, body } = modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, { id: 'listen:expiry' });
      const listen = send(at.url('stub'), { headers: { ...more, ...headers }, body });
      (await within(getting, 'the GET')).sse().write(': hello\n\n');
      (await within(listening, 'the subscription')).sse().event({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { notifications: { toolsListChanged: true }, _meta: { 'io.modelcontextprotocol/subscriptionId': 'listen:expiry' } } });
      const [one, other] = await Promise.all([get.whole(), listen.whole()]);
      assert.ok(one.clean && other.clean);
      assert.deepEqual([one.json.error.code, 'id' in one.json], [42401, false]);
      assert.deepEqual([other.json.error.code, other.json.id], [42401, 'listen:expiry']);
      for (const answer of [one, other]) {
        const record = await recordOf(answer, at);
        assert.deepEqual([record.type, record.facts.reason, record.sub], ['outcome', 'unauthenticated', 'alice']);
      }
      await refused(headers, 'expired', { at });
    } finally {
      await at.stop({ verify: true });
      await issuer.stop();
    }
  });
});

describe('floods', () => {
  test('after twenty failures in a minute an address is refused unread, a good token too, and others are served', async () => {
    const at = await startGateway({ servers: { stub: stub.url }, policy: POLICY, listen: { public_url: BASE }, settings: settings({ limits: {} , authn: [{ jwt: { issuer: acme.issuer, jwks: acme.jwks } }] }) });
    try {
      const [bad, fine] = ['127.0.0.2', '127.0.0.3'];
      for (let i = 0; i < 20; ++i) await refused(bearer('x'), 'token_not_three_parts', { at, from: bad });
      await refused(bearer('x'), 'credential_unread', { at, from: bad });
      await refused(bearer(good()), 'credential_unread', { at, from: bad });
      await refused({}, 'credential_missing', { at, from: bad, challenge: `Bearer ${CHALLENGE()}` });
      await admitted(bearer(good()), { at, from: fine });
    } finally {
      await at.stop({ verify: true });
    }
  });
});

describe('metrics', () => {
  test('count what was checked by method and outcome, and never a name', async () => {
    await admitted(bearer(good()));
    const all = await scrapeUntil(gateway, (samples) => total(samples, 'durward_authentications_total', { method: 'jwt', result: 'ok' }) > 0, 'a token that held');
    assert.ok(total(all, 'durward_authentications_total', { method: 'jwt', result: 'signature_wrong' }) > 0);
    assert.ok(total(all, 'durward_authentications_total', { method: '', result: 'credential_missing' }) > 0);
    assert.ok(total(all, 'durward_authentications_total', { method: 'api_key', result: 'api_key_unknown' }) > 0);
    for (const issuer of [acme.issuer, globex.issuer]) assert.equal(total(all, 'durward_key_set_keys', { issuer }), 1);
    assert.ok(!JSON.stringify(all).includes('alice'));
  });

  test('are for operators with a key, where admin.authn says so', async () => {
    let key;
    const at = await startGateway({
      servers: { stub: stub.url },
      settings: { admin: { address: '127.0.0.1', port: 0, authn: [{ api_key: { file: 'operators.json' } }] } },
      prepare: async (dir) => (key = await newKey(dir, '--subject', 'operator')),
    });
    try {
      assert.equal((await at.admin('/readyz')).status >= 200, true);
      const stranger = await at.admin('/metrics');
      assert.deepEqual([stranger.status, stranger.headers['www-authenticate']], [401, 'Bearer realm="durward"']);
      for (const authorization of [`Bearer ${key.slice(0, -1)}`, `DPoP ${key}`, `Bearer ${good()}`, 'Basic YTpi'])
        assert.equal((await at.admin('/metrics', { headers: { authorization } })).status, 401);
      assert.equal((await at.admin('/metrics', { headers: bearer(key) })).status, 200);
    } finally {
      await at.stop({ verify: true });
    }
  });
});

describe('the command line', () => {
  test('check and serve refuse alike what cannot be used', async () => {
    const cases = [
      [{ api_key: { file: 'absent.json' } }, /absent\.json/],
      [{ api_key: { file: 'durward.yaml' } }, /durward\.yaml: /],
      [{ mtls: { client_ca: 'durward.yaml' } }, /listen\.tls is missing/],
      [{ jwt: { issuer: 'https://as.example.com', jwks: 'file://./durward.yaml' } }, /durward\.yaml: is no key set: key_set_not_json/],
    ];
    const at = await startGateway({ servers: { stub: stub.url } });
    try {
      for (const [method, said] of cases) {
        await at.rewriteSettings({ settings: { authn: [method] }, listen: { public_url: BASE } });
        const checked = await cli(at.dir, 'check');
        assert.equal(checked.code, 2, checked.output);
        assert.match(checked.output, said);
        assert.match(await at.reload(), /reload refused/);
      }
    } finally {
      await at.stop();
    }
  });
});
