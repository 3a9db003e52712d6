/** Maps requests to DynamoDB to IAM calls on tables and indexes. */
import { arn } from '../shared/aws-names.ts';
import type { Call } from './statements.ts';

interface Input {
  readonly TableName?: string;
  readonly ResourceArn?: string;
  readonly IndexName?: string;
  /** Keys are table names or ARNs. */
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  /** Each object has one entry: `{ Put: { TableName } }`. */
  readonly TransactItems?: readonly Readonly<Record<string, { readonly TableName?: string }>>[];
}

/** Actions of the parts of a transaction. Each part needs the permission of the single action. */
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
      return orWildcard(
        action,
        Object.keys(input.RequestItems ?? {}).map((table) => call(action, tableArn(table))),
      );
    case 'TransactGetItems':
    case 'TransactWriteItems':
      return orWildcard(
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

/** A request without tables needs permission on `*`. */
function orWildcard(action: string, calls: Call[]): Call[] {
  return calls.length > 0 ? calls : [call(action, '*')];
}

function call(action: string, resource: string): Call {
  return { action: `dynamodb:${action}`, resource };
}

function indexArn({ TableName, IndexName }: Input): string {
  return IndexName === undefined ? tableArn(TableName) : `${tableArn(TableName)}/index/${IndexName}`;
}

/** DynamoDB accepts an ARN instead of a name. */
function tableArn(name: string | undefined): string {
  if (name === undefined) return '*';
  return name.startsWith('arn:') ? name : arn('dynamodb', `table/${name}`);
}
