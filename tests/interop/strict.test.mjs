// HTTP that can be read in two ways is read in none: our vectors (tests/vectors/http) and the corpus http1, as raw bytes from a
// client to an upstream that keeps every byte. The parser alone gets the same in tests/gateway/http_test.cpp.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { eachOf, expand, messages, speak, startRecorder } from './raw.mjs';
import { call, mark, send } from './wire.mjs';

const test = (name, body, options = {}) => nodeTest(name, { timeout: 120_000, ...options }, body);
const read = (name) => JSON.parse(readFileSync(new URL(`../vectors/http/${name}`, import.meta.url), 'utf8'));
const POLICY = 'tools: {allowlist: ["mcp://rec/echo", "mcp://raw/echo"]}\n';
let recorder;
let raw; // an upstream that answers a call with the bytes that `answers` has for its word
let gateway;
let port;
let host;
const answers = new Map();

before(async () => {
  recorder = await startRecorder();
  raw = createServer((socket) => {
    let got = '';
    socket.on('error', () => {}).on('data', (chunk) => {
      got += chunk.toString('latin1');
      const word = [...answers.keys()].find((each) => got.includes(`"${each}"`));
      if (word === undefined) return;
      const { bytes, end } = answers.get(word);
      answers.delete(word);
      socket.write(bytes);
      if (end) socket.end();
      got = '';
    });
  });
  await new Promise((resolve) => raw.listen(0, '127.0.0.1', resolve));
  const servers = { rec: recorder.url, raw: `http://127.0.0.1:${raw.address().port}/mcp` };
  // No case may be refused for how many there are, nor pass because time ran out.
  const limits = { header_read: '60s', body_grace: '60s', connections_per_address: 1000 };
  gateway = await startGateway({ servers, policy: POLICY, settings: { limits } });
  ({ port } = gateway);
  host = `127.0.0.1:${port}`;
});
after(async () => {
  await gateway?.stop({ verify: true });
  recorder?.stop();
  raw?.close();
});

/** A call with a word of its own: what the vectors' placeholders need. A legacy one goes upstream even if its caller hangs up. */
function words({ legacy = false } = {}) {
  const word = mark();
  const old = { headers: { 'mcp-protocol-version': '2025-06-18' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', arguments: { word } } }) };
  const { headers, body } = legacy ? old : call({ word });
  const mcp = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return { word, host, mcp, call: body };
}

/** What went upstream, but for the gateway's own: calls by their word, and all of it well framed. */
async function forwarded() {
  for (let i = 0; i < 2; ++i) {
    const last = await send(gateway.url('rec'), call({ word: mark() })).whole();
    assert.equal(last.status, 200, last.text);
  }
  const calls = [];
  for (const { messages: all, rest } of recorder.seen()) {
    assert.equal(rest.length, 0, `stray bytes went upstream: ${rest.toString('latin1').slice(0, 200)}`);
    for (const { head, body } of all) {
      assert.doesNotMatch(head, /transfer.encoding|chunked/i);
      assert.equal(head.match(/^content-length:/gim)?.length ?? 0, head.startsWith('POST') ? 1 : 0, head);
      calls.push(head.startsWith('POST') ? body : head);
    }
  }
  return calls;
}

async function check(vector) {
  const { word, ...own } = words({ legacy: vector.wait });
  const bytes = expand(vector.raw, own);
  const taken = vector.status === 200 || vector.parser !== undefined;
  const count = vector.calls ?? (vector.status === 200 ? 1 : 0);
  const wanted = vector.wait ? 0 : !taken ? Infinity : Math.max(count, 1) + (vector.status !== 200 && count ? 1 : 0);
  const { statuses, text, closed } = await speak(port, bytes, { answers: wanted });
  if (vector.wait) return { ...vector, word, count: 0, good: statuses.length === 0, text };
  const good = statuses[0] === vector.status && (taken || (statuses.length === 1 && closed));
  return { ...vector, word, count, good, text };
}

test('each request of the vectors is served or refused, and only what is served goes upstream', async () => {
  const results = [];
  await eachOf(read('requests.json'), async (vector) => results.push(await check(vector)));
  const calls = await forwarded();
  const wrong = results.filter(({ word, count, good }) => !good || calls.filter((body) => body.includes(word)).length !== count);
  assert.deepEqual(wrong.map(({ name, text }) => `${name}: ${text.slice(0, 120)}`), []);
});

test('an answer whose framing is not clear is 42502, and no byte of it goes down', async () => {
  const wrong = [];
  await eachOf(read('responses.json'), async ({ name, raw: text, passes, end }) => {
    const word = mark();
    const answer = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: `pass${word}` }], resultType: 'complete' } });
    answers.set(word, { bytes: expand(text, { answer }), end });
    const got = await send(gateway.url('raw'), call({ word })).whole();
    const good = passes ? got.text === answer : got.error?.code === 42502 && !got.text.includes(`pass${word}`);
    if (!good) wrong.push(`${name}: ${got.text.slice(0, 160)}`);
  });
  assert.deepEqual(wrong, []);
});

