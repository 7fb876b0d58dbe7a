// Starts `durward serve` in a directory of its own, on a port that the system picks.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, start } from './process.mjs';
import { send, within } from './wire.mjs';

/**
 * `servers` maps a name to its upstream URL, or to an object of server settings; `policy` is policy.yaml's text;
 * `settings` are further top-level keys of durward.yaml; `listen` further keys of its listener. `env` is added to the
 * gateway's environment; `under` is a command and its arguments that the gateway is started by. `prepare` is called with the
 * gateway's directory before the start, when its files and keys are there. `text` is a whole
 * durward.yaml instead, whose paths are policy.yaml, ledger and keys/ed25519.key.
 */
export async function startGateway({
  durward = process.env.DURWARD,
  servers,
  policy = ALLOW_ALL,
  settings = {},
  listen = {},
  env = {},
  under = [],
  prepare = () => {},
  text,
}) {
  if (!durward) throw new Error('where is the gateway? Set DURWARD or pass --gateway');
  const binary = resolve(durward);
  const dir = await mkdtemp(join(tmpdir(), 'durward-interop-'));
  const key = join(dir, 'keys', 'ed25519.key');
  const initial = { servers, settings, listen };
  let written = { port: 0, ...initial };
  const writeConfig = (changed) => {
    written = { ...written, ...changed };
    return writeFile(join(dir, 'durward.yaml'), text ?? configText(written));
  };

  let process_;
  let scheme = 'http';
  let port = 0;
  const launch = async () => {
    await writeConfig({ port });
    const [command, ...args] = [...under, binary, 'serve', '-c', 'durward.yaml'];
    process_ = await start(command, args, {
      cwd: dir,
      env,
      ready: /^data listener (https?):\/\/(?:127\.0\.0\.1|\[::1\]):(\d+)/m,
      withinMs: 30_000,
    });
    scheme = process_.match[1];
    port = Number(process_.match[2]);
  };
  const cleanUp = () => rm(dir, { recursive: true, force: true });
  const readRecords = async () => {
    const files = (await readdir(join(dir, 'ledger'))).filter((name) => name.endsWith('.ndjson')).sort();
    const texts = await Promise.all(files.map((name) => readFile(join(dir, 'ledger', name), 'utf8')));
    return texts.join('').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  };

  try {
    await writeFile(join(dir, 'policy.yaml'), policy);
    const made = await run(binary, ['keys', 'init', '--out', key], { cwd: dir });
    if (made.code !== 0) throw new Error(`durward keys init: exit ${made.code}\n${made.output}`);
    await writeConfig({ port });
    await prepare(dir);
    await launch();
  } catch (error) {
    await cleanUp();
    throw error;
  }

  return {
    get port() {
      return port;
    },
    origin: () => `${scheme}://127.0.0.1:${port}`,
    url: (server = 'fixture') => `${scheme}://127.0.0.1:${port}/mcp/${server}`,
    ledgerDir: join(dir, 'ledger'),
    dir,
    logs: () => process_.logs(),
    /** What it wrote to stderr, which is its log: see observe.mjs. */
    errors: () => process_.errors(),
    /** Resolves once it has ended and all of its output is here. */
    get closed() {
      return process_.closed;
    },
    /** Asks the admin listener: GET, or what `options` says. */
    async admin(path, options = {}) {
      const listening = /^admin listener (https?:\S+)$/m;
      await within(process_.said(listening), 'the admin listener');
      return send(`${listening.exec(process_.logs())[1]}${path}`, { method: 'GET', ...options }).whole();
    },
    /** Ends the gateway and starts it again on the same port, with the same keys and ledger. */
    async restart() {
      await process_.stop();
      await launch();
    },
    /** Reads the ledger's records so far. */
    records: readRecords,
    signal: (name) => process_.signal(name),
    said: (pattern) => process_.said(pattern),
    get pid() {
      return process_.pid;
    },
    get exited() {
      return process_.exited;
    },
    /** Starts it again after it ended on its own or was killed. */
    launch,
    rewritePolicy: (text) => writeFile(join(dir, 'policy.yaml'), text),
    /** Writes durward.yaml again, as at the start but for these servers, settings or listen keys; nothing is reloaded. */
    rewriteSettings: (changed = {}) => writeConfig({ ...initial, ...changed }),
    /** Sends SIGHUP and returns what the gateway says of it. */
    async reload() {
      const before = process_.logs().length;
      const verdict = /^.*\b(reloaded rulebook=|reload refused).*$/m;
      process_.signal('SIGHUP');
      await within(process_.said({ test: (logs) => verdict.test(logs.slice(before)) && logs.endsWith('\n') }), 'a reload');
      return verdict.exec(process_.logs().slice(before))[0];
    },
    /**
     * Ends the gateway: {code, signal}. With `verify`, its ledger must then be valid to our verifier and to the independent
     * one, every entry in it closed exactly once, and the exit code 0; the answer has the `records`, too.
     */
    async stop({ verify = false } = {}) {
      const end = await process_.stop('SIGTERM', 40_000);
      try {
        if (!verify) return end;
        await verifyLedger(binary, dir);
        const records = await readRecords();
        assertClosedOnce(records);
        assert.deepEqual([end.code, end.signal], [0, null], process_.logs()); // a sanitizer speaks up here, too
        return { ...end, records };
      } finally {
        await cleanUp();
      }
    },
  };
}

/** Every request ends in exactly one closed entry. An aggregate stands for many refusals and closes none. */
export function assertClosedOnce(records) {
  const entries = new Map();
  for (const record of records) {
    const closes = ['call', 'outcome', 'refusal'].includes(record.type);
    if (record.type !== 'intent' && !closes) continue;
    if (record.type === 'refusal' && record.count !== undefined) continue;
    if (!entries.has(record.id)) entries.set(record.id, []);
    entries.get(record.id).push(record.type);
  }
  const good = new Set(['call', 'refusal', 'intent,outcome']);
  const bad = [...entries].filter(([, types]) => !good.has(types.join()));
  assert.deepEqual(bad, [], 'each entry is closed once: a call, a refusal, or an intent and then its outcome');
}

async function verifyLedger(binary, dir) {
  const must = async (command, args) => {
    const { code, output } = await run(command, args, { cwd: dir });
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${code}\n${output}`);
    return output;
  };
  await must(binary, ['ledger', 'verify', '-c', 'durward.yaml']);
  const keys = await must(binary, ['keys', 'public', '--key', join('keys', 'ed25519.key')]);
  const typed = Buffer.from(/\+[0-9a-f]{8}\+(\S+)/.exec(keys)[1], 'base64'); // C2SP: a type byte, then the key
  const verifier = fileURLToPath(new URL('../audit/independent_verifier.py', import.meta.url));
  await must('python3', [verifier, '--key', typed.subarray(1).toString('base64'), 'ledger']);
}

export const ALLOW_ALL = 'tools: {allowlist: ["*"]}\n';

// YAML's flow style contains JSON, so values need no quoting rules of their own.
function configText({ port, servers, settings, listen }) {
  const of = (server) => ({ tools: { '*': { kind: 'read' } }, ...(typeof server === 'string' ? { url: server } : server) });
  const keys = {
    listen: { address: '127.0.0.1', port, ...listen },
    admin: { address: '127.0.0.1', port: 0 },
    authn: 'anonymous',
    servers: Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, of(server)])),
    policy: 'policy.yaml',
    ledger: { dir: 'ledger', key_ref: 'file://./keys/ed25519.key' },
    ...settings,
  };
  return Object.entries(keys)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join('');
}
