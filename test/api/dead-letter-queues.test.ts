/** Tests what is read of dead-letter queues: numbers, and the deliveries that messages name. The queues are fakes. */
import { GetQueueAttributesCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { DeadLetterQueues } from '../../lambdas/api/operator/dead-letter-queues.ts';

const attempt = {
  type: 'attempt',
  owner: 'ada',
  endpointId: 'ep_1',
  jobId: 'job',
  deliveryKey: '0000000000001.ep_1',
  attempt: 11,
} as const;
const URLS = { deliveries: 'https://sqs/deliveries', events: 'https://sqs/events' };

function queuesWith(deliveries: number, bodies: readonly string[] = []) {
  const sent: object[] = [];
  const send = async (command: { readonly input: object }) => {
    sent.push(command.input);
    if (command instanceof ReceiveMessageCommand) return { Messages: bodies.map((Body) => ({ Body })) };
    if (!(command instanceof GetQueueAttributesCommand)) throw new Error('unexpected');
    const count = command.input.QueueUrl === URLS.deliveries ? deliveries : 4;
    const Attributes = {
      ApproximateNumberOfMessages: `${count}`,
      ApproximateNumberOfMessagesNotVisible: '1',
    };
    return { Attributes };
  };
  return { queues: new DeadLetterQueues({ send } as unknown as SQSClient, URLS), sent };
}

test('messages are counted, also those that somebody has received', async () => {
  const { queues } = queuesWith(2);
  expect((await queues.read()).queues).toEqual([
    { name: 'deliveries', messages: 3 },
    { name: 'events', messages: 5 },
  ]);
});

test('a look hides no message, and is only at messages that name deliveries', async () => {
  const { queues, sent } = queuesWith(1, [JSON.stringify(attempt)]);
  expect((await queues.read()).attempts).toEqual([attempt]);
  expect(sent.filter((input) => 'VisibilityTimeout' in input)).toEqual([
    { QueueUrl: URLS.deliveries, MaxNumberOfMessages: 10, VisibilityTimeout: 0, WaitTimeSeconds: 1 },
  ]);
});

test('an empty queue costs no look', async () => {
  const { queues, sent } = queuesWith(-1);
  expect((await queues.read()).attempts).toEqual([]);
  expect(sent).toHaveLength(2);
});

test('messages that name no delivery are passed over', async () => {
  const verification = { type: 'verification', owner: 'ada', endpointId: 'ep_1' };
  const { queues } = queuesWith(3, ['nonsense', JSON.stringify(verification), '{}']);
  expect((await queues.read()).attempts).toEqual([]);
});
