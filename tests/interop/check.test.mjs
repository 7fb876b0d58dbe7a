// What `durward serve` refuses to start with, `durward check` says beforehand: in the same words, with the same exit code.
import assert from 'node:assert/strict';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test as nodeTest } from 'node:test';
import { run, start } from './process.mjs';

const test = (name, body) => nodeTest(name, { timeout: 60_000 }, body);
const binary = resolve(process.env.DURWARD);
const NOBODY = { uid: 65534, gid: 65534 };
const root = process.getuid() === 0;

const POLICY = 'tools: {allowlist: ["mcp://s/*"]}\n';
const KEYS = {
  listen: '{address: 127.0.0.1, port: 0}',
  admin: '{address: 127.0.0.1, port: 0}',
  authn: 'anonymous',
  servers: '{s: {url: "http://127.0.0.1:9/mcp"}}',
  policy: 'policy.yaml',
  ledger: '{dir: ledger, key_ref: "file://./keys/ed25519.key"}',
};
/** durward.yaml with some keys changed, or (undefined) left out. */
const config = (changed = {}) =>
  Object.entries({ ...KEYS, ...changed })
    .map(([name, value]) => (value === undefined ? '' : `${name}: ${value}\n`))
    .join('');

const initKeys = async (dir) => {
  const made = await run(binary, ['keys', 'init', '--out', join(dir, 'keys', 'ed25519.key')], { cwd: dir });
  assert.equal(made.code, 0, made.output);
};

let keys; // made once, and copied: a program with sanitizers takes its time to start
before(async () => {
  keys = await mkdtemp(join(tmpdir(), 'durward-keys-'));
  await initKeys(keys);
});
after(() => rm(keys, { recursive: true, force: true }));

