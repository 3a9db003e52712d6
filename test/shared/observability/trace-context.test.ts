/** Tests which trace contexts of callers are accepted, and the trace header of X-Ray. */
import { readTraceContext } from '../../../lambdas/shared/observability/read-trace-context.ts';
import { ownTrace, readXRayHeader } from '../../../lambdas/shared/observability/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const valid = `00-${TRACE}-${PARENT}-01`;

test('a valid trace context is accepted as it is', () => {
  const given = { traceparent: valid, tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE' };
  expect(readTraceContext(given)).toEqual(given);
  expect(readTraceContext({ traceparent: `00-${TRACE}-${PARENT}-00` })).toEqual({
    traceparent: `00-${TRACE}-${PARENT}-00`,
  });
});

test.each([
  ['a version that is never valid', `ff-${TRACE}-${PARENT}-01`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
  ['a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['capital letters', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
  ['a short trace id', `00-${TRACE.slice(1)}-${PARENT}-01`],
  ['a long parent id', `00-${TRACE}-${PARENT}0-01`],
  ['a missing part', `00-${TRACE}-${PARENT}`],
  ['more parts in version 00', `${valid}-more`],
  ['more characters in version 00', `${valid}0`],
  ['two headers', `${valid}, ${valid}`],
  ['a line break', `${valid}\n`],
  ['a line break in a later version', `01-${TRACE}-${PARENT}-01-a\nb`],
  ['an escape sequence', `\u001b[31m${valid}`],
  ['space around', ` ${valid} `],
  ['endless text', `01-${TRACE}-${PARENT}-01-${'a'.repeat(100_000)}`],
  ['an empty text', ''],
  ['null', null],
  ['a number', 1],
  ['an object', { toString: () => valid }],
  ['a list', [valid]],
])('a traceparent with %s is ignored', (_, traceparent) => {
  expect(readTraceContext({ traceparent, tracestate: 'a=b' })).toBeUndefined();
});

test('a later version is read as far as it is known', () => {
  const traceparent = `cc-${TRACE}-${PARENT}-ff-what.the.future.will.be`;
  expect(readTraceContext({ traceparent })).toEqual({ traceparent: `00-${TRACE}-${PARENT}-03` });
});

const members = (count: number, value = '1') =>
  Array.from({ length: count }, (_, index) => `k${index}=${value}`).join(',');

test.each([
  ['33 entries', members(33)],
  ['more than 512 characters', members(30, 'x'.repeat(20))],
  ['no entries', ',,'],
  ['a text without values', 'rojo'],
  ['control characters', 'rojo=a\u0000b'],
  ['a line break', 'rojo=a\r\nset-cookie: b'],
  ['capital letters in a key', 'Rojo=1'],
  ['something else than a text', { rojo: 1 }],
])('a tracestate with %s is left out, and the trace goes on', (_, tracestate) => {
  expect(readTraceContext({ traceparent: valid, tracestate })).toEqual({ traceparent: valid });
});

test('a tracestate keeps its valid entries, in their order', () => {
  const tracestate = ` a=1 ,, tenant@vendor=2,bad,${members(20)}`;
  expect(readTraceContext({ traceparent: valid, tracestate })?.tracestate).toBe(
    `a=1,tenant@vendor=2,${members(20)}`,
  );
  expect(readTraceContext({ traceparent: valid, tracestate: members(32) })?.tracestate).toBe(members(32));
});

const root = '1-5759e988-bd862e3fe1be46a994272793';

test('the header of X-Ray maps to the ids of the W3C', () => {
  const xray = readXRayHeader(`Root=${root};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0`);
  const traceId = '5759e988bd862e3fe1be46a994272793';
  expect(xray).toEqual({ id: root, traceId, parentId: '53995c3f42cd8ad8', sampled: true });
  expect(ownTrace(xray)).toEqual({ traceId, parentId: '53995c3f42cd8ad8', flags: 1 });
});

test('an X-Ray trace that is not kept is not sampled, and a missing parent is replaced', () => {
  for (const header of [`Root=${root}`, `Root=${root};Sampled=0`, `Root=${root};Sampled=?`]) {
    const xray = readXRayHeader(header);
    expect(xray).toMatchObject({ id: root, sampled: false });
    expect(ownTrace(xray).parentId).toMatch(/^[0-9a-f]{16}$/);
  }
});

test('without a valid X-Ray header each trace is new', () => {
  const headers = [
    undefined,
    '',
    'Self=1',
    'Root=2-5759e988-bd862e3fe1be46a994272793',
    `Root=1-00000000-${'0'.repeat(24)}`,
    `Root=${root}\n;Sampled=1`,
    `Root=${root.toUpperCase()}`,
  ];
  for (const header of headers) expect(readXRayHeader(header)).toBeUndefined();
  expect(ownTrace(undefined).traceId).not.toBe(ownTrace(undefined).traceId);
});
