// TLS on the gateway's own listeners: handshakes of every kind, client certificates, reload, floods, and that what holds in
// clear holds over TLS.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test as nodeTest } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { makeAuthority } from './authority.mjs';
import { CLIENTS } from './clients.mjs';
import { startFixture } from './fixture.mjs';
import { startGateway } from './gateway.mjs';
import { startIssuer } from './issuer.mjs';
import { Caller, LOAD_POLICY, SERVER_TOOLS, startUpstream } from './load.mjs';
import { OPEN, scrape, scrapeUntil, total } from './observe.mjs';
import { run } from './process.mjs';
import { startStub } from './stub.mjs';
import { call, mark, openSession, send, within } from './wire.mjs';

const test = (name, body) => nodeTest(name, { timeout: 60_000 }, body);
const LEDGER = { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', anonymous_refusals_per_second: 100_000, refusals_per_second: 100_000 };
const HANDSHAKES = 'durward_tls_handshakes_total';
const FILES = { cert: 'tls.pem', key: 'file://./tls.key' };

let stub;
let authority; // of servers
let agents; // of client certificates
let server; // the gateway's own certificate
before(async () => {
  [stub, authority, agents] = await Promise.all([startStub(), makeAuthority('Servers'), makeAuthority('Agents')]);
  server = await authority.issue({ names: ['IP:127.0.0.1', 'DNS:localhost'] });
});
after(async () => {
  stub?.stop();
  await Promise.all([authority?.remove(), agents?.remove()]);
});

async function install(dir, issued = server) {
  await copyFile(issued.certificate, join(dir, 'tls.pem'));
  await copyFile(issued.key, join(dir, 'tls.key'));
}

/** A gateway with TLS. `more` as for startGateway, with `limits` beside it. */
const startTls = ({ limits = {}, listen = {}, settings = {}, prepare = () => {}, servers, ...more } = {}) =>
  startGateway({
    servers: servers ?? { stub: stub.url },
    listen: { tls: FILES, ...listen },
    settings: { admin: OPEN, ledger: LEDGER, limits: { handshakes_per_address: 100_000, handshakes: 100_000, ...limits }, ...settings },
    prepare: async (dir) => (await install(dir), await prepare(dir)),
    ...more,
  });

const trust = (more = {}) => ({ ca: authority.pem, ...more });
const ask = (gateway, { headers = {}, tls = trust(), word = mark(), ...more } = {}) => {
  const { headers: usual, body } = call({ word });
  return send(gateway.url('stub'), { headers: { ...usual, ...headers }, body, tls, ...more }).whole();
};

/** Opens a TLS connection: the socket once it is secure; rejects with the error. */
function open(gateway, options = {}) {
  return within(
    new Promise((resolve, reject) => {
      const socket = connectTls({ port: gateway.port, host: '127.0.0.1', ...trust(), ...options }, () => resolve(socket));
      socket.once('error', reject);
    }),
    'a handshake',
  );
}

/** Sends bytes in clear: what came back, once the other side has closed. */
function plain(port, bytes) {
  return within(
    new Promise((resolve) => {
      const got = [];
      const socket = connectPlain({ port, host: '127.0.0.1' }, () => socket.write(bytes));
      socket.on('data', (chunk) => got.push(chunk)).on('error', () => {});
      socket.on('close', () => resolve(Buffer.concat(got)));
    }),
    'the connection to end',
    30_000,
  );
}

const openssl = (gateway, ...args) =>
  run('sh', ['-c', 'printf "" | exec openssl s_client "$@"', 'sh', '-connect', `127.0.0.1:${gateway.port}`, '-CAfile', authority.ca, ...args]);

describe('a listener with TLS', () => {
  let gateway;
  before(async () => (gateway = await startTls({ listen: { threads: 4 }, limits: { handshake: '1s' } })));
  after(() => gateway?.stop({ verify: true }));

  test('serves calls, and says https://', async () => {
    assert.match(gateway.url('stub'), /^https:/);
    const answer = await ask(gateway);
    assert.equal(answer.status, 200, answer.text);
    assert.ok(answer.json.result, answer.text);
  });

  test('speaks 1.3 and 1.2 and nothing older, as openssl sees it, without renegotiation or compression', async () => {
    for (const version of ['-tls1_3', '-tls1_2']) {
      const { code, output } = await openssl(gateway, version, '-brief');
      assert.equal(code, 0, output);
      assert.match(output, version === '-tls1_3' ? /TLSv1\.3/ : /TLSv1\.2/, output);
    }
    for (const version of ['-tls1_1', '-tls1']) {
      const { code, output } = await openssl(gateway, version, '-cipher', 'ALL:@SECLEVEL=0');
      assert.notEqual(code, 0, output);
      assert.match(output, /alert protocol version/, output);
    }
    const { output } = await openssl(gateway, '-tls1_2');
    assert.match(output, /Compression: NONE/, output);
    const again = await run('sh', ['-c', `(printf 'R\\n'; sleep 1) | openssl s_client -connect 127.0.0.1:${gateway.port} -tls1_2 2>&1`]);
    assert.match(again.output, /no renegotiation/, again.output);
  });

  test('chooses http/1.1 by ALPN, and refuses who offers others only', async () => {
    const chosen = async (protocols) => {
      const socket = await open(gateway, { ALPNProtocols: protocols });
      socket.destroy();
      return socket.alpnProtocol;
    };
    assert.equal(await chosen(['h2', 'http/1.1']), 'http/1.1');
    await assert.rejects(chosen(['h2']), /no application protocol/i);
  });

  test('resumes sessions on any of its loops', async () => {
    for (const version of ['TLSv1.3', 'TLSv1.2']) {
      const first = await open(gateway, { maxVersion: version });
      // Tickets of 1.3 come behind the handshake.
      let session = version === 'TLSv1.2' ? first.getSession() : await within(new Promise((resolve) => first.once('session', resolve)), 'a ticket');
      first.destroy();
      for (let i = 0; i < 24; ++i) {
        const socket = await open(gateway, { session, maxVersion: version });
        assert.equal(socket.isSessionReused(), true, `${version}, connection ${i}`);
        if (version === 'TLSv1.3') {
          session = await within(new Promise((resolve) => socket.once('session', resolve)), 'the next ticket');
        }
        socket.destroy();
      }
    }
  });

  test('tells who speaks in clear nothing, and goes on', async () => {
    const before_ = total(await scrape(gateway), HANDSHAKES, { listener: 'listen', result: 'failed' });
    const said = await plain(gateway.port, 'POST /mcp/stub HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n');
    assert.ok(!said.includes('HTTP'), said.toString('latin1'));
    assert.ok(said.length === 0 || said[0] === 21, 'an alert or nothing');
    await scrapeUntil(gateway, (all) => total(all, HANDSHAKES, { listener: 'listen', result: 'failed' }) > before_, 'the count');
    assert.equal((await ask(gateway)).status, 200);
  });

  test('limits.handshake: one that is late is cut, however it dawdles', async () => {
    const hello = await clientHello();
    const began = Date.now();
    const dripping = (bytes) =>
      within(
        new Promise((resolve) => {
          let at = 0;
          const socket = connectPlain({ port: gateway.port, host: '127.0.0.1' }, () => {
            const timer = setInterval(() => at < bytes.length && socket.write(bytes.subarray(at, ++at)), 50);
            socket.on('error', () => {}).on('data', () => {}).on('close', () => (clearInterval(timer), resolve()));
          });
        }),
        'being cut',
        20_000,
      );
    // Silent from the start, byte by byte, and silent after the ClientHello.
    await Promise.all([dripping(Buffer.alloc(0)), dripping(hello), plain(gateway.port, hello)]);
    assert.ok(Date.now() - began >= 900, 'before its time');
    await scrapeUntil(gateway, (all) => total(all, HANDSHAKES, { listener: 'listen', result: 'late' }) >= 3, 'the count');
  });

  test('carries large bodies both ways', async () => {
    const word = mark();
    const wanted = stub.expect(word);
    const filler = 'x'.repeat(3 << 20);
    const { headers, body } = call({ word, filler });
    const exchange = send(gateway.url('stub'), { headers, body, tls: trust() });
    const up = await within(wanted, 'the call');
    assert.equal(up.message.params.arguments.filler.length, filler.length);
    up.result({ content: [{ type: 'text', text: 'y'.repeat(8 << 20) }], resultType: 'complete' });
    const answer = await exchange.whole();
    assert.equal(answer.json.result.content[0].text.length, 8 << 20);
  });

  test('carries streams as they come, and sees a hang-up', async () => {
    const word = mark();
    const wanted = stub.expect(word);
    const { headers, body } = call({ word });
    const exchange = send(gateway.url('stub'), { headers, body, tls: trust() });
    const up = await within(wanted, 'the call');
    up.sse().event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'first' } });
    await exchange.has('first');
    up.event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'second' } });
    await exchange.has('second');
    exchange.leave();
    assert.equal(await within(up.gone, 'the hang-up to be passed on'), 'gone');
  });

  test('takes the end of a caller that has said all it wanted as a hang-up, as in clear', async () => {
    const word = mark();
    const wanted = stub.expect(word);
    const socket = await open(gateway, { allowHalfOpen: true });
    const { headers, body } = call({ word });
    const lines = Object.entries({ host: `127.0.0.1:${gateway.port}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'content-length': body.length, ...headers });
    socket.write(`POST /mcp/stub HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
    const up = await within(wanted, 'the call');
    socket.end();
    assert.equal(await within(up.gone, 'the hang-up to be passed on'), 'gone');
    socket.destroy();
  });

  test('keeps a connection for many requests', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before_ = await scrape(gateway);
    for (let i = 0; i < 20; ++i) {
      const answer = await ask(gateway, { agent, headers: { connection: 'keep-alive' } });
      assert.equal(answer.status, 200, answer.text);
    }
    agent.destroy();
    const shaken = (all) => total(all, HANDSHAKES, { listener: 'listen', result: 'full' }) + total(all, HANDSHAKES, { listener: 'listen', result: 'resumed' });
    assert.equal(shaken(await scrape(gateway)) - shaken(before_), 1);
  });
});

