/** Keeps the last findings of the sweep for operators, in one item. A sweep without findings writes nothing. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { batchGet } from '../../shared/aws/batch-get.ts';
import { updateIf } from '../../shared/aws/update-if.ts';
import { LEASE_KEY } from './sweep-lease.ts';

/** What the sweep found and repaired. */
export const Finding = {
  /** A pending job had no execution; the sweep started it. */
  startLost: 'start_lost',
  /** A pending job cannot start; the sweep failed it. */
  startRefused: 'start_refused',
  /** The execution of an open job had ended; the sweep recorded the end. */
  endLost: 'end_lost',
  /** A file had arrived; the sweep resumed its job. */
  uploadLost: 'upload_lost',
  /** The operation of an open job was removed; the sweep failed the job. */
  operationRemoved: 'operation_removed',
} as const;
export type Finding = (typeof Finding)[keyof typeof Finding];

export interface SweepFinding {
  readonly finding: Finding;
  readonly jobId: string;
  /** ISO 8601. */
  readonly foundAt: string;
}

/** Some 12 KB. */
export const MAX_FINDINGS = 100;

const KEY = marshall({ id: 'findings' });

export class SweepFindings {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor({ client, tableName }: { readonly client: DynamoDBClient; readonly tableName: string }) {
    this.#client = client;
    this.#tableName = tableName;
  }

  /** One write, and one more when old findings drop out. The lease keeps two writers apart. @param found the newest first */
  async add(found: readonly SweepFinding[]): Promise<void> {
    if (found.length === 0) return;
    const item = await this.#set('list_append(:found, if_not_exists(#findings, :none))', {
      ':found': found.slice(0, MAX_FINDINGS),
      ':none': [],
    });
    const all = item?.findings as readonly SweepFinding[];
    if (all.length > MAX_FINDINGS) await this.#set(':kept', { ':kept': all.slice(0, MAX_FINDINGS) });
  }

  /** One read. @returns the findings, the newest first, and when the last sweep began (ISO 8601); undefined before the first */
  async read(): Promise<{ readonly findings: readonly SweepFinding[]; readonly sweptAt?: string }> {
    const items = await batchGet(this.#client, this.#tableName, [KEY, LEASE_KEY]);
    const { findings = [], sweptAt } = Object.assign({}, ...items.map((item) => unmarshall(item)));
    return { findings, sweptAt };
  }

  #set(value: string, values: Readonly<Record<string, unknown>>) {
    return updateIf(this.#client, {
      TableName: this.#tableName,
      Key: KEY,
      UpdateExpression: `SET #findings = ${value}`,
      ExpressionAttributeNames: { '#findings': 'findings' },
      ExpressionAttributeValues: marshall(values),
    });
  }
}
