// The log as far as it was settled by the last start, held against what callers were told and what the upstream did.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { open, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertClosedOnce } from '../interop/gateway.mjs';

/** A promise of the ledger was broken; everything else that is wrong is an AssertionError. */
class Lost extends Error {
  code = 'LOST';
}

export class Book {
  segment = ''; // the one that holds the end of what was read
  #offset = 0;
  #entries = new Map(); // id: its records
  #intents = new Set(); // trace ids
  size = 0;

  static async of(dir, upstream) {
    const book = new Book();
    book.folder = join(dir, 'ledger');
    book.upstream = upstream;
    book.judgedExecutions = new Set();
    const ring = JSON.parse(await readFile(join(dir, 'keys', 'keyring.json'), 'utf8'));
    book.commitKey = ring.commit[''].at(-1);
    return book;
  }

  /** Reads on to the newest boot record, before which every entry must be closed; returns how many recovery has closed. */
  async read() {
    const names = (await readdir(this.folder)).filter((name) => /^ledger-.*\.ndjson$/.test(name) && name >= this.segment).sort();
    const lines = [];
    for (const segment of names) {
      const from = segment === this.segment ? this.#offset : 0;
      const bytes = await readFrom(join(this.folder, segment), from);
      for (let begin = 0, end; (end = bytes.indexOf(10, begin)) >= 0; begin = end + 1)
        lines.push({ segment, offset: from + end + 1, record: JSON.parse(bytes.toString('utf8', begin, end)) });
    }
    const boot = lines.findLastIndex(({ record }) => record.type === 'boot');
    assert.ok(boot >= 0, 'a start writes a boot record');
    const records = lines.slice(0, boot + 1).map(({ record }) => record);
    ({ segment: this.segment, offset: this.#offset } = lines[boot]);
    const fresh = new Set();
    for (const record of records) {
      if (record.type === 'intent') this.#intents.add(record.trace_id);
      if (!['call', 'refusal', 'intent', 'outcome'].includes(record.type)) continue;
      if (!this.#entries.has(record.id)) fresh.add(record.id);
      else assert.ok(fresh.has(record.id), `entry ${record.id} is used twice`);
      this.#entries.set(record.id, [...(this.#entries.get(record.id) ?? []), record]);
    }
    assertClosedOnce(records);
    this.size += records.length;
    const recovered = records.filter((record) => record.type === 'outcome' && record.facts?.source === 'recovery');
    for (const record of recovered) assert.equal(record.effect, 'unknown', JSON.stringify(record));
    return recovered.length;
  }

  /** Every answer against its record, every execution against its intent. Returns how many records a power cut has taken. */
  judge(told, { power }) {
    let lost = 0;
    for (const one of told) {
      const claim = this.#claim(one);
      if (claim === undefined) continue;
      const records = this.#entries.get(one.entry);
      if (records === undefined && power !== 'stays' && !claim.synced) {
        ++lost; // the promise of `written` does not reach that far
        continue;
      }
      const what = `${JSON.stringify(one)}: ${JSON.stringify(records)}`;
      if (records === undefined) throw new Lost(`no record of what a caller was told: ${what}`);
      const closed = records.filter((record) => record.facts?.source !== 'recovery');
      if (claim.types.length > closed.length) {
        if (power === 'stays' || claim.synced) throw new Lost(`the record is not closed: ${what}`);
        ++lost;
        continue;
      }
      assert.deepEqual(closed.map((record) => record.type).slice(0, claim.types.length), claim.types, what);
      assert.equal(closed.at(-1).trace_id, one.trace, what);
      if (claim.effect) assert.equal(closed.at(-1).effect, claim.effect, what);
      if (claim.result) assert.equal(closed.at(-1).result, this.#commitment(claim.result), what);
    }
    this.#judgeExecutions();
    return lost;
  }

  #judgeExecutions() {
    for (const [trace, { count, tool }] of this.upstream.executions) {
      if (this.judgedExecutions.has(trace)) continue;
      this.judgedExecutions.add(trace);
      if (tool !== 'write') continue;
      assert.equal(count, 1, `${trace} was executed ${count} times`);
      if (!this.#intents.has(trace)) throw new Lost(`the upstream was asked for ${trace}, and there is no intent`);
    }
  }

  // What an answer promises of the log, or undefined where it did not come far enough to promise anything.
  #claim({ kind, status, message, entry }) {
    if (kind === 'listen' || kind === 'stream') return status === 200 ? { types: ['intent'] } : undefined;
    if (/notify/i.test(kind)) return status === 202 ? { types: ['call'], effect: 'completed' } : undefined;
    if (message === undefined) return undefined;
    assert.ok(entry, JSON.stringify(message));
    if (kind === 'hidden') {
      assert.equal(message.error?.code, -32602, JSON.stringify(message));
      return { types: ['refusal'], effect: 'none' };
    }
    assert.ok(message.result, `${kind}: ${JSON.stringify(message)}`);
    const result = /read|write/i.test(kind) ? JSON.stringify(message.result) : undefined;
    if (/write/i.test(kind)) return { types: ['intent', 'outcome'], effect: 'completed', synced: true, result };
    return { types: ['call'], effect: 'completed', result };
  }

  // The ledger's commitment to raw bytes under the label "result".
  #commitment(bytes) {
    const mac = createHmac('sha256', Buffer.from(this.commitKey.key, 'base64')).update('result\0').update(bytes);
    return `hmac-raw:${this.commitKey.id}:${mac.digest('base64')}`;
  }
}

async function readFrom(path, offset) {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(size - offset, 0));
    await file.read(bytes, 0, bytes.length, offset);
    return bytes;
  } finally {
    await file.close();
  }
}