test('the clients that people use come over TLS, and verify the certificate', async () => {
  const fixture = await startFixture();
  const gateway = await startTls({ servers: { fixture: fixture.url } });
  // Node's fetch takes further authorities from its environment only.
  const script = `import { CLIENTS, connect } from './clients.mjs';
    for (const kind of CLIENTS) {
      const it = await connect(kind, ${JSON.stringify(gateway.url('fixture'))});
      const { tools } = await it.client.listTools();
      console.log(kind.name + ': ' + (tools.length > 0));
      await it.client.close();
    }
    process.exit(0);`;
  const ask = (env) => run(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname, env, withinMs: 40_000 });
  try {
    const { code, output } = await ask({ NODE_EXTRA_CA_CERTS: authority.ca });
    assert.deepEqual([code, output.match(/: true/g)?.length], [0, CLIENTS.length], output);
    const stranger = await ask({});
    assert.notEqual(stranger.code, 0);
    assert.match(stranger.output, /UNABLE_TO_VERIFY_LEAF_SIGNATURE|unable to verify/);
  } finally {
    await gateway.stop({ verify: true });
    await fixture.stop();
  }
});

/** The first bytes of a caller, as Node's client sends them. */
async function clientHello() {
  const { createServer } = await import('node:net');
  const listener = createServer();
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const bytes = new Promise((resolve) => listener.once('connection', (socket) => socket.once('data', (data) => (socket.destroy(), resolve(data)))));
  const socket = connectTls({ port: listener.address().port, host: '127.0.0.1' }).on('error', () => {});
  const hello = await within(bytes, 'a ClientHello');
  socket.destroy();
  listener.close();
  return hello;
}

