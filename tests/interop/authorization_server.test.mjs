// The authorization server that other suites lean on gives out, and refuses, what a gateway asks a real one for: tokens of its
// own (client_credentials), and tokens in exchange for those of its callers (RFC 8693).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ACCESS_TOKEN, EXCHANGE, startAuthorizationServer } from './authorization_server.mjs';

const TOOLS = 'https://tools.example.com/mcp';
const GATEWAY = { id: 'gateway', secret: 'client-secret-for-tests' };
const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

for (const auth of ['client_secret_basic', 'client_secret_post']) {
  describe(`with ${auth}`, () => {
    let server;
    before(async () => (server = await startAuthorizationServer({ resources: { [TOOLS]: { scope: 'read write' } }, gateway: { ...GATEWAY, auth } })));
    after(() => server?.stop());

    async function ask(form, secret = GATEWAY.secret) {
      const basic = { authorization: `Basic ${Buffer.from(`${GATEWAY.id}:${secret}`).toString('base64')}` };
      const body = new URLSearchParams({ ...form, ...(auth === 'client_secret_post' && { client_id: GATEWAY.id, client_secret: secret }) });
      const answer = await fetch(server.tokenEndpoint, { method: 'POST', body, headers: auth === 'client_secret_basic' ? basic : {} });
      return { status: answer.status, ...(await answer.json()) };
    }
    const own = (more = {}) => ask({ grant_type: 'client_credentials', resource: TOOLS, scope: 'read', ...more });
    const exchange = (subject_token, more = {}) =>
      ask({ grant_type: EXCHANGE, subject_token, subject_token_type: ACCESS_TOKEN, resource: TOOLS, scope: 'write', ...more });

    test('a client gets a token of its own, for the resource and scope that it asks for', async () => {
      const answer = await own();
      assert.deepEqual([answer.status, answer.token_type, answer.scope], [200, 'Bearer', 'read'], JSON.stringify(answer));
      assert.ok(answer.expires_in > 0);
      const { aud, sub, client_id } = claimsOf(answer.access_token);
      assert.deepEqual({ aud, client_id }, { aud: TOOLS, client_id: GATEWAY.id });
      assert.notEqual(sub, 'alice');
    });

    test('a wrong secret and an unknown resource get none', async () => {
      assert.equal((await ask({ grant_type: 'client_credentials', resource: TOOLS }, 'wrong')).status, 401);
      const unknown = await own({ resource: 'https://elsewhere.example.com' });
      assert.notEqual(unknown.status, 200);
      assert.equal(unknown.access_token, undefined);
    });

    test('a token is exchanged for one of the same subject and another audience', async () => {
      const first = (await own()).access_token;
      const answer = await exchange(first);
      assert.deepEqual([answer.status, answer.issued_token_type, answer.scope], [200, ACCESS_TOKEN, 'write'], JSON.stringify(answer));
      const { aud, sub, client_id } = claimsOf(answer.access_token);
      assert.deepEqual({ aud, sub, client_id }, { aud: TOOLS, sub: claimsOf(first).sub, client_id: GATEWAY.id });
    });

    test('what is no token of ours is exchanged for nothing', async () => {
      const good = (await own()).access_token;
      const [header, payload, signature] = good.split('.');
      const forged = Buffer.from(JSON.stringify({ ...claimsOf(good), sub: 'alice' })).toString('base64url');
      for (const bad of ['x', `${header}.${forged}.${signature}`, `${header}.${payload}.`]) {
        const answer = await exchange(bad);
        assert.deepEqual([answer.status, answer.error], [400, 'invalid_grant']);
      }
      assert.equal((await exchange(good, { resource: 'https://elsewhere.example.com' })).error, 'invalid_target');
      assert.equal((await exchange(good, { subject_token_type: 'urn:x' })).error, 'invalid_request');
    });
  });
}
