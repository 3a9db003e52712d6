/** Replaces `@aws-sdk/client-dynamodb` in the engine's functions, with the commands that they use. */
import { JsonClient, type JsonClientOptions, type JsonService, ServiceException } from './client.ts';
import { commandOf } from './command.ts';

export class ConditionalCheckFailedException extends ServiceException {}
export class ResourceNotFoundException extends ServiceException {}

const SERVICE: JsonService = {
  name: 'dynamodb',
  target: 'DynamoDB_20120810',
  errors: { ConditionalCheckFailedException, ResourceNotFoundException },
};

export class DynamoDBClient extends JsonClient {
  constructor(options: JsonClientOptions = {}) {
    super(SERVICE, options);
  }
}

export const BatchGetItemCommand = commandOf('BatchGetItem');
export const DeleteItemCommand = commandOf('DeleteItem');
export const GetItemCommand = commandOf('GetItem');
export const PutItemCommand = commandOf('PutItem');
export const QueryCommand = commandOf('Query');
export const ScanCommand = commandOf('Scan');
export const UpdateItemCommand = commandOf('UpdateItem');

export const paginateQuery = pagesOf(QueryCommand);
export const paginateScan = pagesOf(ScanCommand);

function pagesOf(Command: ReturnType<typeof commandOf>) {
  return async function* ({ client }: { readonly client: DynamoDBClient }, input: object) {
    let key: object | undefined;
    do {
      const command = new Command({ ...input, ...(key && { ExclusiveStartKey: key }) });
      const page = await client.send<{ readonly LastEvaluatedKey?: object }>(command);
      yield page;
      key = page.LastEvaluatedKey;
    } while (key);
  };
}
