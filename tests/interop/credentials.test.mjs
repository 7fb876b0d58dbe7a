// Who the gateway is to its servers: credentials in headers, tokens of its own and in exchange for a caller's, secrets that agents
// name and never see, and none of it coming back.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test as nodeTest } from 'node:test';
import { leaks } from './canaries.mjs';
import { startGateway } from './gateway.mjs';
import { startIssuer } from './issuer.mjs';
import { OPEN, scrapeUntil, total } from './observe.mjs';
import { run } from './process.mjs';
import { startStub } from './stub.mjs';
import { startTokenServer } from './token_server.mjs';
import { call, mark, modern, send } from './wire.mjs';

const test = (name, body) => nodeTest(name, { timeout: 30_000 }, body);
const BASE = 'https://gw.example.com';
const HEADER = 'static-Canary/key+1';
const CLIENT = 'client:secret&canary=2';
const BROKERED = 'brokered "canary" \\3';
const POLICY = 'tools: {allowlist: ["mcp://*/echo", "mcp://*/hidden"]}\n';
const LEDGER = { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', anonymous_refusals_per_second: 100_000, refusals_per_second: 100_000 };

let stub;
let issuer;
let tokens;
let gateway;

const secretFile = (dir, name, value) => {
  writeFileSync(join(dir, name), `${value}\n`, { mode: 0o600 });
};
const tokenSettings = (more) => ({ token_url: tokens.url, client_id: 'durward gw', client_secret_ref: 'file://./client', ...more });
const servers = (more = {}) => ({
  plain: stub.url,
  header: { url: stub.url, credential: { header: { name: 'X-Api-Key', value_ref: 'file://./static' } } },
  prefixed: { url: stub.url, credential: { header: { prefix: 'Bearer', value_ref: 'env://DURWARD_STATIC' } } },
  own: { url: stub.url, credential: { client_credentials: tokenSettings({ scopes: ['a', 'b'], resource: 'https://mcp.example.com/' }) } },
  exchanged: { url: stub.url, credential: { token_exchange: tokenSettings({ client_auth: 'post', audience: 'the tools' }) } },
  ...more,
});
const settings = () => ({
  authn: [{ jwt: { issuer: issuer.issuer, jwks: issuer.jwks } }, { api_key: { file: 'api-keys.json', tenants: ['acme'] } }].map((one, i) =>
    i === 0 ? { jwt: { ...one.jwt, tenants: ['acme', 'globex'] } } : one,
  ),
  admin: OPEN,
  ledger: LEDGER,
  log: { level: 'debug', refusals_per_second: 100_000 },
  secrets: { mail: { ref: 'file://./brokered', tools: ['mcp://*/echo'], arguments: ['/auth/key', '/list/*'], tenants: ['acme'] } },
});

before(async () => {
  [stub, issuer, tokens] = await Promise.all([startStub(), startIssuer(), startTokenServer()]);
  gateway = await startGateway({
    servers: servers(),
    policy: POLICY,
    listen: { public_url: BASE },
    settings: settings(),
    env: { DURWARD_STATIC: HEADER },
    prepare: async (dir) => {
      secretFile(dir, 'static', HEADER);
      secretFile(dir, 'client', CLIENT);
      secretFile(dir, 'brokered', BROKERED);
      const made = await run(process.env.DURWARD, ['keys', 'api-key', 'new', '--subject', 'first', '--tenant', 'acme'], { cwd: dir });
      apiKey = /^dw_\S+$/m.exec(made.output)[0];
    },
  });
});
let apiKey;
after(async () => {
  await gateway?.stop({ verify: true });
  await Promise.all([stub?.stop(), issuer?.stop(), tokens?.stop()]);
});

const caller = (server, claims) => ({ authorization: `Bearer ${issuer.token(`${BASE}/mcp/${server}`, claims)}` });
const ask = (server, { headers, args, claims } = {}) => {
  const word = mark();
  const { headers: usual, body } = call({ word });
  const message = JSON.parse(body);
  if (args) message.params.arguments = { word, ...args };
  return { word, exchange: send(gateway.url(server), { headers: { ...usual, ...(headers ?? caller(server, claims)) }, body: JSON.stringify(message) }) };
};
/** A call that reaches the upstream and is answered by `answer`. */
async function through(server, options = {}, answer = (up) => up.result({ content: [] })) {
  const { word, exchange } = ask(server, options);
  const up = await stub.expect(word);
  answer(up);
  return { up, answer: await exchange.whole() };
}
async function refused(server, options, code) {
  const { word, exchange } = ask(server, options);
  const answer = await exchange.whole();
  assert.equal(answer.json?.error?.code, code, answer.text);
  assert.equal(stub.with(word).length, 0);
  return answer;
}
const recordOf = async (answer) => {
  for (;;) {
    const found = (await gateway.records()).filter((record) => record.id === answer.headers['x-durward-entry']).at(-1);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

describe('a credential', () => {
  test('of none: the caller’s own goes no further', async () => {
    const { up } = await through('plain');
    assert.equal(up.headers.authorization, undefined);
  });

  test('of a header: it is there, and the caller’s own is not', async () => {
    const { up } = await through('header', { headers: { ...caller('header'), 'x-api-key': 'mine' } });
    assert.equal(up.headers['x-api-key'], HEADER);
    assert.equal(up.headers.authorization, undefined);
    assert.equal((await through('prefixed')).up.headers.authorization, `Bearer ${HEADER}`);
  });

  test('of the gateway’s own questions, too', async () => {
    const own = stub.requests.filter((up) => up.message?.method === 'tools/list' && up.headers['x-api-key'] !== undefined);
    assert.ok(own.length > 0);
    assert.ok(own.every((up) => up.headers['x-api-key'] === HEADER));
  });

  test('of client_credentials: one token for all callers, asked for as RFC 6749 says', async () => {
    const first = await through('own');
    const second = await through('own', { claims: { sub: 'bob' } });
    assert.match(first.up.headers.authorization, /^Bearer token-canary-client_credentials-\d+$/);
    assert.equal(second.up.headers.authorization, first.up.headers.authorization);
    const { form, headers, method } = tokens.asked.find(({ form }) => form.get('grant_type') === 'client_credentials');
    assert.equal(method, 'POST');
    assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
    assert.deepEqual(Object.fromEntries(form), { grant_type: 'client_credentials', scope: 'a b', resource: 'https://mcp.example.com/' });
    const encode = (text) => new URLSearchParams({ x: text }).toString().slice(2);
    assert.equal(headers.authorization, `Basic ${Buffer.from(`${encode('durward gw')}:${encode(CLIENT)}`).toString('base64')}`);
  });

  test('of token_exchange: one for each caller, in exchange for his', async () => {
    const mine = caller('exchanged', { sub: 'alice' });
    const first = await through('exchanged', { headers: mine });
    const again = await through('exchanged', { headers: mine });
    const other = await through('exchanged', { claims: { sub: 'bob' } });
    assert.match(first.up.headers.authorization, /^Bearer token-canary-token-exchange-\d+$/);
    assert.equal(again.up.headers.authorization, first.up.headers.authorization);
    assert.notEqual(other.up.headers.authorization, first.up.headers.authorization);
    const { form } = tokens.asked.find(({ form }) => form.get('subject_token') === mine.authorization.slice(7));
    assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:token-exchange');
    assert.equal(form.get('subject_token_type'), 'urn:ietf:params:oauth:token-type:access_token');
    assert.equal(form.get('audience'), 'the tools');
    assert.equal(form.get('client_id'), 'durward gw');
    assert.equal(form.get('client_secret'), CLIENT);
  });

  test('of token_exchange: a caller who has no token to exchange is refused', async () => {
    const answer = await refused('exchanged', { headers: { authorization: `Bearer ${apiKey}` } }, 42503);
    assert.equal(answer.json.error.data.reason, 'credential_unavailable');
  });

  test('is fetched once for many who need it at the same time', async () => {
    const claims = { sub: mark() };
    const before = tokens.asked.length;
    const headers = caller('exchanged', claims);
    const all = await Promise.all(Array.from({ length: 30 }, () => through('exchanged', { headers })));
    assert.equal(new Set(all.map(({ up }) => up.headers.authorization)).size, 1);
    assert.equal(tokens.asked.length, before + 1);
  });

  test('that cannot be had refuses the call, and nothing goes without', async () => {
    for (const bad of [
      { status: 500 },
      { status: 400, body: '{"error":"invalid_grant"}' },
      { body: 'not JSON' },
      { body: '{"access_token":"short","token_type":"Bearer"}' },
      { body: '{"access_token":"a-token-of-mine","token_type":"mac"}' },
      { body: '{"access_token":"a-token-of-mine\\r\\nx: y","token_type":"Bearer"}' },
      { body: `{"access_token":"${'a'.repeat(70_000)}","token_type":"Bearer"}` },
    ]) {
      tokens.answerWith(() => bad);
      const claims = { sub: mark() };
      const answer = await refused('exchanged', { claims }, 42503);
      assert.equal(answer.json.error.data.reason, 'credential_unavailable');
      assert.equal(answer.json.error.data.effect, 'none');
      const record = await recordOf(answer);
      assert.equal(record.facts.reason, 'credential_unavailable');
      const asked = tokens.asked.length;
      await refused('exchanged', { claims }, 42503); // at once: the endpoint is left alone for a while
      assert.equal(tokens.asked.length, asked);
    }
    tokens.answerWith(undefined);
  });

  test('that its server refuses is fetched anew for the next call', async () => {
    const headers = caller('exchanged', { sub: mark() });
    const first = await through('exchanged', { headers }, (up) => up.json('{}', { status: 401, headers: { 'www-authenticate': 'Bearer' } }));
    assert.equal(first.answer.json.error.code, 42502);
    assert.equal(first.answer.headers['www-authenticate'], undefined);
    for (;;) {
      const { word, exchange } = ask('exchanged', { headers });
      const settled = await Promise.race([stub.expect(word), exchange.whole()]);
      if (settled.verb === undefined) {
        assert.equal(settled.json.error.code, 42503); // within a second of the fetch
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      settled.result({ content: [] });
      await exchange.whole();
      assert.notEqual(settled.headers.authorization, first.up.headers.authorization);
      break;
    }
  });
});

const SECRETS = () => [HEADER, CLIENT, BROKERED];
const escaped = (text) => [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

describe('a secret that comes back', () => {
  const MARK = '[REDACTED:credential]';
  const expectRedacted = async (answer, up) => {
    const shown = up.headers.authorization?.split(' ')[1] ?? up.headers['x-api-key'];
    assert.ok(!answer.text.includes(shown), answer.text);
    assert.ok(answer.text.includes(MARK), answer.text);
    const record = await recordOf(answer);
    assert.ok(record.findings.some(({ code }) => code === 'credential_echoed'), JSON.stringify(record));
  };

  for (const server of ['header', 'prefixed', 'own', 'exchanged']) {
    test(`from ${server}, in a result, however it is escaped: only it is taken out`, async () => {
      const { up, answer } = await through(server, {}, (up) => {
        const shown = up.headers.authorization?.split(' ')[1] ?? up.headers['x-api-key'];
        const text = `{"jsonrpc":"2.0","id":${JSON.stringify(up.message.id)},"result":{"content":[],"n":1.0,"a":"x${shown}y","b":"${escaped(shown)}","${shown}":[true]}}`;
        up.json(text);
      });
      await expectRedacted(answer, up);
      assert.ok(answer.text.endsWith(`"n":1.0,"a":"x${MARK}y","b":"${MARK}","${MARK}":[true]}}`), answer.text);
    });

    test(`from ${server}, in an error, an event and the headers`, async () => {
      const failing = await through(server, {}, (up) => {
        const shown = up.headers.authorization?.split(' ')[1] ?? up.headers['x-api-key'];
        up.json({ jsonrpc: '2.0', id: up.message.id, error: { code: -32000, message: `bad key ${shown}`, data: { shown } } }, { headers: { 'cache-control': `x="${shown}"`, 'retry-after': '3' } });
      });
      await expectRedacted(failing.answer, failing.up);
      assert.equal(failing.answer.headers['cache-control'], undefined);
      assert.equal(failing.answer.headers['retry-after'], '3');
      const streaming = await through(server, {}, (up) => {
        const shown = up.headers.authorization?.split(' ')[1] ?? up.headers['x-api-key'];
        up.sse();
        up.write(`: ${shown}\n\n`);
        up.event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: shown } }, 'id: 7\n');
        up.event({ jsonrpc: '2.0', id: up.message.id, result: { content: [{ type: 'text', text: shown }] } });
        up.end();
      });
      await expectRedacted(streaming.answer, streaming.up);
      assert.ok(streaming.answer.text.includes('id: 7\n'));
      const beside = await through(server, {}, (up) => {
        const shown = up.headers.authorization?.split(' ')[1] ?? up.headers['x-api-key'];
        up.sse();
        up.event({ jsonrpc: '2.0', id: up.message.id, result: { content: [] } }, `id: ${shown}\n`);
        up.end();
      });
      const shown = beside.up.headers.authorization?.split(' ')[1] ?? beside.up.headers['x-api-key'];
      assert.ok(!(beside.answer.text ?? '').includes(shown));
    });

    test(`from ${server}, as the name of a tool: no label and no record has it`, async () => {
      const word = mark();
      const { headers: usual, body } = modern('tools/list', { word });
      const exchange = send(gateway.url(server), { headers: { ...usual, ...caller(server) }, body });
      const up = await stub.expect(word);
      const shown = up.headers.authorization?.split(' ')[1] ?? up.headers['x-api-key'];
      up.result({ tools: [{ name: `x-${shown}`.slice(0, 60), description: shown, inputSchema: { type: 'object' } }], resultType: 'complete', ttlMs: 0, cacheScope: 'public' });
      const answer = await exchange.whole();
      assert.ok(!answer.text.includes(shown), answer.text);
    });
  }

  test('is counted', async () => {
    await scrapeUntil(gateway, (metrics) => total(metrics, 'durward_credentials_redacted_total') >= 12, 'redactions');
  });
});

describe('secret://', () => {
  test('stands for a declared argument, and only the server sees what it is', async () => {
    const { up, answer } = await through('plain', { args: { auth: { key: 'secret://mail' }, list: ['a', 'secret://mail'], n: 1.5 } }, (up) =>
      up.result({ content: [{ type: 'text', text: `got ${up.message.params.arguments.auth.key}` }] }),
    );
    assert.equal(up.message.params.arguments.auth.key, BROKERED);
    assert.deepEqual(up.message.params.arguments.list, ['a', BROKERED]);
    assert.ok(!answer.text.includes(JSON.stringify(BROKERED).slice(1, -1)));
    assert.ok(answer.text.includes('got [REDACTED:credential]'));
    const record = await recordOf(answer);
    const brokered = record.findings.filter(({ code }) => code === 'secret_brokered');
    assert.deepEqual(brokered.map(({ at }) => at).sort(), ['/auth/key', '/list/*']);
    assert.ok(brokered.every(({ rule }) => rule === 'mail'));
  });

  test('of an unknown name, for another caller, tool or place is refused, and all of it alike', async () => {
    const texts = [];
    for (const options of [
      { args: { auth: { key: 'secret://absent' } } },
      { args: { auth: { key: 'secret://mail' } }, claims: { org: 'globex' } },
      { args: { elsewhere: 'secret://mail' } },
      { args: { auth: { key: 'secret://mail', 'secret://mail': 1 } } },
    ]) {
      const answer = await refused('plain', options, 42001);
      texts.push(answer.text.replace(/"(entry|id)":"?[^",}]*"?/g, ''));
      const record = await recordOf(answer);
      assert.ok(record.findings.some(({ code }) => code === 'secret_denied'), JSON.stringify(record));
    }
    assert.equal(new Set(texts).size, 1, texts.join('\n'));
  });
});

describe('durward secrets check', () => {
  const check = () => run(process.env.DURWARD, ['secrets', 'check', '-c', 'durward.yaml'], { cwd: gateway.dir, env: { DURWARD_STATIC: HEADER } });

  test('says of each setting whether its secret can be had, and shows neither reference nor secret', async () => {
    const { code, output } = await check();
    assert.equal(code, 0, output);
    assert.match(output, /^servers\.header\.credential\.header\.value_ref: available$/m);
    assert.match(output, /^secrets\.mail\.ref: available$/m);
    assert.match(output, /^\d+ available, 0 missing, 0 unsupported$/m);
    for (const text of [...SECRETS(), 'static', 'DURWARD_STATIC', 'brokered']) assert.ok(!output.includes(text), output);
  });

  test('ends with 2 where one is missing, and so do check, serve and a reload', async () => {
    const broken = { ...servers(), header: { url: stub.url, credential: { header: { value_ref: 'file://./no-such-canary-file' } } } };
    await gateway.rewriteSettings({ servers: broken });
    const { code, output } = await check();
    assert.equal(code, 2, output);
    assert.match(output, /^servers\.header\.credential\.header\.value_ref: (?!available)/m);
    assert.match(output, /, 1 missing, 0 unsupported$/m);
    assert.match(await gateway.reload(), /reload refused/);
    for (const command of ['check', 'serve']) {
      const done = await run(process.env.DURWARD, [command, '-c', 'durward.yaml'], { cwd: gateway.dir, env: { DURWARD_STATIC: HEADER } });
      assert.equal(done.code, 2, done.output);
      assert.match(done.output, /servers\.header\.credential\.header\.value_ref/);
      assert.ok(!done.output.includes('no-such-canary-file'), done.output);
    }
    await gateway.rewriteSettings();
    await through('header');
  });
});

test('no secret stands in a log line, a metric, an admin answer, a record or what the ledger shows', async () => {
  const shown = await run(process.env.DURWARD, ['ledger', 'show', '-c', 'durward.yaml', '--json'], { cwd: gateway.dir });
  const plain = await run(process.env.DURWARD, ['ledger', 'show', '-c', 'durward.yaml'], { cwd: gateway.dir });
  const all = {
    log: gateway.errors() + gateway.logs(),
    metrics: (await gateway.admin('/metrics')).text,
    ready: (await gateway.admin('/readyz')).text,
    records: JSON.stringify(await gateway.records()),
    shown: shown.output + plain.output,
  };
  const canaries = Object.fromEntries([...SECRETS(), ...tokens.given, apiKey].map((secret, i) => [`secret ${i}`, secret]));
  for (const [where, text] of Object.entries(all)) assert.deepEqual(leaks(canaries, text), [], where);
});
