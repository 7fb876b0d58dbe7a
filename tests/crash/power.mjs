// A power failure, as far as the records are concerned: of what was written and not fdatasynced, any part may be missing.
import { open, readdir, stat, truncate, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

const PAGE = 4096;

/**
 * Takes unsynced bytes of the log away: `cut` ends the log at a random place behind what was synced, `zeros` leaves the files
 * as long and zeroes the rest, `hole` zeroes one page. A file whose name was not made durable is gone in the first two. `lines` are
 * the recorder's. Returns how many bytes were taken.
 */
export async function cutPower(how, folder, lines, dice) {
  const synced = new Map();
  const named = new Set();
  for (const line of lines) {
    const [word, first, ...rest] = line.split(' ');
    if (word === 'named') named.add(first);
    if (word === 'synced') synced.set(basename(rest.join(' ')), Number(first)); // the last counts: recovery may have cut it
  }
  const tails = [];
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.ndjson')).sort()) {
    const { size } = await stat(join(folder, name));
    const from = named.has(name) ? Math.min(synced.get(name) ?? 0, size) : 0;
    if (from < size || !named.has(name)) tails.push({ name, from, size });
  }
  const atRisk = tails.reduce((sum, { from, size }) => sum + size - from, 0);
  let keep = Math.floor(dice() * (atRisk + 1));
  let taken = 0;
  for (const { name, from, size } of tails) {
    const path = join(folder, name);
    const kept = Math.min(keep, size - from);
    const end = from + kept;
    if (how === 'hole') {
      const begin = Math.max(Math.floor(end / PAGE) * PAGE, from);
      const holed = Math.min(PAGE, size - begin);
      if (keep <= size - from && holed > 0) {
        await zero(path, begin, holed);
        return holed;
      }
    } else if (kept < size - from || !named.has(name)) {
      taken += size - end;
      if (end === 0 && !named.has(name)) await unlink(path);
      else if (how === 'cut') await truncate(path, end);
      else await zero(path, end, size - end);
    }
    keep -= kept;
  }
  return taken;
}

async function zero(path, at, length) {
  const file = await open(path, 'r+');
  try {
    await file.write(Buffer.alloc(length), 0, length, at);
  } finally {
    await file.close();
  }
}
