// Four loops and all that they share, at once: calls of every kind, streams, cancels, broken connections, more connections than
// may be, reloads, scrapes, fetches of the catalogue; and SIGTERM in the midst of it. Made for the thread sanitizer, which
// `tests/run tsan` builds the gateway with; under others it is a short soak. ROUNDS says how much.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startGateway } from './gateway.mjs';
import { Caller, SERVER_TOOLS, startUpstream } from './load.mjs';
import { startStub } from './stub.mjs';
import { call, mark, modern, openSession, send, within } from './wire.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 40);
const KINDS = ['read', 'write', 'readEvents', 'hidden', 'writeEvents', 'list', 'notify', 'legacyRead', 'legacyNotify'];
const PLACES = 48; // connections from one address
const WHILE_MS = 60_000;
const policy = (more) => `tools: {allowlist: ["mcp://load/read", "mcp://load/write", "mcp://stub/*"${more}]}\n`;

let gateway;
let load;
let stub;

/** Does something ROUNDS times over `part`, one after the other. */
async function often(part, what) {
  for (let i = 0; i < Math.max(1, Math.ceil(ROUNDS / part)); ++i) await what(i);
}

/** A socket that writes these bytes and is gone; nothing comes back. */
function gone(bytes) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: gateway.port }, () => socket.write(bytes, () => socket.resetAndDestroy()));
    socket.on('error', () => {}).once('close', resolve);
  });
}

const ACTORS = {
  async callers() {
    const callers = Array.from({ length: 6 }, (_, i) => new Caller(gateway.url('load'), { kept: i % 3 !== 2 }));
    const ask = async (one, i) => {
      await one.open(`caller${i}`);
      await often(1, async (round) => {
        const told = await one.ask(KINDS[(i + round) % KINDS.length]);
        assert.ok(told.whole && (told.status === 200 || told.status === 202), JSON.stringify(told));
        if (told.status === 200) assert.equal(told.message.error === undefined, told.kind !== 'hidden', JSON.stringify(told));
      });
    };
    await Promise.all(callers.map(ask));
    callers.forEach((one) => one.close());
  },

  /** A modern caller who goes away: the upstream's exchange is given up. */
  cancels: () =>
    often(2, async (round) => {
      const word = mark();
      const arriving = stub.expect(word);
      const client = send(gateway.url('stub'), call({ word }));
      const up = await within(arriving, 'the call');
      if (round % 2 === 1) {
        up.sse().event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: word } });
        await client.has(word);
      }
      client.leave();
      await within(up.gone, 'the cancel');
    }),

  /** A stream on which the tools change: the next question about an unknown name fetches them again. */
  changes: () =>
    often(2, async (round) => {
      const session = await openSession(gateway.url('stub'));
      const arriving = stub.expect((up) => up.verb === 'GET' && up.headers['mcp-session-id'] === session.upstreamId);
      const stream = session.get();
      const up = await within(arriving, 'the stream');
      up.sse().event({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
      await stream.has('list_changed');
      const names = [0, 1, 2].map((i) => modern('tools/call', { name: `absent${round}x${i}`, arguments: {} }));
      for (const answer of await Promise.all(names.map((one) => send(gateway.url('stub'), one).whole())))
        assert.equal(answer.error?.code, -32602, answer.text);
      stream.leave();
      await within(up.gone, 'the end of the stream');
      assert.equal((await session.delete().whole()).status, 200);
    }),

  breaks: () =>
    often(1, (round) => {
      const head = `POST /mcp/load HTTP/1.1\r\nHost: localhost:${gateway.port}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n`;
      return gone(round % 3 === 0 ? head.slice(0, 40) : round % 3 === 1 ? `${head}{"jsonrpc"` : 'GET / HTTP/1.1\r\n\r\n');
    }),

  /** More connections from one address than may be, all at once. */
  crowds: () =>
    often(10, async () => {
      const sockets = Array.from({ length: PLACES + 8 }, () =>
        connect({ host: '127.0.0.1', port: gateway.port, localAddress: '127.0.0.2' }).on('error', () => {}),
      );
      const ends = sockets.map((socket) => new Promise((resolve) => socket.resume().once('close', resolve)));
      await within(Promise.any(ends), 'one to be turned away');
      sockets.forEach((socket) => socket.destroy());
      await Promise.all(ends);
    }),

  reloads: () =>
    often(1, async (round) => {
      await gateway.rewritePolicy(round % 4 === 3 ? 'tools: {allowlst: []}\n' : policy(round % 2 === 0 ? ', "mcp://load/other*"' : ''));
      assert.match(await gateway.reload(), round % 4 === 3 ? /reload refused/ : /reloaded/);
    }),

  async scrapes() {
    const origin = /^admin listener (http:\/\/\S+)$/m.exec(gateway.logs())[1];
    await often(1, async () => {
      for (const path of ['/livez', '/readyz', '/startupz', '/metrics']) {
        const answer = await fetch(origin + path);
        await answer.text();
        assert.ok(answer.status === 200 || path === '/metrics', `${path}: ${answer.status}`);
      }
    });
  },
};

test(`four loops and all that they share, ${ROUNDS} rounds`, { timeout: 3 * WHILE_MS }, async () => {
  [load, stub] = [await startUpstream(), await startStub()];
  gateway = await startGateway({
    servers: { load: { url: load.url, tools: SERVER_TOOLS }, stub: stub.url },
    policy: policy(''),
    listen: { threads: 4 },
    settings: {
      ledger: { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', segment: '64KiB', refusals_per_second: 100_000 },
      limits: { connections_per_address: PLACES },
    },
  });
  const last = Array.from({ length: 4 }, () => new Caller(gateway.url('load')));
  try {
    const acting = Object.entries(ACTORS).map(([name, act]) => within(act(), `the ${name}`, WHILE_MS));
    await Promise.all(acting);
    // What is under way when the signal comes ends as it should.
    const held = last.map((one, i) => one.ask(['heldRead', 'heldWrite', 'heldEvents', 'heldRead'][i]));
    await within((async () => { while (load.holding() < held.length) await new Promise(setImmediate); })(), 'the held calls');
    gateway.signal('SIGTERM');
    await within(gateway.said(/draining/), 'the drain');
    load.release();
    for (const told of await within(Promise.all(held), 'their answers', WHILE_MS)) assert.ok(told.message?.result, JSON.stringify(told));
    await gateway.stop({ verify: true });
  } finally {
    last.forEach((one) => one.close());
    await gateway.stop();
    [load, stub].forEach((one) => one.stop());
  }
});
