/** Creates DynamoDB stream records, in DynamoDB's JSON: one for each change of an item. */
import { randomUUID } from 'node:crypto';
import { REGION } from '../shared/aws-names.ts';

export type Item = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** An item before a write. Without an image, it did not exist. */
export interface BeforeImage {
  readonly Keys: Item;
  readonly OldImage?: Item;
}

/** A change of an item. Without a new image, the item was deleted. */
export interface Change extends BeforeImage {
  readonly NewImage?: Item;
}

/** The identity of a deletion by DynamoDB's time to live. */
export interface UserIdentity {
  readonly type: 'Service';
  readonly principalId: string;
}

export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventVersion: '1.1';
  readonly eventSource: 'aws:dynamodb';
  readonly awsRegion: string;
  readonly dynamodb: Change & {
    /** Whole seconds since 1970. */
    readonly ApproximateCreationDateTime: number;
    /** A fixed number of digits, so that text order is the order of the changes. */
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: 'NEW_AND_OLD_IMAGES';
  };
  readonly eventSourceARN: string;
  readonly userIdentity?: UserIdentity;
}

const SEQUENCE_NUMBER_DIGITS = 21;

export function sequenceNumber(count: number): string {
  return String(count).padStart(SEQUENCE_NUMBER_DIGITS, '0');
}

export function createRecord(
  eventSourceARN: string,
  SequenceNumber: string,
  change: Change,
  userIdentity?: UserIdentity,
): StreamRecord {
  const { OldImage, NewImage } = change;
  return {
    eventID: randomUUID().replaceAll('-', ''),
    eventName: !OldImage ? 'INSERT' : NewImage ? 'MODIFY' : 'REMOVE',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: REGION,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
      ...change,
      SequenceNumber,
      // Size of the JSON. DynamoDB counts the bytes of the attributes.
      SizeBytes: Buffer.byteLength(JSON.stringify(change)),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    eventSourceARN,
    ...(userIdentity && { userIdentity }),
  };
}
