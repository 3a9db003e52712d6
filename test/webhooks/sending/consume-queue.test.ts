/** Tests that each queue message is handled separately, by its type. */

import { jest } from '@jest/globals';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { type ConsumeDependencies, consumeQueue } from '../../../lambdas/webhooks/sending/consume-queue.ts';

afterEach(() => jest.restoreAllMocks());

const attempt = { type: 'attempt', owner: 'a', endpointId: 'e', jobId: 'j', deliveryKey: 'k', attempt: 1 };
const verification = { type: 'verification', owner: 'a', endpointId: 'e' };

interface Case {
  /** Reads of the tables fail. */
  readonly fail?: boolean;
  /** Owners without a free slot. */
  readonly full?: readonly string[];
  /** What the queue does with deferred messages. @default it takes all */
  readonly unsent?: ReadonlySet<number> | Error;
}

function consume(bodies: readonly string[], { fail = false, full = [], unsent = new Set() }: Case = {}) {
  const reads: string[] = [];
  const taken: [string, number][] = [];
  const freed: string[] = [];
  const deferred: { message: unknown; delayMs: number }[] = [];
  const get = (table: string) => async () => {
    reads.push(table);
    if (fail) throw new Error('throttled');
  };
  const dependencies = {
    deliveries: { get: get('deliveries') },
    endpoints: { get: get('endpoints') },
    slots: {
      take: async (owner: string, holdMs: number) => {
        taken.push([owner, holdMs]);
        return full.includes(owner) ? undefined : async () => void freed.push(owner);
      },
    },
    queue: {
      sendAll: async (messages: typeof deferred) => {
        if (unsent instanceof Error) throw unsent;
        deferred.push(...messages);
        return unsent;
      },
    },
  } as unknown as ConsumeDependencies;
  const records = bodies.map((body, index) => ({ messageId: `message-${index}`, body }));
  return { reads, taken, freed, deferred, response: consumeQueue(dependencies, records) };
}

test('an attempt is delivered, and a verification is made', async () => {
  const delivered = consume([JSON.stringify(attempt)]);
  expect(await delivered.response).toEqual({ batchItemFailures: [] });
  expect(delivered.reads).toEqual(['deliveries', 'endpoints']);
  const verified = consume([JSON.stringify(verification)]);
  expect(await verified.response).toEqual({ batchItemFailures: [] });
  expect(verified.reads).toEqual(['endpoints']);
});

test('a malformed message fails alone', async () => {
  const errors = jest.spyOn(log, 'error').mockImplementation(() => {});
  const { response } = consume([JSON.stringify(attempt), 'no json', JSON.stringify(verification)]);
  expect(await response).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] });
  expect(errors).toHaveBeenCalledWith('A queue message failed', {
    message_id: 'message-1',
    error: new Error('The queue message is not a delivery or a verification.'),
  });
});

test('a message whose read fails is delivered again', async () => {
  jest.spyOn(log, 'error').mockImplementation(() => {});
  const { response } = consume([JSON.stringify(attempt), JSON.stringify(verification)], { fail: true });
  expect((await response).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
    'message-0',
    'message-1',
  ]);
});

describe('the messages of an owner', () => {
  const of = (owner: string, changes: object = {}) => JSON.stringify({ ...attempt, owner, ...changes });

  test('share a slot, which is freed when they are handled', async () => {
    jest.spyOn(log, 'error').mockImplementation(() => {});
    const { taken, freed, response } = consume([of('a'), of('b'), of('a'), of('a')], { fail: true });
    expect((await response).batchItemFailures).toHaveLength(4);
    expect(taken).toEqual([
      ['a', 20_000],
      ['b', 20_000],
    ]);
    expect(freed.sort()).toEqual(['a', 'b']);
  });

  test('return to the queue without a free slot, each time later, and other owners are served', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const bodies = [
      of('hostile'),
      of('quiet'),
      of('hostile', { deferrals: 3 }),
      of('hostile', { deferrals: 99 }),
    ];
    const { reads, deferred, response } = consume(bodies, { full: ['hostile'] });
    expect(await response).toEqual({ batchItemFailures: [] });
    expect(reads).toEqual(['deliveries', 'endpoints']);
    expect(deferred).toEqual([
      { message: { ...attempt, owner: 'hostile', deferrals: 1 }, delayMs: 1_500 },
      { message: { ...attempt, owner: 'hostile', deferrals: 4 }, delayMs: 4_500 },
      { message: { ...attempt, owner: 'hostile', deferrals: 100 }, delayMs: 60_000 },
    ]);
  });

  test.each([
    ['rejects one', new Set([1]), ['message-1']],
    ['fails', new Error('unavailable'), ['message-0', 'message-1']],
  ])('fail when the queue %s: SQS delivers them again', async (_what, unsent, failed) => {
    jest.spyOn(log, 'error').mockImplementation(() => {});
    const { response } = consume([of('hostile'), of('hostile')], { full: ['hostile'], unsent });
    expect(await response).toEqual({
      batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })),
    });
  });
});
