// The crash test: a gateway under load is killed with SIGKILL at random moments and started again on the same ledger, over and
// over. At some kills the power fails, too: what was not fdatasynced is cut off, zeroed or torn (power.mjs). After each start
// the log must verify, and everything that a caller was told must be on record (book.mjs).
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startGateway } from '../interop/gateway.mjs';
import { Caller, LOAD_POLICY, SERVER_TOOLS, random, startUpstream } from '../interop/load.mjs';
import { run } from '../interop/process.mjs';
import { buildRecorder } from '../interop/recorder.mjs';
import { within } from '../interop/wire.mjs';
import { Book } from './book.mjs';
import { cutPower } from './power.mjs';
import { Verifiers } from './verifiers.mjs';

const USAGE = `usage: tests/crash/run [--kills N] [--seed S] [--weaken side_effects|reads]

  --kills   how often; 200 unless told
  --seed    fixes the plan (when to kill, where the power fails); printed, so that a failure can be repeated
  --weaken  configures a weaker durability for this class than the test holds the gateway to: the test must find a loss, and
            ends with 0 if it does. Shows that it can fail.
DURWARD names the gateway (build/dev/durward).
`;
const KINDS = ['read', 'write', 'readEvents', 'hidden', 'writeEvents', 'list', 'notify', 'legacyRead', 'legacyNotify'];
const WEAKER = { side_effects: 'written', reads: 'buffered' };
const CALLERS = 9;

