/** What a request to DynamoDB does, and to which tables and indexes. */
import { arn } from '../shared/aws-names.ts';
import type { Call } from './statements.ts';

interface Input {
  readonly TableName?: string;
  readonly ResourceArn?: string;
  readonly IndexName?: string;
  /** By table name or ARN. */
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  /** Each with one entry: `{ Put: { TableName } }`. */
  readonly TransactItems?: readonly Readonly<Record<string, { readonly TableName?: string }>>[];
}

/** What each part of a transaction needs is what it would need alone. */
const TRANSACT_ACTIONS: Readonly<Record<string, string>> = {
  ConditionCheck: 'ConditionCheckItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
};

export function tableCalls(action: string, input: Input): Call[] {
  switch (action) {
    case 'Query':
    case 'Scan':
      return [call(action, indexArn(input))];
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return orAnything(
        action,
        Object.keys(input.RequestItems ?? {}).map((table) => call(action, tableArn(table))),
      );
    case 'TransactGetItems':
    case 'TransactWriteItems':
      return orAnything(
        action,
        (input.TransactItems ?? []).flatMap((item) =>
          Object.entries(item).map(([part, { TableName }]) =>
            call(TRANSACT_ACTIONS[part] ?? part, tableArn(TableName)),
          ),
        ),
      );
    default:
      return [call(action, input.ResourceArn ?? tableArn(input.TableName))];
  }
}

/** A request about nothing is not free for all. */
function orAnything(action: string, calls: Call[]): Call[] {
  return calls.length > 0 ? calls : [call(action, '*')];
}

function call(action: string, resource: string): Call {
  return { action: `dynamodb:${action}`, resource };
}

function indexArn({ TableName, IndexName }: Input): string {
  return IndexName === undefined ? tableArn(TableName) : `${tableArn(TableName)}/index/${IndexName}`;
}

/** DynamoDB takes an ARN in a name's place. */
function tableArn(name: string | undefined): string {
  if (name === undefined) return '*';
  return name.startsWith('arn:') ? name : arn('dynamodb', `table/${name}`);
}
