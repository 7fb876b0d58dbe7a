// The official conformance suite, directly and through the gateway: both must come to the same verdicts.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startFixture } from './fixture.mjs';
import { startGateway } from './gateway.mjs';
import { run } from './process.mjs';

// What may be unclean in a direct run, and why: "run label / scenario / check id / status".
const EXCEPTIONS = {
  // none: SDK 2.4.0 passes everything that the suite asks for these revisions
};

// `suite` is the revision that the suite checks for, `only` what the fixture is capped to. The suite offers 2025-11-25
// whatever it checks for, so only a capped fixture speaks the older revisions; for 2025-03-26 the suite has one
// scenario of its own, so that cap also runs the scenarios of 2025-06-18.
const RUNS = [
  { label: '2025-03-26', suite: '2025-03-26' },
  { label: '2025-06-18', suite: '2025-06-18' },
  { label: '2025-11-25', suite: '2025-11-25', quick: true },
  { label: '2026-07-28', suite: '2026-07-28', quick: true },
  { label: 'capped 2025-03-26', suite: '2025-03-26', only: '2025-03-26' },
  { label: 'capped 2025-03-26, scenarios of 2025-06-18', suite: '2025-06-18', only: '2025-03-26' },
  { label: 'capped 2025-06-18', suite: '2025-06-18', only: '2025-06-18' },
  { label: 'capped 2025-11-25', suite: '2025-11-25', only: '2025-11-25' },
];

const { values: options } = parseArgs({
  options: {
    'direct-only': { type: 'boolean', default: false },
    gateway: { type: 'string', default: process.env.DURWARD },
    revisions: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log('node conformance.mjs [--direct-only | --gateway DURWARD] [--revisions 2025-11-25,2026-07-28] [--quick]');
  process.exit(0);
}
if (!options['direct-only'] && !options.gateway) {
  console.error('conformance: --gateway PATH (or DURWARD) is needed, unless --direct-only');
  process.exit(1);
}

const suite = fileURLToPath(new URL('./node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url));
const revisions = options.revisions?.split(',');
const chosen = RUNS.filter((each) => (!options.quick || each.quick) && (!revisions || revisions.includes(each.only ?? each.suite)));
if (chosen.length === 0) {
  console.error('conformance: nothing to run');
  process.exit(1);
}

const failures = [];
const started = Date.now();
for (const each of chosen) await compare(each);

const seconds = Math.round((Date.now() - started) / 1000);
for (const failure of failures) console.log(`  ${failure}`);
const what = options['direct-only'] ? 'the fixture passes' : 'the gateway is transparent';
console.log(failures.length ? `conformance: FAILED (${failures.length}), ${seconds} s` : `conformance: ${what}, ${chosen.length} runs, ${seconds} s`);
process.exit(failures.length ? 1 : 0);

async function compare({ label, suite: revision, only }) {
  console.log(`\n${label}`);
  const direct = await judge({ label: `${label}, direct`, revision, only });
  for (const [check, count] of direct.checks) {
    const clean = / (SUCCESS|INFO)$/.test(check);
    if (!clean && !EXCEPTIONS[`${label} / ${check}`]) failures.push(`${label}, direct: ${check} ×${count} — ${direct.why.get(check)}`);
  }
  table('direct', direct);
  if (options['direct-only'] || !direct.complete) return;

  const through = await judge({ label: `${label}, gateway`, revision, only, durward: options.gateway });
  table('gateway', through);
  if (!through.complete) return;
  for (const check of new Set([...direct.checks.keys(), ...through.checks.keys()])) {
    const [a, b] = [direct.checks.get(check) ?? 0, through.checks.get(check) ?? 0];
    if (a !== b) failures.push(`${label}: ${check}: direct ×${a}, gateway ×${b}${b > a ? ` — ${through.why.get(check) ?? ''}` : ''}`);
  }
}

/** One fresh fixture, perhaps a fresh gateway, one run: the multiset of (scenario, check id, status). */
async function judge({ label, revision, only, durward }) {
  const results = await mkdtemp(join(tmpdir(), 'durward-conformance-'));
  const fixture = await startFixture({ only });
  let gateway;
  try {
    if (durward) gateway = await startGateway({ durward, servers: { fixture: fixture.url } });
    const url = gateway?.url() ?? fixture.url;
    if (only) await expectCap(url, only, label);
    const args = ['server', '--url', url, '--suite', 'all', '--spec-version', revision, '-o', results];
    const { output } = await run(process.execPath, [suite, ...args], { withinMs: 180_000 });
    const judged = await collect(results);
    if (judged.scenarios === 0) failures.push(`${label}: the suite ran nothing\n${output.slice(-2000)}`);
    return { ...judged, complete: judged.scenarios > 0 };
  } catch (error) {
    failures.push(`${label}: ${error.message}`);
    return { scenarios: 0, checks: new Map(), why: new Map() };
  } finally {
    await gateway?.stop();
    await fixture.stop();
    await rm(results, { recursive: true, force: true });
  }
}

async function expectCap(url, only, label) {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'cap', version: '1' } };
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
  const answer = await (await fetch(url, { method: 'POST', headers, body })).text();
  if (!answer.includes(`"protocolVersion":"${only}"`)) failures.push(`${label}: negotiated something else than ${only}: ${answer}`);
}

async function collect(results) {
  const checks = new Map();
  const why = new Map();
  const folders = await readdir(results);
  for (const folder of folders) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(folder)[1];
    for (const { id, status, errorMessage } of JSON.parse(await readFile(join(results, folder, 'checks.json'), 'utf8'))) {
      const key = `${scenario} / ${id} / ${status}`;
      checks.set(key, (checks.get(key) ?? 0) + 1);
      if (errorMessage) why.set(key, errorMessage.slice(0, 300));
    }
  }
  return { scenarios: folders.length, checks, why };
}

function table(name, { scenarios, checks }) {
  const statuses = {};
  for (const [check, count] of checks) {
    const status = check.split(' / ')[2];
    statuses[status] = (statuses[status] ?? 0) + count;
  }
  const counts = Object.entries(statuses).sort().map(([status, count]) => `${count} ${status.toLowerCase()}`);
  console.log(`  ${name.padEnd(8)} ${String(scenarios).padStart(2)} scenarios  ${counts.join(', ')}`);
}
