// How the gateway is operated, and what its records say: reload, observe mode, durability classes, kill -9, no ledger.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { buildRecorder } from './recorder.mjs';
import { startStub } from './stub.mjs';
import { run } from './process.mjs';
import { call, mark, openSession, send, within } from './wire.mjs';

const test = (name, body) => nodeTest(name, { timeout: 60_000 }, body);
const ECHO = 'tools: {allowlist: ["mcp://stub/echo"]}\n';
const binary = process.env.DURWARD;

let stub;
before(async () => (stub = await startStub()));
after(() => stub?.stop());

const done = (id) => ({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'done' }], resultType: 'complete' } });

async function withGateway(options, body) {
  const gateway = await startGateway({ servers: { stub: stub.url }, policy: ECHO, ...options });
  try {
    return await body(gateway, gateway.url('stub'));
  } finally {
    await gateway.stop({ verify: true });
  }
}

/** A call that the stub answers; the answer's record is the one that the entry header names. */
async function recorded(gateway, url, body) {
  const answer = await send(url, body).whole();
  const records = (await gateway.records()).filter((record) => record.id === answer.headers['x-durward-entry']);
  return { answer, records };
}

describe('reload', () => {
  test('SIGHUP takes a new policy, and keeps the old one when the new one is broken', () =>
    withGateway({}, async (gateway, url) => {
      assert.equal((await send(url, call({ word: mark() })).whole()).error, undefined);
      await gateway.rewritePolicy('tools: {allowlst: []}\n');
      gateway.signal('SIGHUP');
      await within(gateway.said(/reload refused/), 'the refusal of a broken policy');
      assert.match(gateway.logs(), /policy\.yaml:1:9: error: .*did you mean allowlist/);
      assert.equal((await send(url, call({ word: mark() })).whole()).error, undefined);
      await gateway.rewritePolicy('tools: {allowlist: ["mcp://stub/other"]}\n');
      gateway.signal('SIGHUP');
      await within(gateway.said(/reloaded rulebook=sha256:/), 'the reload');
      assert.equal((await send(url, call({ word: mark() })).whole()).error.code, -32602);
      const rulebooks = (await gateway.records()).filter((record) => record.type === 'rulebook');
      assert.equal(new Set(rulebooks.map((record) => record.rulebook)).size, 2);
    }));

  test('a call under way ends under the rulebook that it began with, and its record names that one', () =>
    withGateway({}, async (gateway, url) => {
      const word = mark();
      const arriving = stub.expect(word);
      const client = send(url, call({ word }));
      const up = await within(arriving, 'the call');
      await gateway.rewritePolicy('tools: {allowlist: ["mcp://stub/other"]}\n');
      assert.match(await gateway.reload(), /reloaded/);
      const later = await recorded(gateway, url, call({ word: mark() }));
      assert.equal(later.answer.error.code, -32602);
      up.json(done(up.message.id));
      const earlier = await client.whole();
      assert.equal(earlier.error, undefined, earlier.text);
      const all = await gateway.records();
      const rulebooks = all.filter((record) => record.type === 'rulebook').map((record) => record.rulebook);
      assert.equal(rulebooks.length, 2);
      assert.notEqual(rulebooks[0], rulebooks[1]);
      const records = all.filter((record) => record.id === earlier.headers['x-durward-entry']);
      assert.deepEqual(records.map((record) => [record.type, record.rulebook]), [['call', rulebooks[0]]]);
      assert.deepEqual(later.records.map((record) => [record.type, record.rulebook]), [['refusal', rulebooks[1]]]);
    }));

  test('a server that has moved is called at its new address only', async () => {
    const moved = await startStub();
    try {
      await withGateway({ listen: { threads: 1 } }, async (gateway, url) => {
        const before_ = mark();
        for (let i = 0; i < 4; ++i) assert.equal((await send(url, call({ word: before_ })).whole()).error, undefined);
        assert.equal(stub.with(before_).length, 4); // and connections to it are kept
        await gateway.rewriteSettings({ servers: { stub: moved.url } });
        assert.match(await gateway.reload(), /reloaded/);
        const after_ = mark();
        for (let i = 0; i < 8; ++i) assert.equal((await send(url, call({ word: after_ })).whole()).error, undefined);
        assert.deepEqual([stub.with(after_).length, moved.with(after_).length], [0, 8]);
      });
    } finally {
      moved.stop();
    }
  });

  test('what only a restart can change is refused by name, and all that is in force stays', () =>
    withGateway({}, async (gateway, url) => {
      const ledger = { dir: 'ledger', key_ref: 'file://./keys/ed25519.key' };
      const cases = {
        'listen.port': { listen: { port: gateway.port === 65535 ? 65534 : gateway.port + 1 } },
        'listen.threads': { listen: { threads: 5 } },
        'admin.port': { settings: { admin: { address: '127.0.0.1', port: 1 } } },
        'ledger.dir': { settings: { ledger: { ...ledger, dir: 'elsewhere' } } },
        'ledger.reads': { settings: { ledger: { ...ledger, reads: 'synced' } } },
        'ledger.segment': { settings: { ledger: { ...ledger, segment: '1MiB' } } },
        'ledger.refusals_per_second': { settings: { ledger: { ...ledger, refusals_per_second: 7 } } },
        'limits.connections': { settings: { limits: { connections: 77 } } },
        'limits.connections_per_address': { settings: { limits: { connections_per_address: 7 } } },
        'limits.upstream_connections': { settings: { limits: { upstream_connections: 7 } } },
        'limits.buffered_bytes': { settings: { limits: { buffered_bytes: '7MiB' } } },
      };
      await gateway.rewritePolicy('tools: {allowlist: []}\n'); // must not come into force either
      for (const [name, changed] of Object.entries(cases)) {
        await gateway.rewriteSettings(changed);
        const said = await gateway.reload();
        assert.match(said, /reload refused.*restart/, name);
        assert.ok(said.includes(name), `${name}: ${said}`);
      }
      await gateway.rewriteSettings();
      assert.equal((await send(url, call({ word: mark() })).whole()).error, undefined);
      assert.equal((await gateway.records()).filter((record) => record.type === 'rulebook').length, 1);
    }));

  test('a limit that is not tied to what is open changes with a reload', () =>
    withGateway({}, async (gateway, url) => {
      const large = () => send(url, call({ word: 'x'.repeat(2048) })).whole();
      assert.equal((await large()).status, 200);
      await gateway.rewriteSettings({ settings: { limits: { body_bytes: '1KiB' } } });
      assert.match(await gateway.reload(), /reloaded/);
      assert.equal((await large()).status, 413);
    }));
});

