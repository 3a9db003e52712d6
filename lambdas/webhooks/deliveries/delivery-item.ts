/** A delivery as DynamoDB keeps it, and back. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Delivery } from './delivery.ts';

/** A delivery, and whether it is in the index of those that wait. */
export type StoredDelivery = Delivery & { readonly isWaiting?: true };

/** The event is JSON text: DynamoDB's own types take neither every number nor every depth that JSON does. */
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
