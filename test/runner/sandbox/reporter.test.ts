/** Tests the reports of a sandbox against a server that takes them. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import {
  MAX_REPORT_CHARACTERS,
  type ReportResponse,
  readEnvelope,
  readReport,
  type SandboxReport,
} from '../../../lambdas/runner/sandbox/protocol.ts';
import { Reporter } from '../../../lambdas/runner/sandbox/reporter.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';

type Answer = ReportResponse | { readonly status: number };

let server: Server;
let received: { readonly token: string; readonly report: SandboxReport }[];
/** Responses to the next reports. @default go on, with the number of the report as the token */
let answers: Answer[];

beforeEach(async () => {
  received = [];
  answers = [];
  jest.spyOn(log, 'warn').mockImplementation(() => {});
  server = createServer(async (request, response) => {
    const { token, report } = readEnvelope(await text(request)) ?? { token: '', report: '' };
    received.push({ token, report: readReport(report) ?? {} });
    const next = { continue: true, next_ms: 10_000, token: `token ${received.length}` };
    const answer = answers.shift() ?? next;
    if ('status' in answer) response.writeHead(answer.status).end('{}');
    else response.end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  jest.restoreAllMocks();
  server.close();
  server.closeAllConnections();
});

function createReporter(): Reporter {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return new Reporter({ url, token: 'first' });
}

/** Lets each report after the first one take so many milliseconds. */
function letTriesTake(ms: number): void {
  const now = Date.now;
  jest.spyOn(Date, 'now').mockImplementation(() => now() + Math.max(0, received.length - 1) * ms);
}

test('the first report has a claim, each later one the token of the response before', async () => {
  const reporter = createReporter();
  expect(await reporter.begin()).toBe(true);
  reporter.write('one\n');
  reporter.progress(0.5, 'Half.');
  await reporter.end({ result: 1 });
  expect(received).toEqual([
    { token: 'first', report: { claim: expect.stringMatching(/^[\da-f-]{36}$/) } },
    { token: 'token 1', report: { log: 'one\n', ending: { result: 1 } } },
  ]);
});

test('a delivery that may not run the step sends nothing more', async () => {
  answers = [{ continue: false }];
  expect(await createReporter().begin()).toBe(false);
  expect(received).toHaveLength(1);
});

test('a report without a response is sent again, with the same token', async () => {
  const reporter = createReporter();
  await reporter.begin();
  answers = [{ status: 503 }, { status: 429 }];
  await reporter.end({ result: 1 });
  expect(received.slice(1).map(({ token }) => token)).toEqual(['token 1', 'token 1', 'token 1']);
});

test('a step whose reports do not arrive stops before the next attempt begins', async () => {
  letTriesTake(18_000);
  const reporter = createReporter();
  answers = [{ continue: true, next_ms: 10, token: 'next' }, { status: 503 }, { status: 503 }];
  await reporter.begin();
  await once(reporter.signal, 'abort');
  expect(reporter.signal.reason).toEqual(new Error('The reports do not arrive.'));
  expect(received).toHaveLength(3);
});

test('the outcome of a step is sent for longer: the next attempt may begin late', async () => {
  letTriesTake(18_000);
  const reporter = createReporter();
  await reporter.begin();
  answers = [{ status: 503 }, { status: 503 }, { status: 503 }];
  await reporter.end({ result: 1 });
  expect(received.at(-1)?.report).toEqual({ ending: { result: 1 } });
  expect(received).toHaveLength(5);
  expect(reporter.signal.aborted).toBe(false);
});

test('a log above its limit ends with one notice', async () => {
  const reporter = createReporter();
  await reporter.begin();
  const line = `\u001b[31m${'x'.repeat(1_022)}\u001b[0m\n`;
  reporter.write(line.repeat(50 * 1_024));
  await reporter.drain();
  reporter.write('dropped\n');
  await reporter.end({ result: 1 });
  const logs = received.map(({ report }) => report.log ?? '').join('');
  expect(logs.slice(-60)).toMatch(/x\nThe log ends here: it exceeded 52428800 bytes\.\n$/);
  expect(logs.split('The log ends here')).toHaveLength(2);
  expect(logs).not.toContain('dropped');
});

test.each([
  ['of no number', Number.NaN, 0],
  ['without an end', Number.POSITIVE_INFINITY, 1],
  ['below zero', -1, 0],
  ['of a text', '0.5' as never, 0.5],
])('progress %s is a fraction', async (_, fraction, reported) => {
  const reporter = createReporter();
  answers = [
    { continue: true, next_ms: 10, token: 'next' },
    { continue: true, next_ms: 10_000, token: 'next' },
  ];
  reporter.progress(fraction);
  await reporter.begin();
  while (received.length < 2) await delay(5);
  await reporter.end({ result: 1 });
  expect(received[1]?.report.progress).toBe(reported);
});

test.each([
  ['random', () => randomBytes(1_600_000).toString('base64')],
  ['compressible', () => 'x'.repeat(8_400_000)],
])('a %s result above 2 MiB is an error with its size', async (_, result) => {
  const reporter = createReporter();
  await reporter.begin();
  await reporter.end({ result: result() });
  expect(received.at(-1)?.report.ending).toEqual({
    error: {
      code: 'RESULT_INVALID',
      message: expect.stringMatching(/^The result has \d{7} bytes as JSON; the limit is 2097152\. Write /),
      retryable: false,
    },
  });
});

test('a result that is no JSON is an error', async () => {
  jest.spyOn(log, 'error').mockImplementation(() => {});
  const reporter = createReporter();
  await reporter.begin();
  await reporter.end({ result: 1n as never });
  expect(received.at(-1)?.report.ending).toMatchObject({ error: { code: 'INTERNAL_ERROR' } });
});

test('a large result follows the log in a report of its own', async () => {
  const reporter = createReporter();
  await reporter.begin();
  reporter.write('one\n');
  const result = randomBytes(1_500_000).toString('base64');
  await reporter.end({ result });
  expect(received.slice(1).map(({ report }) => report)).toEqual([{ log: 'one\n' }, { ending: { result } }]);
});

test('a refused report stops the step', async () => {
  const reporter = createReporter();
  answers = [{ status: 401 }];
  expect(await reporter.begin()).toBe(false);
  expect(reporter.signal.aborted).toBe(true);
});

test('a report that is due has the progress; its response can stop the step, whose last lines follow', async () => {
  const reporter = createReporter();
  answers = [{ continue: true, next_ms: 200, token: 'next' }, { continue: false }];
  await reporter.begin();
  reporter.write('running\n');
  reporter.progress(0.5, 'Half.');
  await once(reporter.signal, 'abort');
  reporter.write('killed\n');
  await reporter.end({ error: { code: 'X', message: '', retryable: false } });
  expect(received.slice(1).map(({ report }) => report)).toEqual([
    { progress: 0.5, message: 'Half.', log: 'running\n' },
    // The job had ended, so nobody took the lines of the report before.
    { log: 'running\nkilled\n', ending: { stopped: true } },
  ]);
});

test('a long log is sent at once, in reports of limited size, and the writer waits', async () => {
  const reporter = createReporter();
  await reporter.begin();
  const line = `${'x'.repeat(1_023)}\n`;
  for (let index = 0; index < 3_000; index += 1) {
    reporter.write(line);
    await reporter.drain();
  }
  await reporter.end({ result: 1 });
  const sizes = received.slice(1).map(({ report }) => report.log?.length ?? 0);
  expect(sizes.length).toBeGreaterThan(2);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_REPORT_CHARACTERS);
  expect(received.map(({ report }) => report.log ?? '').join('')).toBe(line.repeat(3_000));
});
