/** Requests that nobody would send on purpose: the endpoint answers each of them, and never as a fault of its own. */
import fc from 'fast-check';
import type { LocalCloud } from '../../local/cloud.ts';
import { anyCharacter } from '../support/any-character.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

/** More of them by hand: `FUZZ_RUNS=10000 npm run jest -- test/mcp/fuzz`. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

let cloud: LocalCloud;
beforeAll(async () => {
  cloud = await sharedCloud();
});

const TOOLS = [
  'start_echo',
  'start_probe',
  'check_job',
  'get_file',
  'list_jobs',
  'cancel_job',
  'list_deliveries',
  'nothing',
];
const EVENTS = ['events/list', 'events/subscribe', 'events/unsubscribe', 'events/poll'];
const NAMES = [
  'job_id',
  'name',
  'include',
  'text',
  'cursor',
  'limit',
  'wait_seconds',
  'callback_url',
  'idempotency_key',
  '__proto__',
];

/** Text that programs stumble over: NUL, lone surrogates, line ends, what looks like markup or a path. */
const text = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.constantFrom(
    '\u0000',
    '\ud800',
    '\r\nx: y',
    '../../etc/passwd',
    '__proto__',
    '<script>',
    'a'.repeat(10_000),
  ),
  fc.uuid(),
);
const value = fc.oneof({ depthSize: 'small' }, text, fc.jsonValue({ depthSize: 'large' }), fc.double());
const params = fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), text), value);

/** A request that is nearly right: the right form, with something wrong in it. */
const nearlyRight = fc
  .record({
    tool: fc.constantFrom(...TOOLS),
    args: fc.oneof(params, value),
    id: fc.oneof(fc.nat(), text, value),
  })
  .map(({ tool, args, id }) => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: tool, arguments: args },
  }));
const otherMethod = fc
  .record({
    method: fc.oneof(fc.constantFrom(...EVENTS, 'tools/list', 'initialize', 'tasks/get'), text),
    params,
  })
  .map((request) => ({ jsonrpc: '2.0', id: 1, ...request }));
const body = fc.oneof(
  nearlyRight.map((request) => JSON.stringify(request)),
  otherMethod.map((request) => JSON.stringify(request)),
  fc.array(nearlyRight, { maxLength: 3 }).map((batch) => JSON.stringify(batch)),
  nearlyRight.map((request) => JSON.stringify(request).slice(0, -3)),
  fc.integer({ min: 1, max: 5_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  text,
);

/** What a header may hold at all; the client refuses to send the rest. */
const headerValue = fc.string({ unit: fc.constantFrom(...'abc/;,=* "\t0189-_.é') });
const right = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
const strange = fc.record(
  {
    accept: fc.constantFrom('application/json, text/event-stream', 'text/html', '*/*'),
    'content-type': fc.oneof(fc.constantFrom('application/json', 'text/plain'), headerValue),
    'mcp-protocol-version': fc.oneof(fc.constantFrom('2026-07-28', '2025-11-25', '1999-01-01'), headerValue),
    'mcp-method': fc.oneof(fc.constantFrom('tools/call', 'events/poll'), headerValue),
    'mcp-name': fc.oneof(fc.constantFrom(...TOOLS), headerValue),
    'mcp-session-id': headerValue,
    'last-event-id': headerValue,
  },
  { requiredKeys: ['accept'] },
);

/** Half of them are as they should be, so that the body is looked at. */
const headers = fc.oneof(fc.constant(right), strange);

test(
  'no request, however mangled, is answered as a fault of the service, or with a trace of its code',
  async () => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('POST', 'POST', 'POST', 'DELETE'),
        headers,
        body,
        async (method, sent, content) => {
          const response = await fetch(new URL('/mcp', cloud.url), { method, headers: sent, body: content });
          const answer = await response.text();
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          expect(response.status).toBeLessThan(500);
          expect(answer).not.toMatch(/\bat .*\.(m?js|ts):\d+|node:internal|INTERNAL_ERROR/);
        },
      ),
      { numRuns: RUNS },
    );
    // They are not all refused at the first look.
    expect([...statuses.keys()].sort()).toEqual(expect.arrayContaining([200, 400]));
  },
  60_000 + RUNS * 100,
);
