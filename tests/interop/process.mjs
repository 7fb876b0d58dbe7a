// Child processes that announce themselves with a line on stdout, and never outlive the test that started them.
import { spawn } from 'node:child_process';

const running = new Set();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** Starts a program and resolves once its stdout matches `ready`: {match, logs(), stop(), exited}. */
export async function start(file, args, { ready, env = {}, cwd, withinMs = 15_000 } = {}) {
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  for (const handle of [child, child.stdout, child.stderr]) handle.unref(); // a test that failed to stop it still ends
  let out = '';
  let err = '';
  const exited = new Promise((resolve) => {
    child.once('error', (error) => resolve({ error }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  }).finally(() => running.delete(child));
  const closed = new Promise((resolve) => child.once('close', resolve)); // and all of its output is read
  child.stderr.setEncoding('utf8').on('data', (chunk) => (err += chunk));
  child.stdout.setEncoding('utf8');
  const logs = () => `${out}${err}`;

  let timer;
  const match = await Promise.race([
    new Promise((resolve) =>
      child.stdout.on('data', (chunk) => {
        out += chunk;
        const found = ready.exec(out);
        if (found) resolve(found);
      }),
    ),
    exited.then((end) => ({ failed: `ended before it was ready: ${JSON.stringify(end)}` })),
    new Promise((resolve) => (timer = setTimeout(resolve, withinMs, { failed: `not ready within ${withinMs} ms` }))),
  ]);
  clearTimeout(timer);
  if (match.failed) {
    child.kill('SIGKILL');
    throw new Error(`${file} ${args.join(' ')}: ${match.failed}\n${logs()}`);
  }

  const stop = async (signal = 'SIGTERM', graceMs = 10_000) => {
    child.kill(signal);
    const killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const end = await exited;
    clearTimeout(killer);
    return end;
  };
  /** Resolves once the output matches; rejects when the program ends before. */
  const said = (pattern) =>
    new Promise((resolve, reject) => {
      const streams = [child.stdout, child.stderr];
      const look = () => {
        if (!pattern.test(logs())) return;
        for (const stream of streams) stream.off('data', look);
        resolve();
      };
      for (const stream of streams) stream.on('data', look);
      exited.then((end) => reject(new Error(`ended before it said ${pattern}: ${JSON.stringify(end)}\n${logs()}`)));
      look();
    });
  const errors = () => err;
  return { match, logs, errors, closed, said, stop, exited, pid: child.pid, signal: (name) => child.kill(name) };
}

/** Runs a program to its end, as another user where uid and gid are given; rejects when it takes longer than `withinMs`. */
export function run(file, args, { env = {}, cwd, withinMs = 120_000, uid, gid } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, uid, gid, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let output = '';
    let late = false;
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    const killer = setTimeout(() => ((late = true), child.kill('SIGKILL')), withinMs);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(killer);
      running.delete(child);
      if (late) reject(new Error(`${file} ${args.join(' ')}: not done within ${withinMs} ms\n${output}`));
      else resolve({ code, output });
    });
  });
}
