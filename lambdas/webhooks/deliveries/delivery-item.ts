/** Maps a delivery to its DynamoDB item and back. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Delivery } from './delivery.ts';

/** A delivery, and whether the waiting index contains it. */
export type StoredDelivery = Delivery & { readonly isWaiting?: true };

/** Stores the event as JSON text: DynamoDB's types do not support every number and every depth of JSON. */
export function toItem({
  event,
  ...rest
}: Delivery & { readonly listedUnder?: string }): Record<string, AttributeValue> {
  return marshall({ ...rest, event: JSON.stringify(event) }, { removeUndefinedValues: true });
}

export function fromItem(item: Record<string, AttributeValue>): StoredDelivery {
  const { listedUnder: _, waitingShard, event, ...rest } = unmarshall(item);
  const delivery = { ...rest, event: JSON.parse(event) } as Delivery;
  return waitingShard === undefined ? delivery : { ...delivery, isWaiting: true };
}
