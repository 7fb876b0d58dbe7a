import { fileURLToPath } from 'node:url';
import { start } from './process.mjs';

const server = fileURLToPath(new URL('./fixture/server.mjs', import.meta.url));

/** A fresh fixture server; `only` caps it to one legacy revision. */
export async function startFixture({ only, port = 0 } = {}) {
  const { match, logs, stop } = await start(process.execPath, [server, '--port', String(port)], {
    ready: /^fixture listening (http:\S+)$/m,
    env: { LEGACY_ONLY: only ?? '' },
  });
  return { url: match[1], logs, stop };
}
