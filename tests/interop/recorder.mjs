// Builds recorder.c and says how a program is started under it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './process.mjs';

const source = fileURLToPath(new URL('./recorder.c', import.meta.url));

/** Compiles the recorder into a folder: {env, lines()}. `env` starts a program under it; `lines` reads what it wrote so far. */
export async function buildRecorder(dir) {
  const library = join(dir, 'recorder.so');
  const file = join(dir, 'recorder.txt');
  const built = await run(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-O1', '-o', library, source]);
  if (built.code !== 0) throw new Error(`the recorder does not compile:\n${built.output}`);
  // A program with the address sanitizer wants its own library first, unless told that it need not be.
  const asan = [process.env.ASAN_OPTIONS, 'verify_asan_link_order=0'].filter(Boolean).join(':');
  return {
    env: { LD_PRELOAD: library, RECORDER_FILE: file, ASAN_OPTIONS: asan },
    lines: async () => (await readFile(file, 'utf8')).split('\n').filter(Boolean),
  };
}