test('TLS bytes on a port in clear are bad HTTP, and nothing else', async () => {
  const gateway = await startGateway({ servers: { stub: stub.url }, settings: { ledger: LEDGER } });
  try {
    const said = await plain(gateway.port, await clientHello());
    assert.match(said.toString('latin1'), /^HTTP\/1\.1 400 /);
  } finally {
    await gateway.stop({ verify: true });
  }
});

describe('client certificates', () => {
  let gateway;
  let issuer;
  let acme;
  before(async () => {
    issuer = await startIssuer();
    acme = await agents.issue({ names: ['URI:spiffe://acme.example/agent/one'], client: true });
    gateway = await startTls({
      listen: { public_url: 'https://gw.example.com' },
      settings: {
        authn: [
          { mtls: { client_ca: agents.ca, tenants: ['acme', 'globex'], names: { 'spiffe://acme.example/*': { tenant: 'acme' }, 'globex.example': { tenant: 'globex' } } } },
          { jwt: { issuer: issuer.issuer, jwks: issuer.jwks, tenants: ['acme'] } },
        ],
      },
      limits: { authentication_failures: 100_000 },
    });
  });
  after(async () => {
    await gateway?.stop({ verify: true });
    await issuer?.stop();
  });

  const shown = (one) => trust({ cert: one.cert, key: one.pem });
  const thumbprint = (one) => createHash('sha256').update(Buffer.from(one.cert.replace(/-----[^-]+-----|\s/g, ''), 'base64')).digest('base64url');
  const token = (claims) => ({ authorization: `Bearer ${issuer.token('https://gw.example.com/mcp/stub', claims)}` });

  test('name their caller', async () => {
    const answer = await ask(gateway, { tls: shown(acme) });
    assert.equal(answer.status, 200, answer.text);
    const record = await recordOf(gateway, (one) => one.id === answer.headers['x-durward-entry'] && one.type === 'call');
    assert.deepEqual([record.tenant, record.authn_method], ['acme', 'mtls']);
  });

  test('are asked for and not demanded: without one another credential is wanted', async () => {
    assert.equal((await ask(gateway)).status, 401);
    assert.equal((await ask(gateway, { headers: token() })).status, 200);
  });

  test('that do not hold end the handshake with one and the same alert, are on record, and nothing goes upstream', async () => {
    const strangers = await makeAuthority('Agents');
    try {
      const refused = {
        'by another CA of the same name': await strangers.issue({ names: ['URI:spiffe://acme.example/agent/one'], client: true }),
        'expired': await agents.issue({ names: ['URI:spiffe://acme.example/agent/one'], client: true, days: -1 }),
        'not valid yet': await agents.issue({ names: ['URI:spiffe://acme.example/agent/one'], client: true, after: 2 }),
        "a server's": await agents.issue({ names: ['URI:spiffe://acme.example/agent/one'] }),
      };
      for (const [what, one] of Object.entries(refused)) {
        const before_ = (await gateway.records()).filter(untrusted).length;
        const word = mark();
        await assert.rejects(ask(gateway, { tls: shown(one), word, headers: token() }), /alert bad certificate/, what);
        assert.equal(stub.with(word).length, 0, what);
        await recordOf(gateway, untrusted, before_ + 1);
      }
      assert.ok(total(await scrape(gateway), HANDSHAKES, { listener: 'listen', result: 'certificate' }) >= 4);
    } finally {
      await strangers.remove();
    }
  });

  test('that hold and name nobody are 401', async () => {
    for (const names of [['DNS:initech.example'], ['IP:127.0.0.1'], ['URI:spiffe://initech.example/agent']]) {
      const answer = await ask(gateway, { tls: shown(await agents.issue({ names, client: true })) });
      assert.equal(answer.status, 401, names[0]);
    }
  });

  test('that are weak are refused', async () => {
    const weak = await agents.issue({ names: ['URI:spiffe://acme.example/agent/one'], client: true, kind: 'weak' });
    const { code, output } = await openssl(gateway, '-cert', weak.certificate, '-key', weak.key, '-cipher', 'DEFAULT:@SECLEVEL=0', '-ign_eof', '-brief');
    assert.match(output, /alert/, `${code} ${output}`);
  });

  test('make a token that is bound to one good over their connection, and over no other', async () => {
    const other = await agents.issue({ names: ['globex.example'].map((name) => `DNS:${name}`), client: true });
    const bound = token({ cnf: { 'x5t#S256': thumbprint(acme) } });
    assert.equal((await ask(gateway, { tls: shown(acme), headers: bound })).status, 200);
    assert.equal((await ask(gateway, { tls: shown(other), headers: bound })).status, 401);
    assert.equal((await ask(gateway, { headers: bound })).status, 401);
  });

  test('are shown anew on each connection: none is resumed', async () => {
    const socket = await open(gateway, { cert: acme.cert, key: acme.pem, maxVersion: 'TLSv1.2' });
    const session = socket.getSession();
    socket.destroy();
    const next = await open(gateway, { cert: acme.cert, key: acme.pem, maxVersion: 'TLSv1.2', session });
    assert.equal(next.isSessionReused(), false);
    next.destroy();
  });
});

