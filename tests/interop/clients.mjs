// The MCP clients that people use, behind one small face, so that one test runs with all of them.
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  McpError,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { Client as ClientV2, ProtocolError, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';

const V1_SCHEMAS = {
  'elicitation/create': ElicitRequestSchema,
  'sampling/createMessage': CreateMessageRequestSchema,
  'notifications/resources/updated': ResourceUpdatedNotificationSchema,
  'notifications/tools/list_changed': ToolListChangedNotificationSchema,
};

export const CLIENTS = [
  { name: 'sdk v1', era: 'legacy', v1: true },
  { name: 'client v2, default', era: 'legacy' },
  { name: 'client v2, auto', era: 'modern', mode: 'auto' },
  { name: 'client v2, pinned', era: 'modern', mode: { pin: '2026-07-28' } },
];

/** Connects a client; `requests` is what it sent, `errorClass` what a JSON-RPC error becomes. */
export async function connect({ v1, mode }, url, { elicit, sample } = {}) {
  const requests = [];
  const recording = (input, init = {}) => {
    const headers = Object.fromEntries(new Headers(init.headers));
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
    requests.push({ verb: init.method ?? 'GET', rpc: body?.method, headers });
    return fetch(input, init);
  };
  const [Client, Transport] = v1 ? [ClientV1, TransportV1] : [ClientV2, TransportV2];
  const transport = new Transport(new URL(url), {
    fetch: recording,
    reconnectionOptions: { initialReconnectionDelay: 100, maxReconnectionDelay: 200, reconnectionDelayGrowFactor: 1, maxRetries: 50 },
  });
  const capabilities = { elicitation: {}, sampling: {} };
  const client = new Client({ name: 'interop', version: '1.0.0' }, { capabilities, ...(mode && { versionNegotiation: { mode } }) });
  client.onerror = () => {}; // a broken stream is an error to report, and part of several tests
  const named = (method) => (v1 ? V1_SCHEMAS[method] : method);
  if (elicit) client.setRequestHandler(named('elicitation/create'), elicit);
  if (sample) client.setRequestHandler(named('sampling/createMessage'), sample);

  const self = {
    client,
    transport,
    requests,
    errorClass: v1 ? McpError : ProtocolError,
    sent: (rpc) => requests.filter((request) => request.rpc === rpc).length,
    on: (method, handler) => client.setNotificationHandler(named(method), handler),
    /** Calls a tool and gives the text of its first content. */
    call: async (name, args = {}, options = {}) => {
      const result = await (v1 ? client.callTool({ name, arguments: args }, undefined, options) : client.callTool({ name, arguments: args }, options));
      return result.content[0].text;
    },
  };
  try {
    await client.connect(transport);
  } catch (error) {
    await client.close().catch(() => {});
    throw Object.assign(error, { requests, sent: self.sent });
  }
  return self;
}
