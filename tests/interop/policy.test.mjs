// Decisions over arguments, over the wire: the tool's own schema, rules, sizes and times; and that what was decided on is what arrives.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { random } from './load.mjs';
import { run } from './process.mjs';
import { claim, modern, modernHeaders, openSession, send } from './wire.mjs';

const test = (name, ...rest) => nodeTest(name, { timeout: 60_000 }, ...rest);

const tool = (name, properties, more = {}) => ({ name, inputSchema: { type: 'object', properties, ...more } });
const TOOLS = [
  tool('pay', { amount: { type: 'number', exclusiveMinimum: 0 }, to: { type: 'string' } }, { required: ['amount'], additionalProperties: false }),
  tool('where', { region: { type: ['string', 'null'], 'x-mcp-header': 'Region' }, n: { type: 'integer', 'x-mcp-header': 'N' } }),
  tool('any', {}),
  tool('slow', {}),
  { name: 'broken', inputSchema: { type: 'object', properties: { a: { pattern: '(?=x)' } } } },
];

const POLICY = `
tenant: acme
tools: {allowlist: ["mcp://stub/*"]}
rules:
  - id: large
    when: {tool: ["mcp://stub/pay"], arguments: [{at: /amount, gt: 1000}]}
    effect: escalate
    reason: "A person approves more than 1,000."
  - id: never
    when: {tool: ["mcp://stub/pay"], arguments: [{at: /to, exists: true, eq: "nobody"}]}
    effect: deny
  - id: watched
    when: {tool: ["mcp://stub/any"], arguments: [{at: /watched, exists: true}]}
    effect: deny
    mode: shadow
security: {limits: {max_payload_kb: 4, max_duration_ms: 700}}
enforcement: {deny_on: [payload_too_large, tool_not_in_allowlist, duration_too_long]}
`;