function options() {
  const { values } = parseArgs({
    options: { kills: { type: 'string' }, seed: { type: 'string' }, weaken: { type: 'string' }, help: { type: 'boolean' } },
  });
  const kills = Number(values.kills ?? 200);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  if (values.help || !(kills > 0) || !Number.isInteger(seed) || (values.weaken && !WEAKER[values.weaken])) {
    process.stdout.write(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  return { kills, seed, weaken: values.weaken };
}

/**
 * What happens at one kill: how many answers are waited for and how long after them, and what the power does. `inStart`: a start
 * is killed, too, after this part of the time that the last one took. `slowMs`: what a write to the log takes after the next
 * start, so that there is more time in which an answer could leave too early.
 */
function plan(dice, weaken) {
  const inStart = dice() < 0.15 ? 0.2 + dice() : undefined;
  const answers = Math.floor(dice() * 300);
  const pauseMs = dice() * 6;
  const power = dice() < 0.5 ? 'stays' : ['cut', 'zeros', 'hole'][Math.floor(dice() * 3)];
  const slowMs = dice() < 0.5 ? 0 : 15;
  if (weaken === 'side_effects') return { answers: 100 + answers, pauseMs, power: 'cut', slowMs: 0 };
  if (weaken === 'reads') return { answers: 100 + answers, pauseMs, power: 'stays', slowMs: 15 };
  return { inStart, answers, pauseMs, power, slowMs };
}

class CrashTest {
  constructor({ seed, weaken }) {
    Object.assign(this, { dice: random(seed), weaken, sessions: undefined, kills: 0, told: 0, lost: 0, unended: 0, cut: 0 });
  }

  async open() {
    this.startMs = 100; // of which nothing is known yet
    this.tools = await mkdtemp(join(tmpdir(), 'durward-crash-'));
    this.recorder = await buildRecorder(this.tools);
    this.env = { ...this.recorder.env };
    this.upstream = await startUpstream();
    const weaker = this.weaken ? { [this.weaken]: WEAKER[this.weaken] } : {};
    const ledger = { dir: 'ledger', key_ref: 'file://./keys/ed25519.key', segment: '256KiB', refusals_per_second: 100_000 };
    this.gateway = await startGateway({
      servers: { load: { url: this.upstream.url, tools: SERVER_TOOLS } },
      policy: LOAD_POLICY,
      listen: { threads: 2 },
      settings: { ledger: { ...ledger, ...weaker } },
      env: this.env,
    });
    this.verifiers = await Verifiers.of(resolve(process.env.DURWARD), this.gateway.dir);
    this.book = await Book.of(this.gateway.dir, this.upstream);
    await this.book.read();
  }

  /** One kill and the start after it. */
  async kill() {
    const { inStart, answers, pauseMs, power, slowMs } = (this.plan = plan(this.dice, this.weaken));
    ++this.kills;
    const told = await this.loadUntilKilled(answers, pauseMs);
    if (power !== 'stays') this.cut += await cutPower(power, this.gateway.ledgerDir, await this.recorder.lines(), this.dice);
    // With a hole within it the log is invalid until recovery has cut it.
    if (power !== 'hole') await this.verifiers.check(this.book.segment, { torn: true });
    if (inStart) await this.killInStart(inStart * this.startMs);
    if (inStart && power !== 'hole') await this.verifiers.check(this.book.segment, { torn: true });
    this.env.RECORDER_SLOW_MS = String(slowMs);
    const begin = Date.now();
    await this.gateway.launch();
    this.startMs = Date.now() - begin;
    await this.verifiers.check(this.book.segment, { torn: true }); // it is being written to
    this.unended += await this.book.read();
    this.lost += this.book.judge(told, { power });
    this.told += told.length;
  }

  async loadUntilKilled(answers, pauseMs) {
    const url = this.gateway.url('load');
    const told = [];
    let left = answers;
    let enough;
    const loaded = new Promise((resolve) => (enough = resolve));
    const callers = Array.from({ length: CALLERS }, (_, i) => new Caller(url, { kept: i % 4 !== 3 }));
    const streams = [new Caller(url), new Caller(url)];
    // A session outlives the gateway that opened it.
    if (this.kills % 10 === 1) told.push(await callers[0].open(`crash${this.kills}`)), (this.session = callers[0].session);
    for (const one of [...callers, ...streams]) one.session = this.session;
    const ask = async (one, at) => {
      for (let i = at; ; ++i) {
        const answer = await one.ask(KINDS[i % KINDS.length]);
        told.push(answer);
        if (--left <= 0) enough();
        if (answer.error !== undefined || !answer.whole) return;
      }
    };
    const running = callers.map(ask);
    for (const [i, kind] of ['listen', 'stream'].entries()) running.push(streams[i].ask(kind).then((answer) => told.push(answer)));
    await within(loaded, `${answers} answers`, 120_000);
    await new Promise((resolve) => setTimeout(resolve, pauseMs)); // the random moment itself
    this.gateway.signal('SIGKILL');
    await this.gateway.exited;
    await within(Promise.all(running), 'the callers to see it', 60_000);
    [...callers, ...streams].forEach((one) => one.close());
    return told;
  }

  /** A start that does not get far: recovery must bear being interrupted. */
  async killInStart(startMs) {
    const { dir } = this.gateway;
    const serve = ['serve', '-c', 'durward.yaml'];
    await run(resolve(process.env.DURWARD), serve, { cwd: dir, env: this.env, withinMs: startMs }).catch(() => {});
  }

  async close() {
    await this.gateway.stop({ verify: true }); // the whole log, with both verifiers
    this.upstream.stop();
    await rm(this.tools, { recursive: true, force: true });
  }

  describe() {
    const { told, lost, unended, cut, kills, verifiers } = this;
    const { valid, torn } = verifiers.counts;
    return (
      `${kills} kills, ${told} answers held against ${this.book.size} records; ${unended} open intents closed by recovery; ` +
      `${cut} unsynced bytes taken by power cuts, with them ${lost} records of class written; ` +
      `logs verified ${valid + torn} times twice: ${valid} valid, ${torn} inconclusive for a torn tail, 0 invalid`
    );
  }
}

async function main() {
  const { kills, seed, weaken } = options();
  console.log(`crash test: --kills ${kills} --seed ${seed}${weaken ? ` --weaken ${weaken}` : ''}`);
  const test = new CrashTest({ seed, weaken });
  const begin = Date.now();
  try {
    await test.open();
    for (let i = 0; i < kills; ++i) await test.kill();
    if (!weaken) await test.close();
  } catch (error) {
    console.log(`at kill ${test.kills}, ${JSON.stringify(test.plan)}, ledger in ${test.gateway?.dir}:\n${error.stack}`);
    const found = weaken !== undefined && error.code === 'LOST';
    if (found) console.log('the loss was found, as it had to be');
    for (const dir of found ? [test.gateway.dir, test.tools] : []) await rm(dir, { recursive: true, force: true });
    process.exit(found ? 0 : 1);
  }
  console.log(`${test.describe()}; ${Math.round((Date.now() - begin) / 1000)} s`);
  if (weaken) console.log('no loss was found: this test cannot fail');
  process.exit(weaken ? 1 : 0);
}

await main();