const untrusted = (record) => record.type === 'refusal' && record.facts.fault === 'certificate_untrusted' && record.authn_method === 'mtls';

/** The ledger's record for which this holds, once there are `count` of them. */
function recordOf(gateway, holds, count = 1) {
  const look = async () => {
    for (;;) {
      const found = (await gateway.records()).filter(holds);
      if (found.length >= count) return found.at(-1);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return within(look(), 'a record');
}

describe('reload', () => {
  test('swaps the certificate under load with no error; connections that stand go on; what is broken changes nothing', async () => {
    const upstream = await startUpstream();
    const gateway = await startTls({
      servers: { load: { url: upstream.url, tools: SERVER_TOOLS } },
      policy: LOAD_POLICY,
      listen: { threads: 2 },
    });
    const callers = Array.from({ length: 6 }, (_, i) => new Caller(gateway.url('load'), { kept: i % 2 === 0, tls: trust() }));
    const serial = async () => {
      const socket = await open(gateway);
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    try {
      let stopped = false;
      let answers = 0;
      const bad = [];
      const running = callers.map(async (caller) => {
        while (!stopped) {
          const told = await caller.ask('read');
          ++answers;
          if (!told.whole || told.status !== 200 || !told.message?.result) bad.push(told);
        }
      });
      const standing = await open(gateway);
      const others = await Promise.all([1, 2, 3].map(() => authority.issue({ names: ['IP:127.0.0.1'] })));
      const over = await authority.issue({ names: ['IP:127.0.0.1'], days: -1 });
      const early = await authority.issue({ names: ['IP:127.0.0.1'], after: 2 });
      const seen = new Set([await serial()]);
      for (const next of others) {
        await install(gateway.dir, next);
        assert.match(await gateway.reload(), /reloaded/);
        seen.add(await serial());
        const broken = [
          [{ certificate: over.certificate, key: over.key }, /has expired/],
          [{ certificate: early.certificate, key: early.key }, /not valid yet/],
          [{ certificate: next.certificate, key: others[0] === next ? server.key : others[0].key }, /does not belong to the certificate/],
          [{ certificate: next.key, key: next.key }, /certificate/],
        ];
        for (const [files, why] of broken) {
          const from = gateway.logs().length;
          await install(gateway.dir, files);
          assert.match(await gateway.reload(), /refused/);
          assert.match(gateway.logs().slice(from), why);
          assert.ok(seen.has(await serial()));
        }
        await install(gateway.dir, next);
      }
      assert.equal(seen.size, 4, 'each certificate was shown');
      standing.write(`GET /nowhere HTTP/1.1\r\nhost: 127.0.0.1:${gateway.port}\r\n\r\n`);
      const [data] = await within(new Promise((resolve) => standing.once('data', (...all) => resolve(all))), 'an answer on the old connection');
      assert.match(data.toString(), /^HTTP\/1\.1 404/);
      standing.destroy();
      stopped = true;
      await Promise.all(running);
      assert.deepEqual(bad, []);
      assert.ok(answers > 50, `${answers} answers`);
      const expiry = (await scrape(gateway)).find(({ name }) => name === 'durward_tls_certificate_expiry_timestamp_seconds');
      assert.deepEqual(expiry.labels, { use: 'listen' });
      assert.ok(Math.abs(expiry.value - (Date.now() / 1000 + 30 * 86_400)) < 600, `${expiry.value}`);
    } finally {
      for (const caller of callers) caller.close();
      await gateway.stop({ verify: true });
      upstream.stop();
    }
  });

  test('cannot turn TLS off', async () => {
    const gateway = await startTls();
    try {
      await gateway.rewriteSettings({ listen: {} });
      assert.match(await gateway.reload(), /refused.*listen\.tls changes with a restart only/);
      assert.equal((await ask(gateway)).status, 200);
    } finally {
      await gateway.stop({ verify: true });
    }
  });
});

describe('what strangers cost', () => {
  test('limits.handshakes_per_address: more are closed at once, counted, and cost others nothing', async () => {
    const gateway = await startTls({ limits: { handshakes_per_address: 5, handshakes: 1000 } });
    try {
      const ends = await Promise.all(Array.from({ length: 60 }, () => open(gateway).then((socket) => (socket.destroy(), 'open'), () => 'closed')));
      const opened = ends.filter((end) => end === 'open').length;
      assert.ok(opened >= 5 && opened < 40, `${opened} of 60`);
      const all = await scrape(gateway);
      assert.equal(total(all, HANDSHAKES, { listener: 'listen', result: 'refused' }), 60 - opened);
      const answer = await ask(gateway, { from: '127.0.0.2' });
      assert.equal(answer.status, 200);
    } finally {
      await gateway.stop({ verify: true });
    }
  });

  test('limits.handshakes bounds them in all', async () => {
    const gateway = await startTls({ limits: { handshakes_per_address: 1000, handshakes: 5 } });
    try {
      const from = (i) => open(gateway, { localAddress: `127.0.0.${2 + i}` }).then((socket) => (socket.destroy(), 'open'), () => 'closed');
      const ends = await Promise.all(Array.from({ length: 40 }, (_, i) => from(i)));
      const opened = ends.filter((end) => end === 'open').length;
      assert.ok(opened >= 5 && opened < 30, `${opened} of 40`);
    } finally {
      await gateway.stop({ verify: true });
    }
  });

  test('connections whose handshake is under way count against limits.connections_per_address', async () => {
    const gateway = await startTls({ limits: { connections_per_address: 4 } });
    const silent = [];
    try {
      for (let i = 0; i < 4; ++i) {
        const socket = connectPlain({ port: gateway.port, host: '127.0.0.1' });
        silent.push(socket);
        await new Promise((resolve) => socket.once('connect', resolve));
      }
      await scrapeUntil(gateway, (all) => total(all, 'durward_connections_open') === 4, 'four connections');
      await assert.rejects(open(gateway));
      assert.equal((await ask(gateway, { from: '127.0.0.2' })).status, 200);
    } finally {
      for (const socket of silent) socket.destroy();
      await gateway.stop({ verify: true });
    }
  });
});

describe('drain', () => {
  test('lets a call and a stream over TLS end, and cuts handshakes that dawdle', async () => {
    const gateway = await startTls();
    const silent = connectPlain({ port: gateway.port, host: '127.0.0.1' });
    await new Promise((resolve) => silent.once('connect', resolve));
    const session = await openSession(gateway.url('stub'), { tls: trust() });
    const asked = stub.expect((up) => up.verb === 'GET');
    const stream = session.get();
    (await within(asked, 'the stream')).sse().event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'here' } });
    await stream.has('here');
    const word = mark();
    const wanted = stub.expect(word);
    const { headers, body } = call({ word });
    const exchange = send(gateway.url('stub'), { headers, body, tls: trust() });
    const up = await within(wanted, 'the call');
    const ended = gateway.stop({ verify: true });
    assert.equal((await stream.whole()).clean, true);
    up.result({ content: [{ type: 'text', text: 'late' }], resultType: 'complete' });
    assert.match((await exchange.whole()).text, /late/);
    assert.equal((await ended).code, 0);
    silent.destroy();
  });
});

