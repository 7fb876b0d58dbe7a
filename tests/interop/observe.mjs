// What the gateway says of itself: the samples of /metrics, and the lines of its log.
import assert from 'node:assert/strict';
import { within } from './wire.mjs';

export const OPEN = { address: '127.0.0.1', port: 0, metrics_open: true };

const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** The samples of a text exposition: [{name, labels, value}]. A line that is none is an error. */
export function samples(text) {
  return text
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => {
      const found = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
      assert.ok(found, line);
      const labels = Object.fromEntries([...(found[2] ?? '').matchAll(LABEL)].map(([, name, value]) => [name, value]));
      return { name: found[1], labels, value: Number(found[3]) };
    });
}

/** The sum of the samples of that name that have these labels. */
export const total = (all, name, labels = {}) =>
  all.filter((one) => one.name === name && Object.entries(labels).every(([label, value]) => (one.labels[label] ?? '') === value))
    .reduce((sum, one) => sum + one.value, 0);

export async function scrape(gateway) {
  const answer = await gateway.admin('/metrics');
  assert.equal(answer.status, 200, answer.text);
  return samples(answer.text);
}

/** Scrapes until the samples satisfy `good`. */
export async function scrapeUntil(gateway, good, what) {
  let last;
  const look = async () => {
    do last = await scrape(gateway);
    while (!good(last) && (await new Promise((resolve) => setTimeout(resolve, 20, true))));
    return last;
  };
  return within(look(), what);
}

const EVENTS = ['started', 'configuration', 'reloaded', 'reload_refused', 'refused', 'suppressed', 'catalogue', 'draining', 'cut', 'unended', 'drained', 'keys', 'token', 'admin_refused', 'certificate'];
const MEMBERS = ['ts', 'level', 'event', 'msg', 'trace_id', 'entry', 'server', 'reason', 'rulebook', 'detail', 'count', 'ms'];

/** The lines of a JSON log, each checked: an object of known members, the required ones among them. */
export function logLines(text) {
  assert.ok(text === '' || text.endsWith('\n'), 'the log ends within a line');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const one = JSON.parse(line);
      assert.deepEqual(Object.keys(one).filter((member) => !MEMBERS.includes(member)), [], line);
      assert.match(one.ts, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, line);
      assert.ok(['debug', 'info', 'warn', 'error'].includes(one.level), line);
      assert.ok(EVENTS.includes(one.event), line);
      assert.equal(typeof one.msg, 'string', line);
      if (one.event === 'refused') for (const member of ['trace_id', 'entry', 'reason', 'detail']) assert.ok(one[member], line);
      return one;
    });
}
