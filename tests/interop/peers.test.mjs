// Durward talks to nobody but the peers that its configuration names: every connect(), bind() and addressed send of a gateway
// with real traffic is recorded. strace sees what the C library does by itself, too (name resolution); a preloaded recorder
// (recorder.c) sees less, but works where tracing is not permitted.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { Key, startIssuer } from './issuer.mjs';
import { Caller, LOAD_POLICY, SERVER_TOOLS, startUpstream } from './load.mjs';
import { run } from './process.mjs';
import { buildRecorder } from './recorder.mjs';
import { startTokenServer } from './token_server.mjs';
import { send, within } from './wire.mjs';

const TRACED = ['-f', '-q', '-e', 'trace=connect,bind,sendto,sendmsg,sendmmsg', '-e', 'signal=none'];

let upstream;
let dir;
before(async () => {
  upstream = await startUpstream();
  dir = await mkdtemp(join(tmpdir(), 'durward-peers-'));
});
after(async () => {
  upstream?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** {verb, to: "address port"} of each line of strace that names an address. */
function readTrace(text) {
  return text.split('\n').flatMap((line) => {
    const verb = /\b(connect|bind|sendto|sendmsg|sendmmsg)\(/.exec(line)?.[1];
    if (verb === undefined) return [];
    const families = [...line.matchAll(/sa_family=(AF_\w+)/g)].map((one) => one[1]);
    return families.map((family) => {
      if (!family.startsWith('AF_INET')) return { verb, to: `${family} ${/sun_path=@?"([^"]*)"/.exec(line)?.[1] ?? ''}`.trim() };
      const port = /sin6?_port=htons\((\d+)\)/.exec(line)?.[1];
      const address = /inet_addr\("([^"]+)"\)/.exec(line)?.[1] ?? /inet_pton\(AF_INET6, "([^"]+)"/.exec(line)?.[1];
      return { verb, to: `${address} ${port}` };
    });
  });
}

const readRecorded = (lines) =>
  lines.map((line) => /^(connect|bind) (.*)$/.exec(line)).flatMap((found) => (found ? [{ verb: found[1], to: found[2] }] : []));

/** What was done that is not among these: a list of "verb address port". */
function strangers(seen, { binds, peers }) {
  const all = seen.map(({ verb, to }) => [`${verb} ${to}`, verb === 'bind' ? binds.has(to) : peers.has(to)]);
  return [...new Set(all.filter(([, known]) => !known).map(([what]) => what))];
}

/** Every kind of traffic, a reload and the admin listener; returns what the gateway's own listeners may bind. */
async function live(gateway, headers = {}) {
  const admin = /admin listener http:\/\/127\.0\.0\.1:(\d+)/.exec(gateway.logs())[1];
  const caller = new Caller(gateway.url('load'), { headers });
  try {
    await caller.open('peers');
    for (const kind of ['read', 'write', 'readEvents', 'hidden', 'list', 'notify', 'legacyRead', 'legacyNotify']) await caller.ask(kind);
    for (const path of ['/livez', '/readyz', '/metrics']) await send(`http://127.0.0.1:${admin}${path}`, { method: 'GET' }).whole();
    assert.match(await gateway.reload(), /reloaded/);
    assert.ok((await caller.ask('read')).message.result);
  } finally {
    caller.close();
  }
  // Port 0 is asked for once; then the port that it became is shared by the loops.
  return new Set(['127.0.0.1 0', `127.0.0.1 ${gateway.port}`, `127.0.0.1 ${admin}`]);
}

const start = (url, more) =>
  startGateway({ servers: { load: { url, tools: SERVER_TOOLS } }, policy: LOAD_POLICY, listen: { threads: 2 }, ...more });

const tracing = await run('strace', ['-f', '-o', '/dev/null', 'true']).then(({ code }) => code === 0, () => false);
const SKIPPED = 'skipped: strace is not installed or not permitted here, so that only the preloaded recorder was tried';
if (!tracing) console.log(SKIPPED);

/** Starts a gateway under strace, lets it live, ends it: what it did, and what it may bind. */
async function traced(name, url, body, more = {}) {
  const file = join(dir, name);
  // -D: the gateway stays the child that is signalled. The leak check does not work under another tracer.
  const asan = [process.env.ASAN_OPTIONS, 'detect_leaks=0'].filter(Boolean).join(':');
  const env = { ASAN_OPTIONS: asan, RES_OPTIONS: 'timeout:1 attempts:1' };
  const gateway = await start(url, { ...more, under: ['strace', '-D', ...TRACED, '-o', file], env });
  const last = new RegExp(`^${gateway.pid} +\\+\\+\\+ exited`, 'm');
  let binds;
  try {
    binds = await body(gateway);
  } finally {
    await gateway.stop({ verify: true });
  }
  // strace ends by itself after the gateway, and only then has written everything.
  let text = '';
  const whole = async () => {
    while (!last.test((text = await readFile(file, 'utf8')))) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  await within(whole(), 'the end of the trace');
  return { binds, seen: readTrace(text) };
}

describe('the gateway talks to nobody but configured peers', () => {
  const test = (name, body) => nodeTest(name, { timeout: 90_000, skip: tracing ? false : SKIPPED }, body);

  test('under strace, with an address as the upstream: that address, and the two listeners', async () => {
    const { binds, seen } = await traced('address', upstream.url, live);
    const peers = new Set([`127.0.0.1 ${upstream.port}`]);
    assert.deepEqual(strangers(seen, { binds, peers }), []);
    // And what is not configured would be seen.
    assert.deepEqual(strangers(seen, { binds, peers: new Set() }), [`connect 127.0.0.1 ${upstream.port}`]);
    assert.ok(strangers(seen, { binds: new Set(), peers }).includes('bind 127.0.0.1 0'));
  });

  test('under strace, with a name that resolves: the same, and what the C library asks to resolve it', async () => {
    const { binds, seen } = await traced('name', `http://localhost:${upstream.port}/mcp`, live);
    const peers = new Set([`127.0.0.1 ${upstream.port}`, `::1 ${upstream.port}`, ...(await resolver())]);
    assert.deepEqual(strangers(seen, { binds: new Set([...binds, 'AF_NETLINK']), peers }), []);
    assert.ok(seen.some(({ verb, to }) => verb === 'connect' && to === `127.0.0.1 ${upstream.port}`));
  });

  test('under strace, with a name that nobody knows: the configured resolver is asked, and nobody else', async () => {
    const { binds, seen } = await traced('unknown', 'http://upstream.invalid/mcp', async (gateway) => {
      const caller = new Caller(gateway.url('load'));
      const told = await caller.ask('read');
      caller.close();
      assert.equal(told.message.error.code, 42502, JSON.stringify(told));
      const admin = /admin listener http:\/\/127\.0\.0\.1:(\d+)/.exec(gateway.logs())[1];
      return new Set(['127.0.0.1 0', `127.0.0.1 ${gateway.port}`, `127.0.0.1 ${admin}`, 'AF_NETLINK']);
    });
    const asked = await resolver();
    assert.deepEqual(strangers(seen, { binds, peers: asked }), []);
    assert.ok(seen.some(({ verb, to }) => verb === 'connect' && asked.has(to)), 'someone was asked');
  });

  test('under strace, with tokens: the server of keys too, and nobody whom a token names', async () => {
    const base = 'https://gw.example.com';
    const issuer = await startIssuer();
    const stranger = await startIssuer();
    try {
      const aud = `${base}/mcp/load`;
      const bearer = (token) => ({ authorization: `Bearer ${token}` });
      const authn = [{ jwt: { issuer: issuer.issuer, jwks: issuer.jwks } }];
      const more = { settings: { authn, limits: { authentication_failures: 1000 } }, listen: { threads: 2, public_url: base } };
      const { binds, seen } = await traced('tokens', upstream.url, async (gateway) => {
        const refused = async (token) => {
          const caller = new Caller(gateway.url('load'), { headers: bearer(token) });
          assert.equal((await caller.ask('read')).status, 401);
          caller.close();
        };
        const own = await live(gateway, bearer(issuer.token(aud)));
        const url = stranger.jwks;
        for (const header of [{ jku: url }, { x5u: url }, { kid: url }]) await refused(issuer.token(aud, {}, { key: new Key(), header }));
        await refused(stranger.token(aud));
        await refused(issuer.token(aud, { iss: stranger.issuer }));
        return own;
      }, more);
      const peers = new Set([`127.0.0.1 ${upstream.port}`, `127.0.0.1 ${new URL(issuer.issuer).port}`]);
      assert.deepEqual(strangers(seen, { binds, peers }), []);
      assert.deepEqual(strangers(seen, { binds, peers: new Set([`127.0.0.1 ${upstream.port}`]) }), [`connect 127.0.0.1 ${new URL(issuer.issuer).port}`]);
      assert.ok(issuer.fetches.length > 0);
      assert.deepEqual(stranger.fetches, []);
    } finally {
      await Promise.all([issuer.stop(), stranger.stop()]);
    }
  });

  for (const kind of ['client_credentials', 'token_exchange'])
    test(`under strace, with ${kind}: the token endpoint too`, async () => {
      const base = 'https://gw.example.com';
      const [issuer, tokens] = await Promise.all([startIssuer(), startTokenServer()]);
      try {
        const credential = { [kind]: { token_url: tokens.url, client_id: 'durward', client_secret_ref: 'file://./client' } };
        const { binds, seen } = await traced(kind, upstream.url, (gateway) => live(gateway, { authorization: `Bearer ${issuer.token(`${base}/mcp/load`)}` }), {
          servers: { load: { url: upstream.url, tools: SERVER_TOOLS, credential } },
          settings: { authn: [{ jwt: { issuer: issuer.issuer, jwks: issuer.jwks } }] },
          listen: { threads: 2, public_url: base },
          prepare: (at) => writeFile(join(at, 'client'), 'a-secret-of-the-client', { mode: 0o600 }),
        });
        const peers = new Set([upstream.port, new URL(issuer.issuer).port, tokens.port].map((port) => `127.0.0.1 ${port}`));
        assert.deepEqual(strangers(seen, { binds, peers }), []);
        assert.ok(seen.some(({ verb, to }) => verb === 'connect' && to === `127.0.0.1 ${tokens.port}`));
        assert.equal(tokens.asked.length, 1);
      } finally {
        await Promise.all([issuer.stop(), tokens.stop()]);
      }
    });

  nodeTest('under the preloaded recorder, with an address as the upstream', { timeout: 90_000 }, async () => {
    const recorder = await buildRecorder(dir);
    const gateway = await start(upstream.url, { env: recorder.env });
    let binds;
    try {
      binds = await live(gateway);
    } finally {
      await gateway.stop({ verify: true });
    }
    const seen = readRecorded(await recorder.lines());
    const peers = new Set([`127.0.0.1 ${upstream.port}`]);
    assert.deepEqual(strangers(seen, { binds, peers }), []);
    assert.deepEqual(strangers(seen, { binds, peers: new Set() }), [`connect 127.0.0.1 ${upstream.port}`]);
  });
});

/** Whom the C library may ask for a name: the configured resolvers, and local services by their sockets. */
async function resolver() {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  const named = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((one) => `${one[1]} 53`);
  const sockets = ['/var/run/nscd/socket', '/run/nscd/socket', '/run/systemd/resolve/io.systemd.Resolve'];
  return new Set([...(named.length > 0 ? named : ['127.0.0.1 53']), ...sockets.map((path) => `AF_UNIX ${path}`)]);
}
