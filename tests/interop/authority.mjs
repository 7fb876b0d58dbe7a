// A certificate authority for one test: keys and certificates made on the spot, so that none of them expires in the repository.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './process.mjs';

const DAY = 24 * 3600 * 1000;
const KEYS = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-newkey', 'rsa:2048'],
  weak: ['-newkey', 'rsa:1024'],
};
// GeneralizedTime, as `openssl ca` takes it.
const stamp = (ms) => new Date(ms).toISOString().replace(/[-:T]/g, '').replace(/\.\d+Z$/, 'Z');

async function openssl(args, dir) {
  const { code, output } = await run('openssl', args, { cwd: dir });
  if (code !== 0) throw new Error(`openssl ${args.join(' ')}: exit ${code}\n${output}`);
}

const CONFIG = `[ca]
default_ca = ours
[ours]
dir = .
database = index.txt
rand_serial = yes
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = optional
[req]
distinguished_name = dn
[dn]
`;

/** {ca, pem, issue(), remove()}: `ca` is the path of its certificate, `pem` that certificate. */
export async function makeAuthority(name = 'Test CA') {
  const dir = await mkdtemp(join(tmpdir(), 'durward-ca-'));
  const at = (file) => join(dir, file);
  await writeFile(at('ca.cnf'), CONFIG);
  await writeFile(at('index.txt'), '');
  const basic = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  const root = ['req', '-x509', '-config', 'ca.cnf', ...KEYS.ec, '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30'];
  await openssl([...root, '-subj', `/CN=${name}`, ...basic], dir);
  let count = 0;

  /**
   * A certificate and its key: {certificate, key, cert, pem}: the paths, and both texts. `names` are subject alternative names
   * ('DNS:localhost'); `days` how long it is good from now on, negative for one that is over; `client` for one of a client.
   */
  async function make({ names = ['DNS:localhost', 'IP:127.0.0.1'], days = 30, after = 0, kind = 'ec', client = false, cn = 'test' } = {}) {
    const id = `c${++count}`;
    const now = Date.now();
    const usage = client ? 'clientAuth' : 'serverAuth';
    const san = names.length > 0 ? `subjectAltName=${names.join(',')}\n` : '';
    await writeFile(at(`${id}.ext`), `basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=${usage}\n${san}`);
    const request = ['req', '-new', '-config', 'ca.cnf', ...KEYS[kind], '-nodes', '-keyout', `${id}.key`, '-out', `${id}.csr`];
    await openssl([...request, '-subj', `/CN=${cn}`], dir);
    const from = after > 0 ? now + after * DAY : Math.min(now, now + days * DAY) - DAY;
    const dates = ['-startdate', stamp(from), '-enddate', stamp(now + (after + days) * DAY)];
    const sign = ['ca', '-batch', '-notext', '-config', 'ca.cnf', '-extfile', `${id}.ext`, '-in', `${id}.csr`, '-out', `${id}.pem`];
    await openssl([...sign, ...dates], dir);
    const files = { certificate: at(`${id}.pem`), key: at(`${id}.key`) };
    return { ...files, cert: await readFile(files.certificate, 'utf8'), pem: await readFile(files.key, 'utf8') };
  }

  // One at a time: `openssl ca` keeps books in files.
  let last = Promise.resolve();
  const issue = (options) => (last = last.catch(() => {}).then(() => make(options)));

  return {
    dir,
    ca: at('ca.pem'),
    pem: await readFile(at('ca.pem'), 'utf8'),
    issue,
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
