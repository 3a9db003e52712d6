/** Starts event source mappings: functions that read tables' streams and queues. */

import type { TableStream } from '../../dynamodb/table-stream.ts';
import type { Environment } from '../../environment.ts';
import type { Faults } from '../../faults.ts';
import type { Iam } from '../../iam/iam.ts';
import { checkMapping, failureDestinationCall, pollingCalls } from '../../iam/mapping-permissions.ts';
import { arn, functionNameOf } from '../../shared/aws-names.ts';
import type { StorageServer } from '../../storage/storage.ts';
import type { Template } from '../../template/assembly.ts';
import type { Resolve } from '../../template/intrinsics.ts';
import { resourcesOf } from '../../template/stack-resources.ts';
import type { LambdaFunction } from '../functions.ts';
import { MAPPING_PROPERTIES, type MappingProperties } from './mapping-properties.ts';
import { readQueueMapping } from './queue-mapping.ts';
import { QueueReader } from './queue-reader.ts';
import { readStreamMapping, type StreamMapping } from './stream-mapping.ts';
import { StreamReader } from './stream-reader.ts';

export interface MappingParts {
  /** Streams by table name. */
  readonly streams: ReadonlyMap<string, TableStream>;
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  readonly storage: StorageServer;
  readonly environment: Environment;
  readonly iam: Iam;
  readonly faults: Faults;
  /** Receives the age of each batch of a stream. @default nothing is measured */
  readonly onStreamAttempt?: (functionName: string, createdMs: number) => void;
}

interface Reader {
  close(): Promise<void>;
}

/**
 * Checks all mappings, then starts them.
 * @throws Error for a source that is neither a table's stream nor a queue of the template. Also for an unsupported option,
 * and for a role that lacks a permission of its mapping. No mapping has started then
 */
export function startEventSourceMappings(
  template: Template,
  resolve: Resolve,
  { streams, functions, storage, environment, iam, faults, onStreamAttempt }: MappingParts,
): Reader {
  const queues = queuesOf(template, resolve);
  const ofStreams: StreamMapping[] = [];
  const starters: (() => Reader)[] = [];
  const found = resourcesOf<MappingProperties>(
    template,
    resolve,
    ['AWS::Lambda::EventSourceMapping'],
    MAPPING_PROPERTIES,
  );
  for (const [name, properties] of found) {
    const { EventSourceArn, FunctionName, Enabled = true } = properties;
    const functionName = functionNameOf(FunctionName);
    const target = functions.get(functionName);
    const ready = () => faults.end('stopped-consumer', functionName);
    if (!target)
      throw new Error(
        `Mapping ${name} invokes ${FunctionName}, which the template does not define: use a function of the stack.`,
      );
    const session = iam.sessionOf(arn('lambda', `function:${functionName}`));
    const polling = pollingCalls(EventSourceArn);
    const stream = [...streams.values()].find(({ arn }) => arn === EventSourceArn);
    const queueUrl = queues.get(EventSourceArn);
    if (stream) {
      const onDeadLetter = (destination: string) =>
        iam.authorize(session, [failureDestinationCall(destination)]);
      const mapping = readStreamMapping(name, properties, { stream, target, storage, onDeadLetter });
      const destination = properties.DestinationConfig?.OnFailure?.Destination;
      checkMapping(iam, name, session, [
        ...polling,
        ...(destination ? [failureDestinationCall(destination)] : []),
      ]);
      ofStreams.push(mapping);
      if (Enabled) {
        starters.push(() => {
          iam.authorize(session, polling);
          return new StreamReader({
            ...mapping.options,
            ready,
            expires: () => faults.isActive('expired-records', functionName),
            repeats: () => faults.strikes('duplicated-records', functionName),
            onAttempt: onStreamAttempt && ((createdMs) => onStreamAttempt(functionName, createdMs)),
          });
        });
      }
    } else if (queueUrl) {
      const clientOptions = environment.clientOptions('SQS', session.credentials);
      const options = readQueueMapping(name, properties, { queueUrl, clientOptions, target });
      checkMapping(iam, name, session, polling);
      if (Enabled)
        starters.push(
          () =>
            new QueueReader({
              ...options,
              ready,
              repeats: () => faults.strikes('duplicated-messages', functionName),
              isLate: () => faults.strikes('late-messages', functionName),
            }),
        );
    } else {
      throw new Error(
        `Mapping ${name} reads ${EventSourceArn}: use a table's stream or a queue of the template.`,
      );
    }
  }

  for (const stream of streams.values()) {
    // A disabled mapping keeps its position.
    const ofStream = ofStreams.filter(({ options }) => options.stream === stream);
    stream.setReaders(
      new Map(ofStream.map(({ options, startingPosition }) => [options.name, startingPosition])),
    );
  }
  const readers = starters.map((start) => start());
  return {
    close: async () => void (await Promise.all(readers.map((reader) => reader.close()))),
  };
}

/** Returns the URLs of the template's queues, by ARN. */
function queuesOf(template: Template, resolve: Resolve): Map<string, string> {
  const urls = [...resourcesOf(template, resolve, ['AWS::SQS::Queue'], []).keys()];
  return new Map(urls.map((url) => [arn('sqs', url.split('/').at(-1) ?? ''), url]));
}
