// The admin listener: health, metrics, who may ask, and what a hostile or slow scraper cannot do.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test as nodeTest } from 'node:test';
import { startGateway } from './gateway.mjs';
import { OPEN, scrape, scrapeUntil, total } from './observe.mjs';
import { start } from './process.mjs';
import { startStub } from './stub.mjs';
import { call, mark, modern, openSession, send, within } from './wire.mjs';

const test = (name, body) => nodeTest(name, { timeout: 60_000 }, body);
const ECHO = 'tools: {allowlist: ["mcp://stub/echo"]}\n';

let stub;
before(async () => (stub = await startStub()));
after(() => stub?.stop());

async function withGateway({ admin = {}, settings = {}, ...options }, body) {
  const all = { admin: { ...OPEN, ...admin }, ...settings };
  const gateway = await startGateway({ servers: { stub: stub.url }, policy: ECHO, ...options, settings: all });
  try {
    return await body(gateway, gateway.url('stub'));
  } finally {
    await gateway.stop({ verify: true });
  }
}

const has = (command) => {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

// What the ledger says, in the words of durward_requests_total.
function countRecords(records) {
  const sums = new Map();
  for (const record of records.filter(({ type }) => ['call', 'outcome', 'refusal'].includes(type))) {
    const { server = '', method = record.era ? 'other' : '', era = '', verdict = 'deny' } = record;
    const key = JSON.stringify([server, method, era, verdict, record.facts?.reason ?? '']);
    sums.set(key, (sums.get(key) ?? 0) + (record.count && record.type === 'refusal' ? record.count : 1));
  }
  return sums;
}

describe('what is counted', () => {
  test('requests, tools, times and streams are what was sent and what the ledger says', () =>
    withGateway({}, async (gateway, url) => {
      await scrapeUntil(gateway, (all) => total(all, 'durward_catalogue_known', { server: 'stub' }) === 1, 'the catalogue');
      for (let i = 0; i < 5; ++i) assert.equal((await send(url, call({ word: mark() })).whole()).error, undefined);
      for (let i = 0; i < 3; ++i) assert.equal((await send(url, modern('tools/call', { name: 'hidden' })).whole()).error.code, -32602);
      await send(url, modern('evil/method')).whole();
      await send(url, { body: '{"jsonrpc":' }).whole();
      await send(`${gateway.origin()}/mcp/nowhere`, { body: '{}' }).whole();
      const session = await openSession(url);
      await session.post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }).whole();
      const word = mark();
      const arriving = stub.expect(word);
      const streamed = send(url, call({ word }));
      const up = await within(arriving, 'the streamed call');
      assert.equal(total(await scrape(gateway), 'durward_exchanges_in_flight'), 1);
      up.sse().event({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } });
      up.event({ jsonrpc: '2.0', method: 'sampling/createMessage', id: 7, params: {} });
      up.event({ jsonrpc: '2.0', id: up.message.id, result: { content: [], resultType: 'complete' } }).end();
      await streamed.whole();

      const all = await scrapeUntil(gateway, (now) => total(now, 'durward_exchanges_in_flight') === 0, 'the last exchange to end');
      assert.equal(total(all, 'durward_tool_calls_total', { server: 'stub', tool: 'echo', verdict: 'allow' }), 6);
      assert.equal(total(all, 'durward_tool_calls_total', { server: 'stub', tool: 'hidden', verdict: 'deny' }), 3);
      assert.equal(total(all, 'durward_requests_total', { method: 'other', reason: 'method_not_allowed' }), 1);
      assert.equal(total(all, 'durward_requests_total', { method: '', reason: 'not_json', verdict: 'deny' }), 1);
      assert.equal(total(all, 'durward_requests_total', { server: '', reason: 'no_such_route' }), 1);
      assert.equal(total(all, 'durward_requests_total', { method: 'initialize', era: 'legacy', verdict: 'allow' }), 1);
      assert.equal(total(all, 'durward_stream_events_total'), 2);
      assert.equal(total(all, 'durward_messages_withheld_total', { server: 'stub' }), 1);
      // 13 exchanges reached the server's route; the twelve before the stream and itself.
      for (const part of ['gateway', 'upstream', 'ledger', 'caller'])
        assert.equal(total(all, 'durward_exchange_duration_seconds_count', { server: 'stub', part }), 13, part);
      assert.equal(total(all, 'durward_exchange_duration_seconds_bucket', { server: 'stub', part: 'upstream', le: '+Inf' }), 13);
      assert.equal(total(all, 'durward_connections_open'), 0);
      assert.equal(total(all, 'durward_buffered_bytes'), 0);
      assert.equal(total(all, 'durward_ledger_healthy'), 1);
      assert.equal(total(all, 'durward_ledger_failed'), 0);
      const records = total(all, 'durward_ledger_records_total');
      assert.ok(records > 0);
      assert.equal(total(all, 'durward_ledger_batch_records_sum'), records); // the log began with this process
      const batches = total(all, 'durward_ledger_batch_records_count');
      assert.ok(batches > 0 && batches <= records, `${batches} batches`);
      assert.equal(total(all, 'durward_ledger_batch_records_bucket', { le: '+Inf' }), batches);
      assert.equal(total(all, 'durward_catalogue_tools', { server: 'stub' }), 2);
      assert.ok(total(all, 'durward_upstream_connections', { server: 'stub', state: 'idle' }) > 0);
      assert.equal(total(all, 'durward_upstream_connections', { server: 'stub', state: 'in_use' }), 0);
      const counted = new Map();
      for (const { labels, value } of all.filter(({ name }) => name === 'durward_requests_total')) {
        const { server = '', method = '', era = '', verdict = '', reason = '' } = labels;
        counted.set(JSON.stringify([server, method, era, verdict, reason]), value);
      }
      const recorded = countRecords((await gateway.records()).filter((record) => !record.parent || record.facts?.reason !== 'withheld'));
      recorded.delete(JSON.stringify(['stub', 'durward/response', '', 'allow', '']));
      counted.delete(JSON.stringify(['stub', 'durward/response', '', 'allow', '']));
      assert.deepEqual([...counted].sort(), [...recorded].sort());
    }));

  test('a stream without an end of its own is open until it ends, and its day is no latency', () =>
    withGateway({}, async (gateway, url) => {
      const session = await openSession(url);
      const arriving = stub.expect((up) => up.verb === 'GET' && up.headers['mcp-session-id'] === session.upstreamId);
      const stream = session.get();
      const up = await within(arriving, 'the stream');
      up.sse().event({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } });
      await stream.has('notifications/message');
      assert.equal(total(await scrape(gateway), 'durward_streams_open'), 1);
      const before_ = total(await scrape(gateway), 'durward_exchange_duration_seconds_count', { part: 'gateway' });
      up.end();
      const all = await scrapeUntil(gateway, (now) => total(now, 'durward_exchanges_in_flight') === 0, 'the stream to end');
      assert.equal(total(all, 'durward_streams_open'), 0);
      assert.equal(total(all, 'durward_exchange_duration_seconds_count', { part: 'gateway' }), before_);
    }));

  test('upstream time is the upstream\'s, and observe mode counts what it lets pass', () =>
    withGateway({ policy: 'tools: {allowlist: ["mcp://stub/*"], denylist: ["mcp://stub/echo"]}\nenforcement: {mode: observe}\n' }, async (gateway, url) => {
      await scrapeUntil(gateway, (all) => total(all, 'durward_catalogue_known', { server: 'stub' }) === 1, 'the catalogue');
      const word = mark();
      const arriving = stub.expect(word);
      const answer = send(url, call({ word }));
      const up = await within(arriving, 'the call');
      await new Promise((resolve) => setTimeout(resolve, 300)); // the time itself is what is measured
      up.result({ content: [], resultType: 'complete' });
      assert.equal((await answer.whole()).error, undefined);
      const all = await scrapeUntil(gateway, (now) => total(now, 'durward_exchanges_in_flight') === 0, 'the end');
      const sum = (part) => total(all, 'durward_exchange_duration_seconds_sum', { server: 'stub', part });
      assert.ok(sum('upstream') >= 0.3, `${sum('upstream')}`);
      assert.equal(total(all, 'durward_exchange_duration_seconds_bucket', { server: 'stub', part: 'upstream', le: '0.25' }), 0);
      assert.equal(total(all, 'durward_would_deny_total', { server: 'stub' }), 1);
      assert.equal(all.find(({ name }) => name === 'durward_rulebook_info').labels.mode, 'observe');
    }));

  test('reloads are counted by result, and the rulebook in force is named', () =>
    withGateway({}, async (gateway) => {
      const first = (await scrape(gateway)).find(({ name }) => name === 'durward_rulebook_info').labels.digest;
      assert.match(first, /^sha256:[0-9a-f]{64}$/);
      await gateway.rewritePolicy('tools: {allowlst: []}\n');
      await gateway.reload();
      const refused = await scrape(gateway);
      assert.equal(total(refused, 'durward_reloads_total', { result: 'refused' }), 1);
      assert.equal(total(refused, 'durward_reload_last_successful'), 0);
      await gateway.rewritePolicy('tools: {allowlist: []}\n');
      await gateway.reload();
      const all = await scrape(gateway);
      assert.equal(total(all, 'durward_reloads_total', { result: 'success' }), 1);
      assert.equal(total(all, 'durward_reload_last_successful'), 1);
      assert.ok(total(all, 'durward_reload_last_success_timestamp_seconds') >= total(refused, 'durward_reload_last_success_timestamp_seconds'));
      assert.notEqual(all.find(({ name }) => name === 'durward_rulebook_info').labels.digest, first);
      await gateway.rewriteSettings({ settings: { admin: { ...OPEN, metrics_series: 7 } } });
      assert.match(await gateway.reload(), /admin\.metrics_series.*restart/);
      assert.equal(total(await scrape(gateway), 'durward_reloads_total', { result: 'refused' }), 2);
    }));

  test('connections beyond limits.connections are counted as refused', () =>
    withGateway({ settings: { limits: { connections: 1 } } }, async (gateway, url) => {
      const { port, hostname } = new URL(url);
      const held = connect(Number(port), hostname);
      held.on('error', () => {});
      await scrapeUntil(gateway, (all) => total(all, 'durward_connections_open') === 1, 'the connection');
      assert.equal((await send(url, call({})).whole()).status, 503);
      held.destroy();
      const all = await scrapeUntil(gateway, (now) => total(now, 'durward_connections_open') === 0, 'the end of it');
      assert.equal(total(all, 'durward_connections_refused_total'), 1);
    }));
});

