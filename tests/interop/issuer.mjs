// An authorization server as far as a gateway sees it: keys, tokens, and a key set on the network. Its keys are made when the
// test runs.
import { createHash, generateKeyPairSync, randomUUID, sign as cryptoSign } from 'node:crypto';
import { createServer } from 'node:http';

const b64 = (value) => Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url');

const KINDS = {
  RS256: { make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }), hash: 'sha256' },
  ES256: { make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), hash: 'sha256', dsaEncoding: 'ieee-p1363' },
  ES384: { make: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }), hash: 'sha384', dsaEncoding: 'ieee-p1363' },
  EdDSA: { make: () => generateKeyPairSync('ed25519'), hash: null },
};

export class Key {
  constructor(alg = 'ES256', kid = randomUUID()) {
    Object.assign(this, { alg, kid, ...KINDS[alg].make() });
  }
  get jwk() {
    return this.publicKey.export({ format: 'jwk' });
  }
  get published() {
    return { ...this.jwk, kid: this.kid, alg: this.alg, use: 'sig' };
  }
  /** RFC 7638. */
  get thumbprint() {
    const { crv, e, kty, n, x, y } = this.jwk;
    const members = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x };
    return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
  }
  /** A compact JWS over exactly this header and payload: objects, or text as it is. */
  compact(header, payload) {
    const input = `${b64(header)}.${b64(payload)}`;
    const { hash, dsaEncoding } = KINDS[this.alg];
    return `${input}.${b64(cryptoSign(hash, Buffer.from(input), { key: this.privateKey, dsaEncoding }))}`;
  }
}

export const seconds = () => Math.floor(Date.now() / 1000);

export async function startIssuer({ keys = [new Key()], path = '' } = {}) {
  let published = keys;
  let answer; // instead of the key set: a function of (req, res)
  const fetches = [];
  const server = createServer((req, res) => {
    fetches.push(req.url);
    if (answer) return answer(req, res, () => tell(res));
    tell(res);
  });
  const tell = (res) => {
    res.writeHead(200, { 'content-type': 'application/jwk-set+json', 'cache-control': 'max-age=300' });
    res.end(JSON.stringify({ keys: published.map((key) => key.published) }));
  };
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const issuer = `http://127.0.0.1:${port}${path}`;
  return {
    issuer,
    jwks: `${issuer}/jwks`,
    key: keys[0],
    fetches,
    /** Publishes these keys from now on. */
    publish: (...next) => (published = next),
    /** Answers like this from now on; undefined: with the key set again. */
    answerWith: (next) => (answer = next),
    /** `claims` replace the usual ones; one that is undefined is left out. */
    token(aud, claims = {}, { key = keys[0], header = {} } = {}) {
      const usual = { iss: issuer, sub: 'alice', aud, exp: seconds() + 600, iat: seconds(), org: 'acme', client_id: 'cli', scope: 'mcp:use' };
      return key.compact({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header }, { ...usual, ...claims });
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A DPoP proof (RFC 9449). `claims` replace the usual ones. */
export function proof(key, { method = 'POST', uri, token, claims = {}, header = {} }) {
  const ath = createHash('sha256').update(token).digest('base64url');
  const usual = { jti: randomUUID(), htm: method, htu: uri, iat: seconds(), ath };
  return key.compact({ alg: key.alg, typ: 'dpop+jwt', jwk: key.jwk, ...header }, { ...usual, ...claims });
}
