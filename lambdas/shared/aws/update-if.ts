/** Updates a DynamoDB item under a condition. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';

/** @returns the new item; undefined when the condition does not hold */
export async function updateIf(
  client: DynamoDBClient,
  update: Omit<UpdateItemCommandInput, 'ReturnValues'>,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const { Attributes = {} } = await client.send(
      new UpdateItemCommand({ ...update, ReturnValues: 'ALL_NEW' }),
    );
    return unmarshall(Attributes);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