describe('who may ask', () => {
  test('metrics are closed unless admin.metrics_open, and the answer names the setting', () =>
    withGateway({ admin: { metrics_open: false } }, async (gateway) => {
      const answer = await gateway.admin('/metrics');
      assert.equal(answer.status, 403);
      assert.match(answer.json.error, /admin\.metrics_open/);
      assert.equal((await gateway.admin('/livez')).status, 200);
    }));

  const cases = [
    ['a foreign Host', '/metrics', { headers: { host: 'metrics.example.com' } }, 403],
    ['a foreign Origin', '/metrics', { headers: { origin: 'https://evil.example.com' } }, 403],
    ['two Hosts', '/metrics', { headers: { host: ['localhost', '127.0.0.1'] } }, 400],
    ['POST', '/metrics', { method: 'POST', body: '{}' }, 405],
    ['DELETE', '/livez', { method: 'DELETE' }, 405],
    ['a path of the data listener', '/mcp/stub', {}, 404],
    ['a path that is not there', '/api/v1/canary4711', {}, 404],
    ['the root', '/', {}, 404],
    ['a query', '/metrics?debug=canary4711', {}, 200],
    ['HEAD', '/metrics', { method: 'HEAD' }, 200],
    ['headers beyond limits.header_bytes', '/metrics', { headers: { x: 'canary4711'.repeat(2000) } }, 431],
  ];
  test('every request gets the answer that it is due, and no answer repeats what was asked', () =>
    withGateway({}, async (gateway) => {
      for (const [name, path, options, status] of cases) {
        const answer = await gateway.admin(path, options);
        assert.equal(answer.status, status, name);
        if (status === 403) assert.equal(answer.text, '{"error":"Host or Origin"}\n'); // which of the two is in the log
        assert.ok(!answer.text.includes('canary4711'), name);
        if (status === 405) assert.equal(answer.headers.allow, 'GET, HEAD');
        if (name === 'HEAD') assert.equal(answer.text, '');
      }
    }));
});

