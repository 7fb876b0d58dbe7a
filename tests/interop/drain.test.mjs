// SIGTERM under load: no answer is lost, none is given twice, and every entry is closed.
import assert from 'node:assert/strict';
import { after, before, describe, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { Caller, LOAD_POLICY, SERVER_TOOLS, random, startUpstream } from './load.mjs';
import { logLines } from './observe.mjs';
import { within } from './wire.mjs';

const test = (name, body) => nodeTest(name, { timeout: 90_000 }, body);
const KINDS = ['read', 'write', 'readEvents', 'list', 'hidden', 'writeEvents', 'notify', 'legacyRead', 'legacyNotify'];
const SEEDS = (process.env.DRAIN_SEEDS ?? '1,2,3').split(',').map(Number);

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream?.stop());

const startLoaded = (settings = {}) =>
  startGateway({
    servers: { load: { url: upstream.url, tools: SERVER_TOOLS } },
    policy: LOAD_POLICY,
    listen: { threads: 2 },
    settings: { ledger: { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', refusals_per_second: 100_000 }, ...settings },
  });

/** Asks one thing after the other until no connection can be had any more; everything that it was told is in `all`. */
async function keepAsking(caller, kinds, all, tick) {
  for (let i = 0; ; ++i) {
    const told = await caller.ask(kinds[i % kinds.length]);
    all.push(told);
    tick();
    if (told.error !== undefined) return;
  }
}

// What one caller was told, against what the upstream did for it and what is on record of it.
function judge(told, records) {
  const what = JSON.stringify(told);
  const done = upstream.executions.get(told.trace)?.count ?? 0;
  if (told.error !== undefined) {
    assert.ok(told.refused && told.error === 'ECONNREFUSED', `lost: ${what}`);
    return assert.equal(done, 0, what);
  }
  assert.ok(told.whole, `cut off: ${what}`);
  assert.equal(done, told.kind === 'hidden' ? 0 : 1, what);
  const ends = records.get(told.entry)?.map((record) => record.type + (record.effect === 'unknown' ? ' unknown' : ''));
  const side = /write|heldEvents/i.test(told.kind) || ['listen', 'stream'].includes(told.kind);
  assert.deepEqual(ends, told.kind === 'hidden' ? ['refusal'] : side ? ['intent', 'outcome'] : ['call'], what);
  if (/notify/i.test(told.kind)) return assert.equal(told.status, 202, what);
  if (told.kind === 'stream') return assert.equal(told.status, 200, what);
  assert.equal(told.status, 200, what);
  if (told.kind === 'hidden') assert.equal(told.message.error.code, -32602, what);
  else assert.ok(told.message?.result, what);
  if (/read|write|held/i.test(told.kind)) assert.equal(told.message.result.content[0].text, `done ${told.trace}`);
}

describe('drain', () => {
  for (const seed of SEEDS) {
    test(`no answer is lost or given twice when SIGTERM comes in the midst of the load (seed ${seed})`, async () => {
      const dice = random(seed);
      const gateway = await startLoaded();
      const url = gateway.url('load');
      const callers = [];
      const caller = (options) => (callers.push(new Caller(url, options)), callers.at(-1));
      try {
        const all = [];
        let after_ = 150 + Math.floor(dice() * 400);
        let enough;
        const loaded = new Promise((resolve) => (enough = resolve));
        const tick = () => --after_ === 0 && enough();

        // Calls and streams that are under way when the signal comes.
        const held = [];
        for (const kind of ['heldRead', 'heldWrite', 'heldEvents', 'listen', 'stream']) {
          const one = caller();
          await one.open(kind);
          held.push({ one, kind, told: one.ask(kind) });
        }
        while (upstream.holding() < 3) await within(new Promise(setImmediate), 'the held calls');

        const running = [];
        for (let i = 0; i < 12; ++i) {
          const one = caller({ kept: i % 3 !== 2 });
          await one.open(`caller${i}`);
          running.push(keepAsking(one, [...KINDS.slice(i % KINDS.length), ...KINDS.slice(0, i % KINDS.length)], all, tick));
        }
        await within(loaded, 'load', 30_000);
        gateway.signal('SIGTERM');
        await within(gateway.said(/draining/), 'the drain');
        await within(Promise.all(running), 'the callers to be turned away', 30_000);
        upstream.release();
        for (const { one, kind, told } of held) {
          all.push(await within(told, kind));
          running.push(keepAsking(one, KINDS, all, () => {}));
        }
        await within(Promise.all(running), 'the last callers', 30_000);

        const { records } = await gateway.stop({ verify: true });
        const byEntry = new Map();
        for (const record of records) byEntry.set(record.id, [...(byEntry.get(record.id) ?? []), record]);
        for (const told of all) judge(told, byEntry);
        const twice = [...upstream.executions].filter(([trace, { count }]) => trace !== undefined && count > 1);
        assert.deepEqual(twice, []);
        assert.ok(all.filter((told) => told.error === undefined).length >= 150);
      } finally {
        callers.forEach((one) => one.close());
        await gateway.stop();
      }
    });
  }

  test('a caller who was told that the connection stays is waited for, though the drain began in between', async () => {
    const gateway = await startLoaded();
    const caller = new Caller(gateway.url('load'));
    try {
      let begun;
      const head = new Promise((resolve) => (begun = resolve));
      const first = caller.ask('heldEvents', { onHead: begun });
      assert.equal((await within(head, 'the head of the stream')).closes, false);
      gateway.signal('SIGTERM');
      await within(gateway.said(/draining/), 'the drain');
      upstream.release();
      assert.ok((await first).whole);
      const second = await caller.ask('write');
      assert.deepEqual([second.reused, second.closes, second.error], [true, true, undefined]);
      assert.ok(second.message.result);
      await gateway.stop({ verify: true });
      await within(gateway.closed, 'the last line');
      const { event, level, count, ms, detail } = logLines(gateway.errors()).at(-1);
      assert.deepEqual([event, level, count, Number.isInteger(ms), detail], ['drained', 'info', 0, true, undefined]);
    } finally {
      caller.close();
      await gateway.stop();
    }
  });
});
