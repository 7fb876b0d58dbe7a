// SIGHUP under load: no call fails, what does not hold is refused, and what is no longer in force is let go.
// RELOADS says how many (1,000 is the long form).
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { Caller, SERVER_TOOLS, startUpstream } from './load.mjs';
import { within } from './wire.mjs';

const RELOADS = Number(process.env.RELOADS ?? 200);
const test = (name, body) => nodeTest(name, { timeout: 60_000 + RELOADS * 1000 }, body);
const KINDS = ['read', 'write', 'readEvents', 'notify', 'legacyRead', 'list'];
const BOTH = 'tools: {allowlist: ["mcp://load/read", "mcp://load/write", "mcp://load/absent"]}\n';
const FEWER = 'tools: {allowlist: ["mcp://load/read", "mcp://load/write"]}\n';
// The sanitizer keeps freed memory back, which would pass for growth.
const env = { ASAN_OPTIONS: [process.env.ASAN_OPTIONS, 'quarantine_size_mb=1'].filter(Boolean).join(':') };

let upstream;
before(async () => (upstream = await startUpstream()));
after(() => upstream?.stop());

const settingsOf = (more = {}) => ({
  ledger: { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', refusals_per_second: 100_000 },
  ...more,
});

const start = (policy, settings = settingsOf()) =>
  startGateway({
    servers: { load: { url: upstream.url, tools: SERVER_TOOLS } },
    policy,
    listen: { threads: 2 },
    settings,
    env,
  });

async function residentMiB(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

describe('reload', () => {
  test(`${RELOADS} reloads under load: no call fails, and what is broken changes nothing`, async () => {
    const gateway = await start(BOTH);
    const url = gateway.url('load');
    const callers = Array.from({ length: 6 }, (_, i) => new Caller(url, { kept: i % 3 !== 2 }));
    try {
      const bad = [];
      let answers = 0;
      let stopped = false;
      const ask = async (one, i) => {
        await one.open(`reload${i}`);
        for (let at = i; !stopped; ++at) {
          const told = await one.ask(KINDS[at % KINDS.length]);
          ++answers;
          const good = told.whole && (told.status === 202 || (told.status === 200 && told.message?.result !== undefined));
          if (!good) bad.push(told);
        }
      };
      const running = callers.map(ask);
      const prober = new Caller(url);
      callers.push(prober);

      // Each step: what is written, whether it may come into force, and whether `absent` may be called then.
      let absent = true;
      const steps = [
        async () => (await gateway.rewritePolicy(FEWER), await gateway.rewriteSettings(), { good: true, absent: false }),
        async () => (await gateway.rewritePolicy('tools: {allowlst: []}\n'), { good: false }),
        async () => {
          await gateway.rewritePolicy(BOTH);
          await gateway.rewriteSettings({ settings: settingsOf({ limits: { body_bytes: '1MiB', drain: '20s' } }) });
          return { good: true, absent: true };
        },
        async () => (await gateway.rewriteSettings({ settings: settingsOf({ polcy: 'policy.yaml' }) }), { good: false }),
        async () => (await gateway.rewriteSettings({ listen: { threads: 3 } }), { good: false }),
        async () => (await gateway.rewriteSettings(), { good: true, absent: true }),
      ];
      let early = 0;
      let refused = 0;
      for (let i = 0; i < RELOADS; ++i) {
        const step = await steps[i % steps.length]();
        const said = await gateway.reload();
        assert.match(said, step.good ? /reloaded/ : /reload refused/, `reload ${i}`);
        if (step.good) absent = step.absent;
        else ++refused;
        // `absent` is on the upstream's side, too; only the policy in force tells whether it is ever asked.
        const probe = await prober.ask('hidden');
        assert.equal(probe.message?.error === undefined, absent, `after reload ${i}: ${JSON.stringify(probe)}`);
        if (i === Math.floor(RELOADS / 4)) early = await residentMiB(gateway.pid);
      }
      const late = await residentMiB(gateway.pid);
      stopped = true;
      await within(Promise.all(running), 'the callers', 30_000);
      assert.deepEqual(bad.slice(0, 3), []);
      assert.ok(answers >= RELOADS / 4, `only ${answers} answers`);
      assert.ok(refused >= RELOADS / 3);
      assert.ok(late < early * 1.5 + 32, `resident memory grew from ${early} to ${late} MiB`);
      await gateway.rewriteSettings(); // which the verifier reads
      const { records } = await gateway.stop({ verify: true });
      assert.equal(records.filter((record) => record.type === 'rulebook').length, 1 + RELOADS - refused);
      console.log(`${RELOADS} reloads, ${refused} of them refused; ${answers} answers, 0 bad; resident ${early | 0} to ${late | 0} MiB`);
    } finally {
      callers.forEach((one) => one.close());
      await gateway.stop();
    }
  });

  test('connections that wait for a request hold no policy that is not in force any more', async () => {
    // Large enough that 24 of them would be seen: a megabyte each.
    const large = (salt) =>
      `tools: {allowlist: ["mcp://load/read", ${Array.from({ length: 4000 }, (_, i) => `"mcp://load/t${salt}x${i}"`).join(', ')}]}\n`;
    const gateway = await start(large(0), settingsOf({ limits: { idle: '600s' } }));
    const callers = [];
    const connectAndReload = async (salt) => {
      const one = new Caller(gateway.url('load'));
      callers.push(one);
      assert.ok((await one.ask('read')).message.result); // and its connection stays
      await gateway.rewritePolicy(large(salt));
      assert.match(await gateway.reload(), /reloaded/);
    };
    try {
      for (let i = 1; i <= 6; ++i) await connectAndReload(i);
      const early = await residentMiB(gateway.pid);
      for (let i = 7; i <= 30; ++i) await connectAndReload(i);
      const late = await residentMiB(gateway.pid);
      for (const one of callers) assert.equal((await one.ask('read')).reused, true);
      console.log(`resident ${early | 0} to ${late | 0} MiB`);
      assert.ok(late < early + 16, `resident memory grew from ${early} to ${late} MiB`);
    } finally {
      callers.forEach((one) => one.close());
      await gateway.stop({ verify: true });
    }
  });
});