describe('health', () => {
  test('each check is named; without any catalogue the gateway is not ready, with one it is', async () => {
    const dead = createServer();
    await new Promise((resolve) => dead.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${dead.address().port}/mcp`;
    await new Promise((resolve) => dead.close(resolve));
    await withGateway({ servers: { dead: url } }, async (gateway) => {
      const answer = await gateway.admin('/readyz');
      assert.equal(answer.status, 503);
      assert.deepEqual(answer.json, { status: 'not ready', checks: { config: 'ok', ledger: 'ok', catalogue: 'not ok', keys: 'ok' }, without_catalogue: ['dead'], without_fresh_keys: [] });
      assert.equal((await gateway.admin('/livez')).status, 200);
      assert.equal((await gateway.admin('/startupz')).status, 200);
    });
    await withGateway({ servers: { dead: url, stub: stub.url } }, async (gateway) => {
      await scrapeUntil(gateway, (all) => total(all, 'durward_catalogue_known', { server: 'stub' }) === 1, 'the catalogue');
      const answer = await gateway.admin('/readyz');
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.json, { status: 'degraded', checks: { config: 'ok', ledger: 'ok', catalogue: 'ok', keys: 'ok' }, without_catalogue: ['dead'], without_fresh_keys: [] });
    });
  });

  test('a gateway that drains is alive and not ready', () =>
    withGateway({}, async (gateway, url) => {
      const word = mark();
      const arriving = stub.expect(word);
      const client = send(url, call({ word }));
      const up = await within(arriving, 'the call');
      gateway.signal('SIGTERM');
      await within(gateway.said(/"event":"draining"/), 'the drain');
      await scrapeUntil(gateway, () => true, 'a scrape while draining');
      const answer = await gateway.admin('/readyz');
      assert.deepEqual([answer.status, answer.json.status], [503, 'draining']);
      assert.equal((await gateway.admin('/livez')).status, 200);
      up.result({ content: [], resultType: 'complete' });
      assert.equal((await client.whole()).error, undefined);
    }));

  test('a ledger that fails is named, and is in the metrics', async () => {
    const gateway = await startGateway({ servers: { stub: stub.url }, policy: ECHO, settings: { admin: OPEN } });
    try {
      execFileSync('prlimit', ['--pid', String(gateway.pid), '--fsize=1:unlimited']);
      await send(gateway.url('stub'), call({ word: mark() })).whole();
      const all = await scrapeUntil(gateway, (now) => total(now, 'durward_ledger_failed') === 1, 'the failure');
      assert.equal(total(all, 'durward_ledger_healthy'), 0);
      const answer = await gateway.admin('/readyz');
      assert.deepEqual([answer.status, answer.json.checks.ledger], [503, 'not ok']);
    } finally {
      assert.equal((await gateway.stop()).code, 74);
    }
  });
});

describe('a hostile scraper', () => {
  const reach = (gateway) => Number(/^admin listener http:\/\/127\.0\.0\.1:(\d+)$/m.exec(gateway.logs())[1]);
  const open = (port) =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket));
      socket.on('error', () => {}).resume();
      socket.gone = new Promise((done) => socket.once('close', done));
      socket.gone.then(() => resolve(socket)); // ended before it was seen to stand
    });

  test('held connections are ended by admin.deadline, and neither keep a probe out nor stop a call', () =>
    withGateway({ admin: { connections: 4, deadline: '1s' } }, async (gateway, url) => {
      await gateway.admin('/livez');
      const port = reach(gateway);
      const held = await Promise.all(Array.from({ length: 40 }, () => open(port)));
      for (const socket of held) socket.write('GET /metrics HTTP/1.1\r\nhost: x');
      assert.equal((await gateway.admin('/livez')).status, 200);
      assert.equal((await send(url, call({ word: mark() })).whole()).error, undefined);
      await within(Promise.all(held.map(({ gone }) => gone)), 'the gateway to end what is held');
      assert.equal((await gateway.admin('/metrics')).status, 200);
    }));

  test('one that asks without reading does not delay the answers to others', () =>
    withGateway({ admin: { deadline: '1s' } }, async (gateway, url) => {
      await gateway.admin('/livez');
      const port = reach(gateway);
      const deaf = await Promise.all(Array.from({ length: 8 }, () => open(port)));
      for (const socket of deaf) socket.pause().write(`GET /metrics HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`.repeat(50));
      for (let i = 0; i < 5; ++i) assert.equal((await send(url, call({ word: mark() })).whole()).error, undefined);
      assert.equal((await gateway.admin('/metrics')).status, 200);
      for (const socket of deaf) socket.destroy();
    }));
});

describe('Prometheus', () => {
  test('promtool has nothing to say about the exposition', { skip: !has('promtool') && 'promtool is not installed' }, () =>
    withGateway({}, async (gateway, url) => {
      await send(url, call({ word: mark() })).whole();
      const { text, headers } = await gateway.admin('/metrics');
      assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
      // Lints go to stderr, and the exit code says so.
      execFileSync('promtool', ['check', 'metrics'], { input: text, stdio: ['pipe', 'pipe', 'inherit'] });
    }));

  test('a real server scrapes it, and its answers are what was sent', { skip: !has('prometheus') && 'prometheus is not installed' }, () =>
    withGateway({}, async (gateway, url) => {
      const dir = await mkdtemp(join(tmpdir(), 'durward-prometheus-'));
      await gateway.admin('/livez');
      const [, target] = /^admin listener http:\/\/(\S+)$/m.exec(gateway.logs());
      const config = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: [{ job_name: 'durward', static_configs: [{ targets: [target] }] }] };
      await writeFile(join(dir, 'prometheus.yml'), JSON.stringify(config));
      const probe = createServer();
      await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
      const { port } = probe.address();
      await new Promise((resolve) => probe.close(resolve));
      for (let i = 0; i < 7; ++i) assert.equal((await send(url, call({ word: mark() })).whole()).error, undefined);
      const args = [`--config.file=${join(dir, 'prometheus.yml')}`, `--storage.tsdb.path=${join(dir, 'data')}`, `--web.listen-address=127.0.0.1:${port}`];
      // It announces itself on stderr only.
      const server = await start('sh', ['-c', 'echo up; exec prometheus "$0" "$@" 2>&1', ...args], { ready: /^up$/m });
      try {
        const api = async (query) => {
          const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${query}`).catch(() => undefined);
          return answer?.ok ? (await answer.json()).data : undefined;
        };
        const until = async (query, good, what) => {
          let data;
          const look = async () => {
            do data = await api(query);
            while (!(data && good(data)) && (await new Promise((resolve) => setTimeout(resolve, 100, true))));
          };
          await within(look(), what, 40_000);
          return data;
        };
        await until('targets', ({ activeTargets }) => activeTargets[0]?.health === 'up' && !activeTargets[0].lastError, 'the target to be up');
        const value = async (query, wanted) => {
          const { result } = await until(`query?query=${encodeURIComponent(query)}`, ({ result }) => result.length === 1 && Number(result[0].value[1]) === wanted, `${query} to be ${wanted}`);
          assert.equal(Number(result[0].value[1]), wanted, query);
        };
        await value('durward_tool_calls_total{server="stub",tool="echo",verdict="allow"}', 7);
        await value('sum(durward_requests_total{method="tools/call"})', 7);
        await value('durward_exchange_duration_seconds_count{server="stub",part="ledger"}', 7);
        await value('durward_build_info{version="0.1.0"}', 1);
        await value('up{job="durward"}', 1);
      } finally {
        await server.stop();
        await rm(dir, { recursive: true, force: true });
      }
    }));
});