describe('verdicts and their records', () => {
  const cases = [
    ['an allowed call', ECHO, { verdict: 'allow' }, undefined],
    ['a hidden tool', 'tools: {allowlist: []}\n', { verdict: 'deny', effect: 'none' }, -32602],
    ['a denied tool in observe mode', 'tools: {allowlist: ["mcp://stub/*"], denylist: ["mcp://stub/echo"]}\nenforcement: {mode: observe}\n', { verdict: 'allow', mode: 'observe' }, undefined],
    ['a denied tool where deny_on is empty', 'tools: {allowlist: ["mcp://stub/*"], denylist: ["mcp://stub/echo"]}\nenforcement: {deny_on: []}\n', { verdict: 'allow' }, undefined],
    ['an escalated tool', 'tools: {allowlist: ["mcp://stub/*"], denylist: ["mcp://stub/echo"]}\nenforcement: {escalate_on: [tool_not_in_allowlist]}\n', { verdict: 'escalate', effect: 'none' }, 42002],
  ];
  for (const [name, policy, wanted, code] of cases) {
    test(name, () =>
      withGateway({ policy }, async (gateway, url) => {
        // The list puts the tool into the catalogue: a name outside it is refused in every mode.
        await send(url, { headers: { 'content-type': 'application/json' }, body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' }).whole();
        const word = mark();
        const { answer, records } = await recorded(gateway, url, call({ word }));
        assert.equal(answer.error?.code, code, answer.text);
        assert.equal(records.length, 1);
        for (const [member, value] of Object.entries(wanted)) assert.equal(records[0][member], value, member);
        if (name.includes('observe') || name.includes('empty'))
          assert.ok(records[0].findings.some((finding) => finding.code === 'tool_not_in_allowlist' && finding.effect === 'would_deny'));
        assert.equal(stub.with(word).length, code === undefined ? 1 : 0);
      }));
  }

  test('a side effect has its intent on record before the call, and its outcome after', () =>
    withGateway({ servers: { stub: { url: stub.url, tools: { echo: { kind: 'mutate' } } } } }, async (gateway, url) => {
      const word = mark();
      const arriving = stub.expect(word);
      const client = send(url, call({ word }));
      const up = await within(arriving, 'the call');
      const before_ = (await gateway.records()).filter((record) => record.kind === 'mutate');
      assert.deepEqual(before_.map((record) => record.type), ['intent']);
      up.json(done(JSON.parse(up.body).id));
      const answer = await client.whole();
      assert.equal(answer.error, undefined, answer.text);
      const after_ = (await gateway.records()).filter((record) => record.kind === 'mutate');
      assert.deepEqual(after_.map((record) => record.type), ['intent', 'outcome']);
      assert.equal(after_[0].id, after_[1].id);
      assert.equal(after_[1].effect, 'completed');
    }));

  test('what cannot be parsed leaves a record too', () =>
    withGateway({}, async (gateway, url) => {
      const { answer, records } = await recorded(gateway, url, { headers: { 'content-type': 'application/json' }, body: '{"jsonrpc":' });
      assert.equal(answer.status, 400);
      assert.equal(answer.error.code, -32700);
      assert.equal(records[0].type, 'refusal');
      assert.equal(records[0].facts.reason, 'not_json');
    }));

  test('nothing that a caller chose is on record or in the log', () =>
    withGateway({ policy: 'tools: {allowlist: ["mcp://stub/echo"]}\nservers: {stub: {resources: ["file:///ok/**"]}}\n' }, async (gateway, url) => {
      const canary = 'canary4711';
      const json = { 'content-type': 'application/json' };
      const legacy = (method, params) => send(url, { headers: { ...json, authorization: `Bearer ${canary}`, cookie: canary, traceparent: canary, 'x-agent-ref': canary, 'x-node-id': canary }, body: JSON.stringify({ jsonrpc: '2.0', id: canary, method, params }) }).whole();
      await legacy('tools/call', { name: canary, arguments: { secret: canary } });
      await legacy('tools/call', { name: 'echo', arguments: { secret: canary, word: mark() } });
      await legacy(`evil/${canary}`, {});
      await legacy('resources/read', { uri: `file:///${canary}` });
      await legacy('prompts/get', { name: canary });
      await send(url, { headers: json, body: `{"${canary}":` }).whole();
      await send(`${gateway.origin()}/mcp/${canary}`, { headers: json, body: '{}' }).whole();
      const text = JSON.stringify(await gateway.records());
      assert.match(text, /"agent":\{"node":"hmac:[^"]+","run":"hmac:/);
      assert.ok(!text.includes(canary), text.slice(text.indexOf(canary) - 200, text.indexOf(canary) + 50));
      assert.ok(!gateway.logs().includes(canary), gateway.logs());
    }));
});

describe('the ledger', () => {
  test('kill -9 in mid-call: the log is recovered, and the open intent ends as unknown', async () => {
    const gateway = await startGateway({ servers: { stub: { url: stub.url, tools: { echo: { kind: 'mutate' } } } }, policy: ECHO });
    try {
      const word = mark();
      const arriving = stub.expect(word);
      const client = send(gateway.url('stub'), call({ word }));
      client.head.catch(() => {});
      await within(arriving, 'the call');
      gateway.signal('SIGKILL');
      await gateway.exited;
      await gateway.launch();
      const calls = (await gateway.records()).filter((record) => record.kind === 'mutate');
      const ends = (await gateway.records()).filter((record) => record.id === calls[0].id && record.type === 'outcome');
      assert.equal(ends.length, 1);
      assert.equal(ends[0].effect, 'unknown');
    } finally {
      await gateway.stop({ verify: true });
    }
  });

  test('what an earlier gateway left is made durable, names too, before anything is added', async () => {
    const tools = await mkdtemp(join(tmpdir(), 'durward-recorder-'));
    const recorder = await buildRecorder(tools);
    const env = {};
    const settings = { ledger: { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', segment: '64KiB' } };
    const gateway = await startGateway({ servers: { stub: stub.url }, policy: ECHO, settings, env });
    try {
      const segments = async () => (await readdir(gateway.ledgerDir)).filter((name) => name.endsWith('.ndjson')).sort();
      const one = () => send(gateway.url('stub'), call({ word: mark() })).whole();
      while ((await segments()).length < 3) await Promise.all(Array.from({ length: 40 }, one));
      gateway.signal('SIGKILL');
      await gateway.exited;
      await rm(join(gateway.ledgerDir, 'state.json'), { force: true }); // it tells what was durable
      const left = await Promise.all((await segments()).map(async (name) => [name, (await stat(join(gateway.ledgerDir, name))).size]));
      Object.assign(env, recorder.env);
      await gateway.launch();
      const did = (await recorder.lines()).filter((line) => /\.ndjson$/.test(line));
      const first = left.map(([name, size]) => `synced ${size} ${join(gateway.ledgerDir, name)}`);
      assert.deepEqual(did.slice(0, first.length), first);
      assert.deepEqual(did.slice(first.length, 2 * first.length).sort(), left.map(([name]) => `named ${name}`));
    } finally {
      await gateway.stop({ verify: true });
      await rm(tools, { recursive: true, force: true });
    }
  });

  test('no ledger, no call: after a write error every call is 42503, nothing goes upstream, and the exit code is 74', async () => {
    const gateway = await startGateway({ servers: { stub: stub.url }, policy: ECHO });
    try {
      assert.equal((await send(gateway.url('stub'), call({ word: mark() })).whole()).error, undefined);
      const [segment] = (await readdir(join(gateway.dir, 'ledger'))).filter((name) => name.endsWith('.ndjson'));
      const { size } = await stat(join(gateway.dir, 'ledger', segment));
      execFileSync('prlimit', ['--pid', String(gateway.pid), `--fsize=${size + 100}:unlimited`]);
      // The record that does not fit is the one of this call: its answer must not leave.
      const first = await send(gateway.url('stub'), call({ word: mark() })).whole();
      assert.equal(first.error?.code, 42503, first.text);
      const word = mark();
      const second = await send(gateway.url('stub'), call({ word })).whole();
      assert.equal(second.error?.code, 42503, second.text);
      assert.equal(stub.with(word).length, 0);
    } finally {
      assert.equal((await gateway.stop()).code, 74);
    }
  });

  test('a second gateway on the same ledger, or on the same port, does not start', () =>
    withGateway({}, async (gateway) => {
      const twin = await run(binary, ['serve', '-c', 'durward.yaml'], { cwd: gateway.dir, withinMs: 20_000 });
      assert.equal(twin.code, 2, twin.output);
      assert.match(twin.output, /ledger|lock/);
      const other = await startGateway({ servers: { stub: stub.url }, listen: { port: gateway.port } }).then(
        async (started) => (await started.stop(), 'started'),
        (error) => String(error),
      );
      assert.match(other, /cannot listen on 127\.0\.0\.1/);
    }));
});

describe('refusing to start', () => {
  const base = 'authn: anonymous\nservers: {s: {url: "http://127.0.0.1:9/mcp"}}\npolicy: policy.yaml\nledger: {dir: ledger, key_ref: "file://./keys/none.key"}\n';
  for (const [name, text, phrase] of [
    ['without authn', base.replace('authn: anonymous\n', ''), /authn/],
    ['on an address that is not loopback', `listen: {address: 0.0.0.0}\n${base}`, /authn|authentication/],
    ['without a key', base, /none\.key/],
    ['with a misspelt key', base.replace('policy:', 'polcy:'), /durward\.yaml:3:1: error: .*did you mean policy/],
  ]) {
    test(name, async () => {
      const { writeFile } = await import('node:fs/promises');
      const dir = await mkdtemp(join(tmpdir(), 'durward-start-'));
      try {
        await writeFile(join(dir, 'durward.yaml'), text);
        await writeFile(join(dir, 'policy.yaml'), ECHO);
        for (const command of ['serve', 'check']) {
          const end = await run(binary, [command, '-c', 'durward.yaml'], { cwd: dir, withinMs: 20_000 });
          assert.equal(end.code, 2, end.output);
          assert.match(end.output, phrase);
        }
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    });
  }
});

test('no crash leaves a core file', () =>
  withGateway({}, async (gateway) => {
    const limits = await readFile(`/proc/${gateway.pid}/limits`, 'utf8');
    assert.match(limits, /^Max core file size +0 +0 /m);
  }));

test('health: live, started, ready, and nothing else', () =>
  withGateway({}, async (gateway) => {
    const [, port] = /admin listener http:\/\/127\.0\.0\.1:(\d+)/.exec(gateway.logs());
    const ask = (path) => send(`http://127.0.0.1:${port}${path}`, { method: 'GET' }).whole();
    for (const path of ['/livez', '/startupz']) assert.equal((await ask(path)).status, 200, path);
    const ready = async () => {
      while ((await ask('/readyz')).status !== 200);
    };
    await within(ready(), 'the catalogue, without which it is not ready');
    assert.equal((await ask('/api/v1/anything')).status, 404);
    assert.equal((await ask('/mcp/stub')).status, 404);
  }));