const corpora = process.env.DURWARD_CORPORA;
const unset = corpora ? false : 'DURWARD_CORPORA is not set, so the corpus http1 is not read';
const corpus = () => readFileSync(join(corpora, 'http1', 'dev', 'cases.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));

// The cases name paths and hosts of their own, so that as they are they would be refused for these alone. Here they are
// calls of ours, but for what they test: the target and the Host become ours where they are plain, the method POST where it is
// any known one; the fields of a call are added, and where the case frames no body a body of ours.
function adapted(bytes) {
  const own = words({ legacy: true });
  let text = bytes.toString('latin1');
  text = text.replace(/^(GET|PUT|POST|PATCH|DELETE|OPTIONS) (\/[!-~]*) (\S+)/, (whole, method, target, version) => `POST /mcp/rec ${version}`);
  text = text.replace(/^(host:[ \t]*)[a-z0-9.:]+([ \t]*\r\n)/im, `$1${host}$2`);
  const framed = /content.{0,3}length|transfer.{0,3}encoding/i.test(text);
  const fields = `${own.mcp}content-type: application/json\r\n${framed ? '' : `content-length: ${own.call.length}\r\n`}`;
  text = text.replace(/^content-type:.*\r\n/gim, '').replace(/\r\n/, `\r\n${fields}`);
  if (!framed && text.endsWith('\r\n\r\n')) text += own.call;
  return { word: own.word, bytes: Buffer.from(text, 'latin1') };
}

// The smuggling cases differ in how one field is written; their bodies are no JSON-RPC, whoever frames them. Here each has two:
// a call for who goes by Content-Length, and one for who goes by Transfer-Encoding, with a call behind it that nobody may see.
function smuggled(bytes) {
  const own = words();
  const inner = words();
  const hidden = `POST /mcp/rec HTTP/1.1\r\nHost: ${host}\r\n${inner.mcp}Content-Type: application/json\r\nContent-Length: ${inner.call.length}\r\n\r\n${inner.call}`;
  const blank = bytes.indexOf('\r\n\r\nContent') < 0 ? bytes.lastIndexOf('Content-Length: ') : bytes.indexOf('Content-Length: ');
  const head = bytes.subarray(0, blank).toString('latin1');
  const ours = head
    .replace(/^POST \/mcp /, 'POST /mcp/rec ')
    .replace(/Host: 127\.0\.0\.1/, `Host: ${host}`)
    .replace(/Content-type: [^\r]*/, 'Content-Type: application/json') + own.mcp;
  const chunks = `${own.call.length.toString(16)}\r\n${own.call}\r\n0\r\n\r\n`;
  const of = (length, body) => ({ word: own.word, hidden: inner.word, bytes: Buffer.from(`${ours}Content-Length: ${length}\r\n\r\n${body}`, 'latin1') });
  return [of(own.call.length, own.call), of(chunks.length + hidden.length, chunks + hidden)];
}

const outcome = ({ statuses, text }) => (statuses.length > 0 ? statuses.join('+') : text === '' ? 'closed' : 'broken');

test('corpus http1: what must be rejected or is unfinished never goes upstream, what must pass is not 400', async (t) => {
  const cases = corpus().filter(({ verdict }) => ['reject', 'accept', 'wait'].includes(verdict));
  const tally = {};
  const wrong = [];
  const mustNotPass = [];
  await eachOf(cases, async ({ id, verdict, raw_b64 }) => {
    const bytes = Buffer.from(raw_b64, 'base64');
    const ours = adapted(bytes);
    if (verdict !== 'accept') mustNotPass.push([id, ours.word]);
    for (const [form, sent] of [['as it is', bytes], ['adapted', ours.bytes]]) {
      // Half-closed at once, so that nobody waits for more, but where there must be an answer.
      const said = await speak(port, sent, { answers: verdict === 'accept' ? 1 : 0 });
      const how = outcome(said);
      ((tally[`${verdict}, ${form}`] ??= {})[how] ??= []).push(id);
      const first = said.statuses[0];
      if (verdict === 'reject' && !(how === 'closed' || (first >= 400 && first < 500) || first === 501 || first === 505)) wrong.push([id, form, how]);
      if (verdict === 'wait' && first < 400) wrong.push([id, form, how]);
      if (verdict === 'accept' && first === 400 && !/"code":-32700|"code":-32600,"message":"Invalid Request"/.test(said.text)) wrong.push([id, form, how]);
    }
  });
  const calls = await forwarded();
  for (const [id, word] of mustNotPass) if (calls.some((body) => body.includes(word))) wrong.push([id, 'went upstream']);
  for (const [kind, hows] of Object.entries(tally)) t.diagnostic(`${kind}: ${Object.entries(hows).map(([how, ids]) => `${ids.length} × ${how}`).join(', ')}`);
  assert.deepEqual(wrong, []);
}, { skip: unset });

test('corpus http1: no desync', async (t) => {
  const cases = corpus().filter(({ verdict }) => verdict === 'no_desync');
  const tally = {};
  const sent = [];
  await eachOf(cases, async ({ id, raw_b64 }) => {
    const bytes = Buffer.from(raw_b64, 'base64');
    const ours = id.endsWith('TECL') ? smuggled(bytes) : []; // the heads of CLTE and TECL are the same
    const each = [['as it is', { bytes }], ...ours.map((one, i) => [['by length', 'by chunks'][i], one])];
    for (const [form, { bytes: own, word, hidden }] of each) {
      const said = await speak(port, own, { answers: 1 });
      const how = outcome(said);
      (tally[form] ??= {})[how] = (tally[form][how] ?? 0) + 1;
      sent.push({ id, form, word, hidden, how });
    }
  });
  const calls = await forwarded();
  const wrong = sent.filter(({ word, hidden }) => word && (calls.filter((body) => body.includes(word)).length > 1 || calls.some((body) => body.includes(hidden))));
  for (const [form, hows] of Object.entries(tally)) t.diagnostic(`${form}: ${Object.entries(hows).map(([how, count]) => `${count} × ${how}`).join(', ')}`);
  assert.deepEqual(wrong, []);
}, { skip: unset });
