/** Event source mappings that are refused before any of them starts. */
import { expect, test } from '@jest/globals';
import { TableStream } from '../../../local/dynamodb/table-stream.ts';
import {
  type MappingParts,
  startEventSourceMappings,
} from '../../../local/lambda/mappings/event-source-mappings.ts';
import { createResolver } from '../../../local/template/intrinsics.ts';

const stream = new TableStream('jobs', ['id']);
const MAPPING = { EventSourceArn: stream.arn, FunctionName: 'reader', StartingPosition: 'LATEST' };

function start(properties: object): void {
  const template = {
    Resources: {
      Reads: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { ...MAPPING, ...properties } },
    },
  };
  const addresses = { api: 'http://127.0.0.1:1', sqs: 'http://127.0.0.1:2' };
  const parts = {
    streams: new Map([['jobs', stream]]),
    functions: new Map([['reader', {}]]),
    iam: { sessionOf: () => ({}) },
  };
  startEventSourceMappings(
    template,
    createResolver({ template, stackName: 'S', addresses }),
    parts as unknown as MappingParts,
  );
}

const QUEUE_ARN = 'arn:aws:sqs:us-east-1:000000000000:jobs';

test.each([
  ['a queue of another stack', { EventSourceArn: QUEUE_ARN }, `Mapping Reads reads ${QUEUE_ARN}`],
  ['a function that is not there', { FunctionName: 'nobody' }, 'invokes nobody'],
  ['a start by the clock', { StartingPosition: 'AT_TIMESTAMP' }, 'starts at AT_TIMESTAMP'],
  ['an age limit', { MaximumRecordAgeInSeconds: 60 }, 'has MaximumRecordAgeInSeconds'],
  [
    'a filter by number',
    { FilterCriteria: { Filters: [{ Pattern: '{"a":[{"numeric":[">",1]}]}' }] } },
    'Mapping Reads has a pattern that the local cloud cannot match, at {"numeric":[">",1]}',
  ],
  [
    'a bucket for failures',
    { DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::bucket' } } },
    'the failure destination arn:aws:s3:::bucket',
  ],
])('a mapping with %s is refused, and named', (_what, properties, message) => {
  expect(() => start(properties)).toThrow(message);
});
