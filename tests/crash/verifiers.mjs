// Our verifier and the independent one over the end of a log: the segments from a given one on, which both accept as a log
// that starts there. (The whole log is verified at the end, by gateway.mjs.)
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../interop/process.mjs';

const independent = fileURLToPath(new URL('../audit/independent_verifier.py', import.meta.url));

export class Verifiers {
  counts = { valid: 0, torn: 0 };

  static async of(binary, dir) {
    const one = new Verifiers();
    const key = join(dir, 'keys', 'ed25519.key');
    const shown = await run(binary, ['keys', 'public', '--key', key]);
    const typed = Buffer.from(/\+[0-9a-f]{8}\+(\S+)/.exec(shown.output)[1], 'base64'); // C2SP: a type byte, then the key
    one.commands = [
      [binary, ['ledger', 'verify', '--key', `file://${key}`]],
      ['python3', [independent, '--key', typed.subarray(1).toString('base64')]],
    ];
    one.folder = join(dir, 'ledger');
    return one;
  }

  /** From this segment on the log must be valid; or, with `torn`, inconclusive for a torn tail and nothing else. */
  async check(from, { torn }) {
    const names = (await readdir(this.folder)).filter((name) => /^ledger-.*\.ndjson$/.test(name) && name >= from).sort();
    const ends = await Promise.all(
      this.commands.map(([command, args]) => run(command, [...args, ...names.map((name) => join(this.folder, name))])),
    );
    for (const { code, output } of ends) {
      const fine = code === 0 || (torn && code === 3 && /torn|LF/.test(output) && !/without outcome|no outcome/.test(output));
      assert.ok(fine, `exit ${code}: ${output}`);
    }
    ++this.counts[ends.some(({ code }) => code === 3) ? 'torn' : 'valid'];
  }
}