describe('the admin listener', () => {
  test('speaks TLS with a certificate of its own, which a reload swaps', async () => {
    const admin = { ...OPEN, tls: { cert: 'admin.pem', key: 'file://./admin.key' } };
    const put = async (dir, issued) => {
      await copyFile(issued.certificate, join(dir, 'admin.pem'));
      await copyFile(issued.key, join(dir, 'admin.key'));
    };
    const [first, second] = await Promise.all([1, 2].map(() => authority.issue({ names: ['IP:127.0.0.1'] })));
    const gateway = await startGateway({ servers: { stub: stub.url }, settings: { admin, ledger: LEDGER }, prepare: (dir) => put(dir, first) });
    try {
      const port = () => Number(/^admin listener https:\/\/127\.0\.0\.1:(\d+)$/m.exec(gateway.logs())[1]);
      await within(gateway.said(/^admin listener https:/m), 'the admin listener');
      assert.equal((await gateway.admin('/livez', { tls: trust() })).status, 200);
      const shows = async () => {
        const socket = await open({ port: port() });
        const { serialNumber } = socket.getPeerCertificate();
        socket.destroy();
        return serialNumber;
      };
      const before_ = await shows();
      await put(gateway.dir, second);
      assert.match(await gateway.reload(), /reloaded/);
      const swapped = async () => {
        while ((await shows()) === before_) await new Promise((resolve) => setTimeout(resolve, 10));
      };
      await within(swapped(), 'the new certificate');
      assert.ok(!(await plain(port(), 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')).includes('HTTP'));
      const answer = await gateway.admin('/metrics', { tls: trust() });
      assert.match(answer.text, /durward_tls_handshakes_total\{listener="admin",result="full"\} [1-9]/);
      assert.match(answer.text, /durward_tls_certificate_expiry_timestamp_seconds\{use="admin"\} /);
    } finally {
      await gateway.stop({ verify: true });
    }
  });
});

describe('towards servers', () => {
  test('a certificate that does not hold is the end of the call', async () => {
    const { createServer } = await import('node:https');
    const strangers = await makeAuthority('Servers');
    const bad = {
      'by another CA of the same name': await strangers.issue(),
      'for another name': await authority.issue({ names: ['DNS:other.example.com', 'IP:127.0.0.2'] }),
      'with its name in the subject only': await authority.issue({ names: [], cn: '127.0.0.1' }),
      'expired': await authority.issue({ days: -1 }),
      "a client's": await authority.issue({ client: true }),
    };
    let heard = 0;
    const upstreams = await Promise.all(Object.entries(bad).map(async ([what, one], i) => {
      const upstream = createServer({ key: one.pem, cert: one.cert }, (req, res) => (++heard, res.end()));
      await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
      return { what, name: `s${i}`, upstream, url: `https://127.0.0.1:${upstream.address().port}/mcp` };
    }));
    const servers = Object.fromEntries(upstreams.map(({ name, url }) => [name, { url, tls: { ca: authority.ca } }]));
    const gateway = await startGateway({ servers, settings: { ledger: LEDGER }, policy: 'tools: {allowlist: ["mcp://*/echo"]}\n' });
    try {
      for (const { what, name } of upstreams) {
        const { headers, body } = call({ word: mark() });
        const answer = await send(gateway.url(name), { headers, body }).whole();
        assert.ok([42502, 42503].includes(answer.error?.code), `${what}: ${answer.text}`);
      }
      assert.equal(heard, 0);
    } finally {
      await gateway.stop({ verify: true });
      for (const { upstream } of upstreams) (upstream.closeAllConnections(), upstream.close());
      await strangers.remove();
    }
  });

  test('servers.<name>.tls.cert and key are shown to a server that demands a certificate', async () => {
    const { createServer } = await import('node:https');
    const client = await agents.issue({ names: ['DNS:gateway.example.com'], client: true, cn: 'gateway' });
    const names = [];
    const upstream = createServer({ key: server.pem, cert: server.cert, ca: agents.pem, requestCert: true, rejectUnauthorized: true }, async (req, res) => {
      const chunks = [];
      for await (const chunk of req) chunks.push(chunk);
      names.push(req.socket.getPeerCertificate().subject?.CN);
      const message = JSON.parse(Buffer.concat(chunks).toString());
      const bytes = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [], tools: [], resultType: 'complete', ttlMs: 0, cacheScope: 'public' } });
      res.writeHead(200, { 'content-type': 'application/json' }).end(bytes);
    });
    await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${upstream.address().port}/mcp`;
    const start = (tls) => startGateway({ servers: { stub: { url, tls: { ca: authority.ca, ...tls } } }, settings: { admin: OPEN, ledger: LEDGER } });
    try {
      const known = await start({ cert: client.certificate, key: `file://${client.key}` });
      try {
        assert.equal((await ask(known)).status, 200);
        assert.ok(names.length > 0 && names.every((name) => name === 'gateway'), names.join());
        assert.match((await known.admin('/metrics')).text, /durward_tls_certificate_expiry_timestamp_seconds\{use="server",server="stub"\} /);
      } finally {
        await known.stop({ verify: true });
      }
      const before_ = names.length;
      const unknown = await start({});
      try {
        assert.ok([42502, 42503].includes((await ask(unknown)).error.code));
        assert.equal(names.length, before_);
      } finally {
        await unknown.stop({ verify: true });
      }
    } finally {
      upstream.closeAllConnections();
      upstream.close();
    }
  });
});