/** A server of both eras that keeps what it is sent, and whose tool \`slow\` never answers. */
async function startRecording() {
  const bodies = [];
  const server = createServer(async (req, res) => {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    if (req.method !== 'POST') return res.writeHead(405).end();
    const message = JSON.parse(text);
    const answer = (result, headers = {}) =>
      res.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
    const complete = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'] ? { resultType: 'complete' } : {};
    if (message.id === undefined) return res.writeHead(202).end();
    if (message.method === 'initialize')
      return answer({ protocolVersion: message.params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } }, { 'mcp-session-id': 'up' });
    if (message.method === 'tools/list') return answer({ tools: TOOLS, ...complete, ...(complete.resultType && { ttlMs: 0, cacheScope: 'private' }) });
    if (message.method !== 'tools/call') return res.writeHead(404).end();
    bodies.push(text);
    if (message.params.name !== 'slow') answer({ content: [{ type: 'text', text: 'done' }], ...complete });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { bodies, url: `http://127.0.0.1:${server.address().port}/mcp`, stop: () => (server.close(), server.closeAllConnections()) };
}

let stub, gateway, url;
before(async () => {
  stub = await startRecording();
  gateway = await startGateway({ servers: { stub: stub.url }, policy: POLICY });
  url = gateway.url('stub');
});
after(async () => {
  await gateway?.stop({ verify: true });
  stub?.stop();
});

const calling = (name, args, headers) => send(url, modern('tools/call', { name, arguments: args }, { headers })).whole();
const recordOf = async (answer) => {
  const all = (await gateway.records()).filter((one) => one.id === answer.headers['x-durward-entry']);
  assert.ok(all.length > 0);
  return all.at(-1);
};

test('arguments that break the schema are a result of the tool in both eras, which names pointer and keyword and no value', async () => {
  const before_ = stub.bodies.length;
  const answer = await calling('pay', { amount: 'twelve-secret', extra: 1 });
  assert.equal(answer.status, 200);
  assert.equal(answer.json.result?.isError, true, answer.text);
  assert.equal(answer.json.result.resultType, 'complete');
  const text = answer.json.result.content[0].text;
  assert.match(text, /\/amount: .*\(type\)/);
  assert.doesNotMatch(text, /twelve-secret/);
  const record = await recordOf(answer);
  assert.equal(record.facts.reason, 'arguments_invalid');
  assert.equal(record.findings.find((one) => one.code === 'schema_violation').effect, 'deny');
  assert.match(record.descriptor, /^sha256:[0-9a-f]{64}$/);
  assert.equal(record.facts.checked, 5);
  const session = await openSession(url);
  const legacy = await session.post({ jsonrpc: '2.0', id: 4, method: 'tools/call', params: { name: 'pay', arguments: { amount: 0 } } }).whole();
  assert.equal(legacy.json.result?.isError, true, legacy.text);
  assert.equal(legacy.json.result.resultType, undefined);
  const absent = await calling('pay', undefined);
  assert.match(absent.json.result.content[0].text, /required/);
  assert.equal(stub.bodies.length, before_);
});

test('a tool whose schema cannot be used is denied, and the log says why', async () => {
  const answer = await calling('broken', { a: 'x' });
  assert.equal(answer.error.code, 42001);
  assert.equal(answer.error.data.findings[0].code, 'policy_error');
  assert.match(gateway.errors(), /schema of a tool cannot be used/);
});

test('rules escalate and deny by what the arguments say, tell their reason, and record what they read', async () => {
  const before_ = stub.bodies.length;
  const large = await calling('pay', { amount: 1000.5 });
  assert.equal(large.error.code, 42002);
  assert.deepEqual([large.error.data.rule, large.error.data.why], ['large', 'A person approves more than 1,000.']);
  assert.deepEqual((await recordOf(large)).facts.arguments, { '/amount': { type: 'number' }, '/to': { type: 'absent' } });
  const never = await calling('pay', { amount: 5000, to: 'nobody' });
  assert.equal(never.error.code, 42001);
  assert.deepEqual(never.error.data.findings.map((one) => one.code), ['rule', 'rule']);
  assert.equal(stub.bodies.length, before_);
  const fine = await calling('pay', { amount: 1000, to: 'somebody' });
  assert.equal(fine.json.result.content[0].text, 'done');
  const watched = await calling('any', { watched: 1 });
  assert.equal(watched.json.result.content[0].text, 'done');
  const record = await recordOf(watched);
  assert.deepEqual([record.verdict, record.findings[0].effect, record.findings[0].rule], ['allow', 'would_deny', 'watched']);
});

test('arguments above max_payload_kb are denied, and those at it pass', async () => {
  const sized = (bytes) => ({ p: 'x'.repeat(bytes - '{"p":""}'.length) });
  assert.equal((await calling('any', sized(4096))).json.result.content[0].text, 'done');
  const large = await calling('any', sized(4097));
  assert.equal(large.error.code, 42001);
  assert.equal(large.error.data.findings[0].code, 'payload_too_large');
  assert.equal((await recordOf(large)).facts.argument_bytes, 4097);
});

test('a call that takes longer than max_duration_ms is cut off, and its record says so', async () => {
  const answer = await calling('slow', {});
  assert.equal(answer.error.code, 42504);
  assert.equal(answer.error.data.effect, 'unknown');
  const record = await recordOf(answer);
  assert.ok(record.findings.some((one) => one.code === 'duration_too_long' && one.effect === 'deny'));
});

test('headers that a tool declares must say what its arguments are; others are nobody’s business', async () => {
  const ok = [
    [{ region: 'eu' }, { 'mcp-param-region': 'eu' }],
    [{ region: 'Zürich' }, { 'mcp-param-region': '=?base64?WsO8cmljaA==?=' }],
    [{ n: 7 }, { 'mcp-param-n': '7' }],
    [{}, {}],
    [{ region: null }, {}],
    [{}, { 'mcp-param-else': 'x' }],
  ];
  for (const [args, headers] of ok) assert.equal((await calling('where', args, headers)).json.result?.content[0].text, 'done', JSON.stringify([args, headers]));
  const bad = [
    [{ region: 'eu' }, { 'mcp-param-region': 'us' }],
    [{ region: 'eu' }, {}],
    [{}, { 'mcp-param-region': 'eu' }],
    [{ n: 7 }, { 'mcp-param-n': '8' }],
  ];
  for (const [args, headers] of bad) {
    const answer = await calling('where', args, headers);
    assert.deepEqual([answer.status, answer.error.code], [400, -32020], JSON.stringify([args, headers]));
  }
});

test('the bytes that go upstream are the bytes that were decided on, digest by digest', async () => {
  const rnd = random(7);
  const pick = (list) => list[Math.floor(rnd() * list.length)];
  const space = () => pick(['', '', ' ', '\n\t']);
  const value = (depth) =>
    pick([
      () => pick(['0', '-0', '1.0', '1e2', '1E+2', '9007199254740993', '0.1000', '12345678901234567890']),
      () => pick(['"a"', '"\\u00e9"', '"é"', '"\\/"', '"/"', '"\\ud83d\\ude00"', '"\\u0000"', '""']),
      () => pick(['true', 'false', 'null']),
      () => (depth > 3 ? '[]' : `[${space()}${[value(depth + 1), value(depth + 1)].join(`${space()},`)}]`),
      () => (depth > 3 ? '{}' : `{"k${Math.floor(rnd() * 9)}"${space()}:${value(depth + 1)}${space()}}`),
    ])();
  const digest = (text) => createHash('sha256').update(text).digest('hex');
  const sent = new Map();
  for (let i = 0; i < 300; ++i) {
    const args = `{${space()}"id":${i},"v"${space()}:${value(0)}${pick(['', ',"watched":1'])}}`;
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":${args},"name":"any","_meta":${JSON.stringify(claim())}}}`;
    const answer = await send(url, { headers: modernHeaders('tools/call', 'any'), body }).whole();
    assert.equal(answer.json.result?.content[0].text, 'done', body);
    sent.set(digest(args), { entry: answer.headers['x-durward-entry'], bytes: Buffer.byteLength(args) });
  }
  const records = new Map((await gateway.records()).map((one) => [one.id, one]));
  const seen = new Set();
  for (const body of stub.bodies) {
    const at = body.indexOf('"arguments":') + '"arguments":'.length;
    const args = body.slice(at, body.lastIndexOf(',"name":"any"'));
    const known = sent.get(digest(args));
    if (!known) continue; // of another test
    seen.add(digest(args));
    assert.equal(records.get(known.entry).facts.argument_bytes, known.bytes);
  }
  assert.equal(seen.size, sent.size);
});

test('policy explain says the same as the gateway, and every condition of every rule', async () => {
  const request = join(gateway.dir, 'call.json');
  const explain = async (value, ...more) => {
    await writeFile(request, JSON.stringify(value));
    return run(process.env.DURWARD, ['policy', 'explain', '-c', 'durward.yaml', request, ...more], { cwd: gateway.dir });
  };
  const denied = await explain({ server: 'stub', tool: 'pay', arguments: { amount: 5000, to: 'nobody-else' } }, '--json');
  assert.equal(denied.code, 1);
  const told = JSON.parse(denied.output);
  assert.deepEqual([told.verdict, told.reason], ['escalate', 'awaits_approval']);
  assert.deepEqual(told.explained.map((one) => [one.rule, one.holds]), [['large', 'yes'], ['never', 'no'], ['watched', 'no']]);
  assert.doesNotMatch(denied.output, /nobody-else/);
  const allowed = await explain({ server: 'stub', tool: 'pay', arguments: { amount: 5 } });
  assert.equal(allowed.code, 0);
  assert.match(allowed.output, /verdict {3}allow/);
  const wrong = await explain({ server: 'stub', tol: 'pay' });
  assert.equal(wrong.code, 2);
  assert.match(wrong.output, /\/tol is not known; did you mean `tool`\?/);
});

test('a policy that asks for what this version does not do is refused, unless durward.yaml accepts it', async () => {
  const policy = `${POLICY}compliance: {packs: []}\n`;
  const check = (dir, ...args) => run(process.env.DURWARD, args, { cwd: dir });
  await writeFile(join(gateway.dir, 'later.yaml'), policy);
  const alone = await check(gateway.dir, 'policy', 'check', 'later.yaml');
  assert.equal(alone.code, 0);
  assert.match(alone.output, /warning: compliance does nothing yet/);
  const beside = await check(gateway.dir, 'policy', 'check', 'later.yaml', '-c', 'durward.yaml');
  assert.equal(beside.code, 2);
  await gateway.rewritePolicy(policy);
  assert.match(await gateway.reload(), /reload refused/);
  await gateway.rewriteSettings({ settings: { accept_inactive: ['compliance'] } });
  assert.match(await gateway.reload(), /reloaded rulebook=/);
});
