/** Tests that each queue message is handled separately, by its type. */
import { jest } from '@jest/globals';
import { consumeQueue } from '../../../lambdas/webhooks/sending/consume-queue.ts';
import type { DeliverDependencies } from '../../../lambdas/webhooks/sending/deliver.ts';

afterEach(() => jest.restoreAllMocks());

const attempt = { type: 'attempt', owner: 'a', endpointId: 'e', jobId: 'j', deliveryKey: 'k', attempt: 1 };
const verification = { type: 'verification', owner: 'a', endpointId: 'e' };

function consume(bodies: readonly string[], fail = false) {
  const reads: string[] = [];
  const get = (table: string) => async () => {
    reads.push(table);
    if (fail) throw new Error('throttled');
  };
  const dependencies = {
    deliveries: { get: get('deliveries') },
    endpoints: { get: get('endpoints') },
  } as unknown as DeliverDependencies;
  const records = bodies.map((body, index) => ({ messageId: `message-${index}`, body }));
  return { reads, response: consumeQueue(dependencies, records) };
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
  const log = jest.spyOn(console, 'error').mockImplementation(() => {});
  const { response } = consume([JSON.stringify(attempt), 'no json', JSON.stringify(verification)]);
  expect(await response).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] });
  expect(log).toHaveBeenCalledWith({
    message: 'A queue message failed',
    messageId: 'message-1',
    error: new Error('The queue message is not a delivery or a verification.'),
  });
});

test('a message whose read fails is delivered again', async () => {
  jest.spyOn(console, 'error').mockImplementation(() => {});
  const { response } = consume([JSON.stringify(attempt), JSON.stringify(verification)], true);
  expect((await response).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
    'message-0',
    'message-1',
  ]);
});
