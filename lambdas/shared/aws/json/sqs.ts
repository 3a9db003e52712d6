/** Replaces `@aws-sdk/client-sqs` in the engine's functions, with the commands that they use. */
import { JsonClient, type JsonClientOptions, type JsonService } from './client.ts';
import { commandOf } from './command.ts';

const SERVICE: JsonService = {
  name: 'sqs',
  target: 'AmazonSQS',
  errors: {},
  // As the SDK does, whatever endpoint the environment names.
  endpointOf: (input) => new URL((input as { readonly QueueUrl: string }).QueueUrl).origin,
};

export class SQSClient extends JsonClient {
  constructor(options: JsonClientOptions = {}) {
    super(SERVICE, options);
  }
}

export const GetQueueAttributesCommand = commandOf('GetQueueAttributes');
export const ReceiveMessageCommand = commandOf('ReceiveMessage');
export const SendMessageCommand = commandOf('SendMessage');
export const SendMessageBatchCommand = commandOf('SendMessageBatch');