describe('what cannot be used', () => {
  test('is refused by check and by a reload alike, with its place', async () => {
    const gateway = await startTls();
    const [short, other] = await Promise.all([authority.issue({ kind: 'weak' }), authority.issue()]);
    const mtls = (client_ca) => ({ authn: [{ mtls: { client_ca, tenants: ['acme'] } }] });
    const cases = [
      [{ listen: { tls: { ...FILES, cert: 'absent.pem' } } }, /listen\.tls\.cert: .*absent\.pem/],
      [{ listen: { tls: { ...FILES, key: 'file://./absent.key' } } }, /listen\.tls\.key: .*absent\.key/],
      [{ listen: { tls: { ...FILES, cert: 'durward.yaml' } } }, /listen\.tls\.cert: .*has no certificate in PEM form/],
      [{ listen: { tls: { ...FILES, key: 'file://./tls.pem' } } }, /listen\.tls\.key: /],
      [{ listen: { tls: { ...FILES, key: 'env://DURWARD_NOT_SET' } } }, /listen\.tls\.key: .*not set/],
      [{ listen: { tls: { cert: short.certificate, key: `file://${short.key}` } } }, /listen\.tls\.cert: .*key too small/],
      [{ listen: { tls: { ...FILES, key: `file://${other.key}` } } }, /listen\.tls\.key: .*does not belong to the certificate/],
      [{ settings: mtls('durward.yaml') }, /mtls\.client_ca: .*has no certificate in PEM form/],
      [{ settings: mtls('tls.key') }, /mtls\.client_ca: /],
      [{ servers: { stub: { url: 'https://127.0.0.1:1/', tls: { cert: 'tls.pem', key: `file://${other.key}` } } } }, /servers\.stub\.tls\.key: .*does not belong/],
    ];
    try {
      for (const [changed, said] of cases) {
        const listen = { tls: FILES, ...changed.listen };
        await gateway.rewriteSettings({ ...changed, listen });
        const from = gateway.logs().length;
        assert.match(await gateway.reload(), /reload refused/);
        assert.match(gateway.logs().slice(from), said);
        assert.equal((await ask(gateway)).status, 200);
      }
      const { code, output } = await run(process.env.DURWARD, ['check'], { cwd: gateway.dir }); // of the last
      assert.equal(code, 2, output);
      assert.match(output, cases.at(-1)[1]);
    } finally {
      await gateway.stop();
    }
  });
});

test('no key of ours is in a log, a metric or a record', async () => {
  const gateway = await startTls();
  const secret = server.pem.replace(/-----[^-]+-----|\s/g, '').slice(8, 40);
  await ask(gateway);
  await install(gateway.dir, { certificate: server.key, key: server.certificate });
  assert.match(await gateway.reload(), /refused/);
  const metrics = (await gateway.admin('/metrics')).text;
  const { records } = await gateway.stop({ verify: true });
  for (const text of [gateway.logs(), metrics, JSON.stringify(records)]) assert.ok(!text.includes(secret));
  assert.ok((await readFile(server.key, 'utf8')).replace(/\s/g, '').includes(secret));
});
