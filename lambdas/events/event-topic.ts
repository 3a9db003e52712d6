/** Publishes events to the SNS topic in batches, with message attributes for filter policies. */
import {
  type BatchResultErrorEntry,
  PublishBatchCommand,
  type PublishBatchRequestEntry,
  type SNSClient,
} from '@aws-sdk/client-sns';
import { messageText } from '../shared/aws/message-text.ts';
import { isMendable, isRefusedForGood } from '../shared/aws/refused-for-good.ts';
import { log } from '../shared/observability/log.ts';
import { toTraceContext } from '../shared/observability/trace-context.ts';
import { EventType } from './event.ts';
import type { EventSink, SinkOutcome, StreamEvent } from './event-sink.ts';

/** SNS limits a batch to 10 entries, and to 262,144 bytes together; the rest is for the attributes. */
const MAX_ENTRIES = 10;
const MAX_BYTES = 240 * 1024;

interface Entry extends PublishBatchRequestEntry {
  readonly source: StreamEvent;
  readonly bytes: number;
}

export class EventTopic implements EventSink {
  readonly name = 'topic';
  readonly #client: SNSClient;
  readonly #topicArn: string;
  readonly #takesProgress: boolean;

  /** @param options.takesProgress publishes `job.progress` too */
  constructor(client: SNSClient, topicArn: string, { takesProgress }: { readonly takesProgress: boolean }) {
    this.#client = client;
    this.#topicArn = topicArn;
    this.#takesProgress = takesProgress;
  }

  /** Publishes events in order, ten a call. When a call fails, it makes no further one. */
  async send(events: readonly StreamEvent[]): Promise<SinkOutcome> {
    const failed: StreamEvent[] = [];
    const refused: StreamEvent[] = [];
    const taken = events.filter(({ event }) => this.#takesProgress || event.type !== EventType.progress);
    const batches = batchesOf(taken.map(entryOf));
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      try {
        const errors = await this.#publish(batch);
        for (const { Id, SenderFault, Code = '' } of errors) {
          const source = batch[Number(Id)]?.source;
          if (source) (SenderFault && !isMendable(Code) ? refused : failed).push(source);
        }
      } catch (error) {
        const [only, another] = batch;
        if (!isRefusedForGood(error)) {
          log.warn('SNS is not available', { error });
          return { failed: [...failed, ...[batch, ...batches].flat().map(({ source }) => source)], refused };
        }
        log.error('SNS refused events', { events: batch.length, error });
        // One entry can make SNS refuse the whole call.
        if (another) batches.unshift(...batch.map((entry) => [entry]));
        else if (only) refused.push(only.source);
      }
    }
    return { failed, refused };
  }

  async #publish(batch: readonly Entry[]): Promise<readonly BatchResultErrorEntry[]> {
    const { Failed = [] } = await this.#client.send(
      new PublishBatchCommand({
        TopicArn: this.#topicArn,
        PublishBatchRequestEntries: batch.map(({ Message, MessageAttributes }, index) => ({
          Id: String(index),
          Message,
          MessageAttributes,
        })),
      }),
    );
    if (Failed.length > 0) log.warn('SNS rejected events', { failed: Failed });
    return Failed;
  }
}

function entryOf(source: StreamEvent): Entry {
  const { event, job } = source;
  const Message = messageText(event);
  return {
    source,
    bytes: Buffer.byteLength(Message),
    Id: event.id,
    Message,
    MessageAttributes: attributes({
      type: event.type,
      operation: event.data.operation,
      status: event.data.status,
      owner: job.owner,
      // Instrumented subscribers continue the trace.
      ...(job.trace && toTraceContext(job.trace)),
    }),
  };
}

function batchesOf(entries: readonly Entry[]): Entry[][] {
  const batches: Entry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const last = batches.at(-1);
    if (last && last.length < MAX_ENTRIES && bytes + entry.bytes <= MAX_BYTES) {
      last.push(entry);
      bytes += entry.bytes;
    } else {
      batches.push([entry]);
      bytes = entry.bytes;
    }
  }
  return batches;
}

function attributes(values: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(values).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
}
