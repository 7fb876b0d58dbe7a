// Real clients through the gateway (DURWARD=path/to/durward), or straight to the fixture (TARGET=direct).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { SdkError } from '@modelcontextprotocol/client';
import { CLIENTS, connect } from './clients.mjs';
import { startFixture } from './fixture.mjs';
import { startGateway } from './gateway.mjs';

const direct = process.env.TARGET === 'direct';
const throughGateway = { skip: direct && 'needs the gateway', timeout: 30_000 };
const soon = { timeout: 30_000 };
const WATCHED = 'test://watched-resource';
const POLICY = 'tools: {allowlist: ["*"], denylist: ["mcp://fixture/test_hidden"]}\n';

let fixture;
let gateway;
let url;

before(async () => {
  fixture = await startFixture();
  if (!direct) gateway = await startGateway({ servers: { fixture: fixture.url }, policy: POLICY });
  url = gateway?.url() ?? fixture.url;
});
after(async () => {
  await gateway?.stop({ verify: true });
  await fixture?.stop();
});

for (const kind of CLIENTS) {
  describe(kind.name, () => {
    const open = (t, options) => opened(t, kind, url, options);
    const legacy = kind.era === 'legacy';

    test('negotiates, lists and calls', soon, async (t) => {
      const it = await open(t);
      if (legacy) assert.ok(it.transport.sessionId);
      else assert.equal(it.client.getNegotiatedProtocolVersion(), '2026-07-28');
      assert.equal(it.sent('initialize'), legacy ? 1 : 0);

      const names = (await it.client.listTools()).tools.map((tool) => tool.name);
      assert.equal(names[0], 'test_simple_text');
      assert.equal(names.includes('test_hidden'), direct);
      assert.equal(await it.call('test_simple_text'), 'This is a simple text response for testing.');
      const awkward = { text: 'Zürich "\\\u2028', deep: [{ a: [null, 1.5, -0.25, 1e21] }] };
      assert.deepEqual(JSON.parse(await it.call('test_echo', awkward)), awkward);
      assert.equal(await it.call('test_x_mcp_header', { region: 'Zürich' }), '{"region":"Zürich"}');
    });

    test('reads prompts, resources and completions', soon, async (t) => {
      const it = await open(t);
      const prompt = await it.client.getPrompt({ name: 'test_prompt_with_arguments', arguments: { arg1: 'a', arg2: 'b' } });
      assert.equal(prompt.messages[0].content.text, "Prompt with arguments: arg1='a', arg2='b'");
      assert.equal((await it.client.listPrompts()).prompts.length, 5);
      assert.equal((await it.client.listResources()).resources.length, 3);
      assert.equal((await it.client.listResourceTemplates()).resourceTemplates.length, 1);
      const { contents } = await it.client.readResource({ uri: 'test://template/7/data' });
      assert.match(contents[0].text, /Data for ID: 7/);
      const argument = { name: 'arg1', value: 'par' };
      const { completion } = await it.client.complete({ ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' }, argument });
      assert.deepEqual(completion.values, ['paris', 'park', 'party']);
    });

    test('tells calls in flight apart', soon, async (t) => {
      const it = await open(t);
      const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => it.call('test_echo', { n })));
      assert.deepEqual(answers, Array.from({ length: 12 }, (_, n) => `{"n":${n}}`));
    });

    test('gets progress while the call still runs', soon, async (t) => {
      const it = await open(t);
      const key = randomUUID();
      let reported;
      const first = new Promise((resolve) => (reported = resolve));
      const held = it.call('test_hold', { key }, { onprogress: reported });
      assert.equal((await first).progress, 1);
      assert.equal(await it.call('test_hold_release', { key }), 'released');
      assert.equal(await held, 'released');

      const seen = [];
      await it.call('test_tool_with_progress', {}, { onprogress: ({ progress }) => seen.push(progress) });
      assert.deepEqual(seen, [0, 50, 100]);
    });

    test('cancels a call, and the server hears of it', soon, async (t) => {
      const it = await open(t);
      const key = randomUUID();
      const abort = new AbortController();
      let reported;
      const first = new Promise((resolve) => (reported = resolve));
      const held = it.call('test_hold', { key }, { onprogress: reported, signal: abort.signal });
      await first;
      abort.abort('changed my mind');
      await assert.rejects(held);
      assert.equal(await it.call('test_hold_outcome', { key }), 'cancelled');
    });

    test('is asked by the server', soon, async (t) => {
      let asked;
      const elicit = (request) => ((asked = request.params), { action: 'accept', content: { username: 'ada', email: 'ada@example.com' } });
      const sample = (request) => ({ role: 'assistant', model: 'none', content: { type: 'text', text: `not ${request.params.messages[0].content.text ?? 'it'}` } });
      const it = await open(t, { elicit, sample });
      const answer = await it.call('test_elicitation', { message: 'Who?' });
      assert.equal(asked.message, 'Who?');
      assert.equal(answer, 'User response: action=accept, content={"username":"ada","email":"ada@example.com"}');
      assert.equal(await it.call('test_sampling', { prompt: 'this' }), 'LLM response: not this');
    });

    test('is asked twice in one call, with state in between', { ...soon, skip: legacy && 'a modern feature' }, async (t) => {
      const elicit = ({ params }) => ({ action: 'accept', content: params.message.startsWith('Step 1') ? { name: 'Ada' } : { color: 'blue' } });
      const it = await open(t, { elicit });
      assert.equal(await it.call('test_input_required_result_multi_round'), 'Ada likes blue.');
      assert.equal(it.sent('tools/call'), 3);
    });

    test('subscribes', soon, async (t) => {
      const it = await open(t);
      const updates = [];
      let heard = () => {};
      it.on('notifications/resources/updated', ({ params }) => (updates.push(params.uri), heard()));
      const subscription = legacy
        ? void (await it.client.subscribeResource({ uri: WATCHED }))
        : await it.client.listen({ resourceSubscriptions: [WATCHED] });

      // A legacy client opens its GET stream when it likes, and what was said before is not said again.
      for (let tries = 0; tries < 50 && updates.length === 0; ++tries) {
        const told = new Promise((resolve) => (heard = resolve));
        await it.call('test_touch_resource', { uri: 'test://static-text' });
        await it.call('test_touch_resource', { uri: WATCHED });
        await Promise.race([told, new Promise((resolve) => setTimeout(resolve, 200))]);
      }
      assert.ok(updates.length > 0 && updates.every((uri) => uri === WATCHED), `updates: ${updates}`);
      if (legacy) await it.client.unsubscribeResource({ uri: WATCHED });
      else {
        await subscription.close();
        assert.equal(await subscription.closed, 'local');
      }
    });

    test('reconnects when the server closes the stream in mid-call', { ...soon, skip: !legacy && 'modern streams do not resume' }, async (t) => {
      const it = await open(t);
      assert.equal(await it.call('test_reconnection'), 'The answer came after a reconnection.');
      const resumed = it.requests.filter(({ verb, headers }) => verb === 'GET' && headers['last-event-id']);
      assert.equal(resumed.length, 1);
      assert.equal(resumed[0].headers['mcp-session-id'], it.transport.sessionId);
    });

    test('ends its session, and cannot use it any longer', { ...soon, skip: !legacy && 'modern has no sessions' }, async (t) => {
      const it = await open(t);
      const headers = { 'mcp-session-id': it.transport.sessionId, 'mcp-protocol-version': '2025-11-25' };
      await it.transport.terminateSession();
      const again = await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, headers);
      assert.equal(again.status, 404);
    });

    test('survives a restart of the gateway', throughGateway, async (t) => {
      const it = await open(t);
      assert.equal(await it.call('test_echo', { n: 1 }), '{"n":1}');
      const session = it.transport.sessionId;
      const updates = [];
      if (legacy) {
        await it.client.subscribeResource({ uri: WATCHED });
        it.on('notifications/resources/updated', ({ params }) => void updates.push(params.uri));
      }
      await gateway.restart();
      assert.equal(await it.call('test_echo', { n: 2 }), '{"n":2}');
      assert.equal(it.transport.sessionId, session);
      assert.equal(it.sent('initialize'), legacy ? 1 : 0);
      if (!legacy) return;
      for (let tries = 0; tries < 50 && updates.length === 0; ++tries) {
        await it.call('test_touch_resource', { uri: WATCHED });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(updates.length > 0, 'the GET stream came back');
    });

    test('gets a typed error for a tool that policy hides', throughGateway, async (t) => {
      const it = await open(t);
      const refusal = (tool) => (error) => {
        assert.ok(error instanceof it.errorClass, `${error}`);
        assert.equal(error.code, -32602);
        assert.ok(error.message.endsWith(`Unknown tool: ${tool}`), error.message);
        assert.equal(error.data, undefined);
        return true;
      };
      await assert.rejects(it.call('test_hidden'), refusal('test_hidden'));
      await assert.rejects(it.call('no_such_tool'), refusal('no_such_tool'));
      assert.equal(await it.call('test_simple_text'), 'This is a simple text response for testing.');
    });

    test('gets a typed error, and no other era, while the upstream is down', throughGateway, async (t) => {
      const port = await unusedPort();
      const lonely = await startGateway({ servers: { fixture: `http://127.0.0.1:${port}/mcp` } });
      try {
        const failure = await connect(kind, lonely.url()).then(
          () => assert.fail('connected to nothing'),
          (error) => error,
        );
        if (legacy) assert.equal(failure.code, 42502);
        else {
          assert.equal(failure.sent('initialize'), 0, 'fell back to legacy');
          assert.ok(failure instanceof SdkError, `${failure}`);
        }

        const late = await startFixture({ port });
        const it = await opened(t, kind, lonely.url());
        assert.ok((await it.client.listTools()).tools.length > 0); // the gateway learns the catalogue from it
        assert.equal(await it.call('test_echo', { n: 1 }), '{"n":1}');
        await late.stop();
        await assert.rejects(it.call('test_echo', { n: 2 }), (error) => {
          assert.ok(error instanceof it.errorClass, `${error}`);
          assert.equal(error.code, 42502);
          assert.match(error.data.effect, /^(none|unknown)$/);
          return true;
        });
      } finally {
        await lonely.stop();
      }
    });
  });
}

