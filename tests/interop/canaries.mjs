// Words that must appear nowhere but where they belong, and the search for them in every form in which one could slip out.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

/** A secret that nothing else looks like. */
export const canary = (name) => `canary-${name}-${randomBytes(12).toString('hex')}/"+&é`;
/** One that may stand in a header, a path and a token as it is. */
export const plainCanary = (name) => `canary${name}${randomBytes(12).toString('hex')}`;

const escapeAll = (text) => [...Buffer.from(text, 'latin1')].map((byte) => `\\u${byte.toString(16).padStart(4, '0')}`).join('');

/**
 * Every form of a text: raw, JSON-escaped in three ways, URL-escaped, hexadecimal, and base64. What base64 makes of a text
 * depends on what stands before it: of the three alignments the part that does not.
 */
export function formsOf(text) {
  const bytes = Buffer.from(text);
  const forms = new Map([
    ['raw', text],
    ['JSON', JSON.stringify(text).slice(1, -1)],
    ['JSON with escaped slashes', JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/')],
    ['JSON, all escaped', escapeAll(text)],
    ['URL', encodeURIComponent(text)],
    ['form', new URLSearchParams({ x: text }).toString().slice(2)],
    ['hexadecimal', bytes.toString('hex')],
    ['hexadecimal, upper case', bytes.toString('hex').toUpperCase()],
  ]);
  for (const before of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(before, 'x'), bytes]);
    const sure = Math.floor(whole.length / 3) * 4;
    const from = before === 0 ? 0 : 4;
    for (const encoding of ['base64', 'base64url']) forms.set(`${encoding}, ${before} bytes in`, whole.toString(encoding).slice(from, sure));
  }
  return forms;
}

/** Whether any form of a canary stands in a text: `canary: form`, or nothing. `canaries` maps names to texts. */
export function leaks(canaries, text) {
  const found = [];
  for (const [name, secret] of Object.entries(canaries))
    for (const [form, as] of formsOf(secret)) if (text.includes(as)) found.push(`${name}: ${form}`);
  return found;
}

export function assertClean(canaries, texts) {
  for (const [where, text] of Object.entries(texts)) assert.deepEqual(leaks(canaries, text), [], where);
}
