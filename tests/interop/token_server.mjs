// The token endpoint of an authorization server, as far as a gateway sees it that wants a token for a server of its own.
import { createServer } from 'node:http';

/** A token endpoint: what was asked of it, and what it answers. */
export async function startTokenServer() {
  const asked = [];
  let count = 0;
  let answer;
  const given = [];
  const usual = (form) => {
    given.push(`token-canary-${form.get('grant_type').split(':').at(-1)}-${(count += 1)}`);
    return { access_token: given.at(-1), token_type: 'Bearer', expires_in: 600 };
  };
  const server = createServer(async (req, res) => {
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    asked.push({ form, headers: req.headers, method: req.method, url: req.url });
    const { status = 200, body } = (await answer?.(form)) ?? {};
    res.writeHead(status, { 'content-type': 'application/json' }).end(body ?? JSON.stringify(usual(form)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/token`,
    port: server.address().port,
    asked,
    given,
    /** Answers like this from now on; undefined: with tokens again. */
    answerWith: (next) => (answer = next),
    stop: () => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve))),
  };
}