for (const only of ['2025-06-18', '2025-03-26']) {
  test(`an upstream that speaks only ${only}`, soon, async (t) => {
    const old = await startFixture({ only });
    const between = direct ? undefined : await startGateway({ servers: { fixture: old.url } });
    try {
      const target = between?.url() ?? old.url;
      for (const kind of CLIENTS.filter(({ mode }) => !mode?.pin)) {
        const it = await opened(t, kind, target);
        assert.equal(it.sent('initialize'), 1, kind.name);
        assert.equal(await it.call('test_echo', { n: 1 }), '{"n":1}', kind.name);
        const sent = it.requests.at(-1).headers;
        assert.equal(sent['mcp-protocol-version'], only, kind.name);
      }
      const pinned = CLIENTS.find(({ mode }) => mode?.pin);
      await assert.rejects(connect(pinned, target), (error) => error.sent('initialize') === 0);
    } finally {
      await between?.stop();
      await old.stop();
    }
  });
}

test('a filtered list is private', throughGateway, async () => {
  const version = '2026-07-28';
  const _meta = { 'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': {} };
  const headers = { 'mcp-protocol-version': version, 'mcp-method': 'tools/list' };
  const ask = async (to) => (await post(to, { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta } }, headers)).json();
  const [upstream, filtered] = [(await ask(fixture.url)).result, (await ask(url)).result];
  assert.equal(upstream.cacheScope, 'public');
  assert.equal(filtered.cacheScope, 'private');
  assert.equal(filtered.ttlMs, upstream.ttlMs);
  assert.deepEqual(
    filtered.tools,
    upstream.tools.filter((tool) => tool.name !== 'test_hidden'),
  );
});

async function opened(t, kind, to, options) {
  const it = await connect(kind, to, options);
  t.after(() => it.client.close());
  return it;
}

const post = (to, body, headers = {}) =>
  fetch(to, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify(body),
  });

/** A port that nobody listens on: it was free a moment ago. */
const unusedPort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