/** A good configuration in a folder of its own. */
async function withFolder(body) {
  const dir = await mkdtemp(join(tmpdir(), 'durward-check-'));
  try {
    await writeFile(join(dir, 'durward.yaml'), config());
    await writeFile(join(dir, 'policy.yaml'), POLICY);
    await cp(keys, dir, { recursive: true });
    await chmod(dir, 0o700);
    await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const settle = (dir, command, options = {}) =>
  run(binary, [command, '-c', 'durward.yaml'], { cwd: dir, withinMs: 20_000, ...options });

/** Starts the gateway, so that there is a ledger, and ends it; or runs `body` in between. */
async function serveOnce(dir, body = async () => {}) {
  const gateway = await start(binary, ['serve', '-c', 'durward.yaml'], { cwd: dir, ready: /^data listener http:\S+:(\d+)$/m, withinMs: 20_000 });
  try {
    await body(gateway);
  } finally {
    assert.equal((await gateway.stop()).code, 0, gateway.logs());
  }
}

async function keyring(dir, change) {
  const file = join(dir, 'keys', 'keyring.json');
  const ring = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify(change(ring) ?? ring));
}

const write = (name, text) => (dir) => writeFile(join(dir, name), text);
const yaml = (changed) => write('durward.yaml', config(changed));
const ledger = (more) => yaml({ ledger: `{dir: ledger, key_ref: "file://./keys/ed25519.key", ${more}}` });
const server = (url) => yaml({ servers: `{s: {url: "${url}"}}` });
const at = (...path) => (dir) => join(dir, ...path);
const key = at('keys', 'ed25519.key');

/** name: [how it is broken, what is said of it, the environment] */
const BROKEN = {
  // durward.yaml
  'no configuration': [(dir) => rm(join(dir, 'durward.yaml')), /durward\.yaml: error: cannot read the file/],
  'a folder in its place': [async (dir) => (await rm(join(dir, 'durward.yaml')), mkdir(join(dir, 'durward.yaml'))), /not a regular file|Is a directory/],
  'no YAML': [write('durward.yaml', 'listen: {\n'), /durward\.yaml:\d+:\d+: error/],
  'an empty file': [write('durward.yaml', ''), /durward\.yaml/],
  'an unknown key': [yaml({ polcy: 'x' }), /did you mean policy/],
  'replicas, with proofs that each would remember alone': [
    write('durward.yaml', `${config({ authn: '[{jwt: {issuer: "https://as.example.com", jwks: "https://as.example.com/jwks"}}]', listen: '{port: 0, public_url: "https://gw.example.com"}' })}replicas: 2\n`),
    /jwt\.dpop must be false with 2 replicas/,
  ],
  'a key that repeats': [write('durward.yaml', `${config()}authn: anonymous\n`), /authn/],
  'no authn': [yaml({ authn: undefined }), /authn/],
  'no servers': [yaml({ servers: undefined }), /servers/],
  'no policy': [yaml({ policy: undefined }), /policy/],
  'no ledger': [yaml({ ledger: undefined }), /ledger/],
  'a data listener beyond loopback': [yaml({ listen: '{address: 0.0.0.0, port: 0}' }), /listen\.address must be loopback/],
  'an admin listener beyond loopback': [yaml({ admin: '{address: 0.0.0.0, port: 0}' }), /admin\.address must be loopback/],
  'one port for both listeners': [yaml({ listen: '{port: 4711}', admin: '{port: 4711}' }), /admin\.port must not be listen\.port/],
  'an address that is a name': [yaml({ listen: '{address: localhost}' }), /listen\.address/],
  'a port out of range': [yaml({ listen: '{port: 65536}' }), /port/],
  'an upstream over another protocol': [server('ftp://127.0.0.1/mcp'), /url/],
  'an upstream with a user': [server('http://a@127.0.0.1/mcp'), /url/],
  'an upstream with a query': [server('http://127.0.0.1/mcp?x=1'), /url/],
  'an upstream without a host': [server('http:///mcp'), /url/],
  'a server name that is no name': [yaml({ servers: '{"S/1": {url: "http://127.0.0.1:9/mcp"}}' }), /servers/],
  'a tool pattern that can never match': [yaml({ servers: '{s: {url: "http://127.0.0.1:9/mcp", tools: {"*": {kind: read}, x: {kind: read}}}}' }), /never matches/],
  'a kind that there is not': [yaml({ servers: '{s: {url: "http://127.0.0.1:9/mcp", tools: {x: {kind: wrong}}}}' }), /kind/],
  'a limit out of range': [yaml({ limits: '{json_depth: 0}' }), /json_depth/],
  'a size without a unit that there is': [yaml({ limits: '{body_bytes: 4 parsecs}' }), /body_bytes/],
  'a time without a unit that there is': [yaml({ limits: '{drain: 4 fortnights}' }), /drain/],
  'a durability that there is not': [ledger('reads: engraved'), /reads/],
  'a configuration that others may write': [(dir) => chmod(join(dir, 'durward.yaml'), 0o666), /must not be writable by its group or by others/],
  'a folder that others may write': [(dir) => chmod(dir, 0o777), /must not be writable by its group or by others/],
  // policy.yaml
  'no policy file': [(dir) => rm(join(dir, 'policy.yaml')), /policy\.yaml: error: cannot read the file/],
  'an unknown key of the policy': [write('policy.yaml', 'tools: {allowlst: []}\n'), /policy\.yaml:1:9: error: .*did you mean allowlist/],
  'a pattern that is none': [write('policy.yaml', 'tools: {allowlist: ["http://s/*"]}\n'), /policy\.yaml:1:\d+: error/],
  'a mode that there is not': [write('policy.yaml', `${POLICY}enforcement: {mode: pray}\n`), /mode/],
  'a policy that its group may write': [(dir) => chmod(join(dir, 'policy.yaml'), 0o664), /must not be writable by its group or by others/],
  'mistakes in both files': [async (dir) => (await yaml({ polcy: 'x' })(dir), await write('policy.yaml', 'tools: {allowlst: []}\n')(dir)), /polcy[^]*allowlst/],
  // keys
  'no signing key': [(dir) => rm(key(dir)), /ed25519\.key: cannot be opened/],
  'a signing key that is none': [(dir) => writeFile(key(dir), 'c2hvcnQ=\n'), /ed25519\.key/],
  'a signing key that others can read': [(dir) => chmod(key(dir), 0o644), /use chmod 600/],
  'a key folder that others can write in': [(dir) => chmod(join(dir, 'keys'), 0o777), /use chmod o-w/],
  'a signing key outside DURWARD_KEY_DIRS': [async () => {}, /is not below a folder that DURWARD_KEY_DIRS names/, { DURWARD_KEY_DIRS: '/nowhere' }],
  'a key reference that is none': [yaml({ ledger: '{dir: ledger, key_ref: keys/ed25519.key}' }), /key_ref/],
  'a signing key in a variable that is not set': [yaml({ ledger: '{dir: ledger, key_ref: "env://NO_SUCH_KEY", keyring: "file://./keys/keyring.json"}' }), /NO_SUCH_KEY: the environment variable is not set/],
  'a signing key in a variable, and no keyring': [yaml({ ledger: '{dir: ledger, key_ref: "env://NO_SUCH_KEY"}' }), /keyring/],
  'no keyring': [(dir) => rm(join(dir, 'keys', 'keyring.json')), /keyring\.json: cannot be opened/],
  'a keyring that is no JSON': [(dir) => writeFile(join(dir, 'keys', 'keyring.json'), '{'), /keyring: is not valid JSON/],
  'a keyring of another version': [(dir) => keyring(dir, (ring) => ({ ...ring, v: 2 })), /keyring: `v` is not 1/],
  'a keyring without keys for commitments': [(dir) => keyring(dir, (ring) => ({ ...ring, commit: {} })), /`commit` has no key for the tenant ""/],
  'a keyring without keys for sessions': [(dir) => keyring(dir, (ring) => ({ ...ring, session: [] })), /session/],
  'a keyring that others can read': [(dir) => chmod(join(dir, 'keys', 'keyring.json'), 0o640).then(() => chmod(join(dir, 'keys', 'keyring.json'), 0o644)), /use chmod 600/],
  // the ledger
  'a ledger that is a file': [write('ledger', ''), /ledger: cannot be opened: Not a directory/],
  'a ledger below a file': [async (dir) => (await write('taken', '')(dir), await yaml({ ledger: '{dir: taken/a/b, key_ref: "file://./keys/ed25519.key"}' })(dir)), /taken\/a: cannot be created: Not a directory/],
  'a ledger behind a link to nowhere': [(dir) => symlink('nowhere', join(dir, 'ledger')), /ledger: cannot be opened: No such file or directory/],
  'a ledger below a link to nowhere': [async (dir) => (await symlink('nowhere', join(dir, 'gone')), await yaml({ ledger: '{dir: gone/a, key_ref: "file://./keys/ed25519.key"}' })(dir)), /gone\/a: cannot be created: No such file or directory/],
  'a ledger whose name is too long': [yaml({ ledger: `{dir: ${'x'.repeat(300)}, key_ref: "file://./keys/ed25519.key"}` }), /cannot be created: File name too long/],
  'a lock that is a folder': [(dir) => mkdir(join(dir, 'ledger', 'lock'), { recursive: true }), /ledger: cannot be opened: Is a directory/],
  'an origin that is none': [ledger('origin: "Not One"'), /origin/],
  'a ledger with an origin that is none': [async (dir) => (await mkdir(join(dir, 'ledger')), await write('ledger/origin', 'Not One\n')(dir)), /ledger\/origin: does not hold a valid origin/],
  'a key with an origin that is none': [write('keys/origin', 'Not One\n'), /keys\/origin: does not hold a valid origin/],
  'a ledger of another origin': [async (dir) => (await serveOnce(dir), await ledger('origin: other.example.com/ledger')(dir)), /ledger\/origin: holds another origin, which never changes/],
  'a log that another key signed': [
    async (dir) => {
      await serveOnce(dir);
      const origin = await readFile(join(dir, 'keys', 'origin'));
      await rename(join(dir, 'keys'), join(dir, 'before'));
      await initKeys(dir);
      await writeFile(join(dir, 'keys', 'origin'), origin);
    },
    /ledger: this log was signed with another key/,
  ],
  'a segment that is a folder': [
    async (dir) => {
      await serveOnce(dir);
      const folder = join(dir, 'ledger');
      const [segment] = (await readdir(folder)).filter((name) => name.endsWith('.ndjson'));
      await rm(join(folder, segment));
      await rm(join(folder, 'state.json'));
      await mkdir(join(folder, segment));
    },
    /ledger-.*\.ndjson: cannot be read: Is a directory/,
  ],
};

describe('what serve refuses, check refuses', { concurrency: 3 }, () => {
  for (const [name, [breakIt, phrase, env]] of Object.entries(BROKEN)) {
    test(name, () =>
      withFolder(async (dir) => {
        await breakIt(dir);
        const listed = await readdir(dir, { recursive: true });
        const check = await settle(dir, 'check', { env });
        assert.deepEqual(await readdir(dir, { recursive: true }), listed, 'check writes nothing');
        const serve = await settle(dir, 'serve', { env });
        assert.equal(check.code, 2, check.output);
        assert.match(check.output, phrase);
        assert.equal(serve.code, check.code, serve.output);
        assert.equal(serve.output.replaceAll('durward serve:', 'durward check:'), check.output);
      }),
    );
  }
});

describe('what serve starts with, check calls good', { concurrency: 3 }, () => {
  const GOOD = {
    'the least': async () => {},
    'a ledger some folders down': yaml({ ledger: '{dir: a/b/c, key_ref: "file://./keys/ed25519.key"}' }),
    'a ledger that is there': serveOnce,
    'a torn log': async (dir) => {
      await serveOnce(dir);
      const [segment] = (await readdir(join(dir, 'ledger'))).filter((one) => one.endsWith('.ndjson'));
      await writeFile(join(dir, 'ledger', segment), '{"torn', { flag: 'a' });
    },
    'a log without its state': async (dir) => (await serveOnce(dir), await rm(join(dir, 'ledger', 'state.json'))),
  };
  for (const [name, make] of Object.entries(GOOD)) {
    test(name, () =>
      withFolder(async (dir) => {
        await make(dir);
        const listed = await readdir(dir, { recursive: true });
        const check = await settle(dir, 'check');
        assert.deepEqual(await readdir(dir, { recursive: true }), listed, 'check writes nothing');
        assert.equal(check.code, 0, check.output);
        assert.match(check.output, /^durward\.yaml: good; rulebook sha256:[0-9a-f]{64}$/m);
        await serveOnce(dir);
      }),
    );
  }

  test('while the gateway runs, check is good, and names what it cannot tell: ports in use, and the lock', () =>
    withFolder(async (dir) => {
      await serveOnce(dir, async (gateway) => {
        await yaml({ listen: `{port: ${gateway.match[1]}}` })(dir);
        const check = await settle(dir, 'check');
        assert.equal(check.code, 0, check.output);
        assert.match(check.output, /^not checked: whether another gateway holds the ledger's lock$/m);
        assert.ok(check.output.includes(`not checked: whether 127.0.0.1:${gateway.match[1]}, now in use, will be free\n`), check.output);
        const twin = await settle(dir, 'serve');
        assert.equal(twin.code, 2);
        assert.match(twin.output, /another gateway holds the lock of this ledger/);
      });
    }));

  test("a port that somebody else has is check's to name and serve's to refuse", () =>
    withFolder(async (dir) => {
      const other = createServer().listen(0, '127.0.0.1');
      await new Promise((listening) => other.once('listening', listening));
      const { port } = other.address();
      try {
        await yaml({ admin: `{port: ${port}}` })(dir);
        const check = await settle(dir, 'check');
        assert.equal(check.code, 0, check.output);
        assert.ok(check.output.includes(`127.0.0.1:${port}, now in use`), check.output);
        const serve = await settle(dir, 'serve');
        assert.equal(serve.code, 2, serve.output);
        assert.match(serve.output, /durward serve: cannot listen on 127\.0\.0\.1:\d+: Address already in use/);
      } finally {
        other.close();
      }
    }));
});

describe('folders that the user may not write in', () => {
  const as = root ? NOBODY : {};
  let usable;
  before(async () => (usable = await run(binary, ['version'], as).then(({ code }) => code === 0, () => false)));

  const CASES = {
    'a ledger folder': [async (dir) => (await mkdir(join(dir, 'ledger')), await chmod(join(dir, 'ledger'), 0o500)), /ledger: cannot be opened: Permission denied/],
    'the folder that the ledger would be made in': [
      async (dir) => {
        await mkdir(join(dir, 'shut'));
        await chmod(join(dir, 'shut'), 0o500);
        await yaml({ ledger: '{dir: shut/a/b, key_ref: "file://./keys/ed25519.key"}' })(dir);
      },
      /shut\/a: cannot be created: Permission denied/,
    ],
  };
  for (const [name, [breakIt, phrase]] of Object.entries(CASES)) {
    nodeTest(name, { timeout: 60_000 }, async (t) => {
      if (!usable) return t.skip('the gateway lies where no other user may start it');
      await withFolder(async (dir) => {
        await breakIt(dir);
        if (root) {
          for (const one of await readdir(dir, { recursive: true })) await chown(join(dir, one), NOBODY.uid, NOBODY.gid);
          await chown(dir, NOBODY.uid, NOBODY.gid);
        }
        const check = await settle(dir, 'check', as);
        const serve = await settle(dir, 'serve', as);
        assert.deepEqual([check.code, serve.code], [2, 2], check.output + serve.output);
        assert.match(check.output, phrase);
        assert.equal(serve.output.replaceAll('durward serve:', 'durward check:'), check.output);
      });
    });
  }
});
