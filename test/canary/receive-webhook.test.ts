/** Tests which webhooks the canary records. */
import { jest } from '@jest/globals';
import type { Arrival } from '../../lambdas/canary/canary-runs.ts';
import { receiveWebhook } from '../../lambdas/canary/receive-webhook.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { publicJwk, signedHeaders, signingKeyFrom } from '../../lambdas/webhooks/signing/signature.ts';

beforeEach(() => jest.spyOn(log, 'warn').mockImplementation(() => {}));
afterEach(() => jest.restoreAllMocks());

type Recorded = Arrival & { readonly jobId: string };

const NOW_MS = Date.parse('2026-11-27T12:00:00Z');
const key = signingKeyFrom('a text that nobody can guess, in 64 characters, for these tests!');
const TOKEN = 'abcdefghijklmnopqrstuvwxyz-_0123';
const JOB_ID = '5c2f3b5e-3e0e-4d3e-9d53-0c6b3a6d2f10';
const END = {
  id: `${JOB_ID}.4`,
  type: 'job.completed',
  timestamp: '2026-11-27T11:59:59.000Z',
  data: { job_id: JOB_ID },
};

async function receive(
  event: object | string,
  token = TOKEN,
  runs = new Map<string, Recorded | undefined>([[TOKEN, undefined]]),
) {
  const body = typeof event === 'string' ? event : JSON.stringify(event);
  const status = await receiveWebhook(
    {
      runs: {
        keys: async (of) => (runs.has(of) ? [{ ...publicJwk(key) }] : undefined),
        recordArrival: async (of, jobId, arrival) => {
          if (!runs.has(of) || runs.get(of)) return false;
          runs.set(of, { jobId, ...arrival });
          return true;
        },
      },
      now: () => NOW_MS,
    },
    {
      token,
      arrivedMs: NOW_MS,
      body,
      headers: signedHeaders({ id: END.id, body, secrets: [], keys: [key], nowMs: NOW_MS }),
    },
  );
  return { status, arrival: runs.get(TOKEN), runs };
}

test('records the job, its end and the arrival', async () => {
  expect(await receive(END)).toMatchObject({
    status: 204,
    arrival: { jobId: JOB_ID, endedMs: NOW_MS - 1_000, arrivedMs: NOW_MS },
  });
});

test('refuses a webhook that arrives again', async () => {
  const { runs } = await receive(END);
  const later = { ...END, timestamp: '2026-11-27T12:00:00.000Z' };
  expect(await receive(later, TOKEN, runs)).toMatchObject({
    status: 410,
    arrival: { endedMs: NOW_MS - 1_000 },
  });
});

test.each([
  ['an unknown token', END, 'z'.repeat(32), 410],
  ['a token of another length', END, 'abc', 410],
  ['a token with other characters', END, `${'a'.repeat(31)}/`, 410],
  ['the begin of a job', { ...END, type: 'job.started' }, TOKEN, 410],
  ['an event without a job', { ...END, data: {} }, TOKEN, 410],
  ['a body of more than 256 KiB', ' '.repeat(256 * 1024 + 1), TOKEN, 413],
])('refuses %s and records nothing', async (_, event, token, status) => {
  expect(await receive(event, token)).toMatchObject({ status, arrival: undefined });
});

test('refuses a forged webhook without a look at its content', async () => {
  const recordArrival = () => Promise.reject(new Error('recorded'));
  const status = await receiveWebhook(
    { runs: { keys: async () => [{ ...publicJwk(key) }], recordArrival } },
    { token: TOKEN, arrivedMs: NOW_MS, body: '{', headers: {} },
  );
  expect(status).toBe(401);
});
