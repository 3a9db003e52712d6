/** Step 1: whether the table is allowed, and the change is one that can be made of it. */
import { AppError, ErrorCode } from '../../shared/errors.ts';
import type { Step } from '../../definition/step-context.ts';
import type { MigrateInput } from './operation.ts';
import type { OperatorTables } from './operator-tables.ts';

/** A type and not an interface, so that it is JSON to the compiler. */
export type Plan = {
  /** The partition key, and the sort key if there is one. */
  readonly keys: string[];
  /** About as many: DynamoDB counts every six hours. */
  readonly items: number;
};

export const plan =
  (tables: OperatorTables): Step<MigrateInput> =>
  async ({ input, signal }): Promise<Plan> => {
    const found = await tables.describe(input.table, signal);
    const { set, remove, rename } = input;
    const changed = [...Object.keys(set), ...remove, ...Object.entries(rename).flat()];
    if (changed.length === 0) throw invalid('there is nothing to change. Give set, remove or rename');
    const twice = changed.find((name, index) => changed.indexOf(name) !== index);
    if (twice !== undefined) throw invalid(`"${twice}" is named twice. Say one thing about each attribute`);
    const key = changed.find((name) => found.keys.includes(name));
    if (key !== undefined) throw invalid(`"${key}" is a key of ${input.table}, and keys cannot be changed`);
    return found;
  };

function invalid(reason: string): AppError {
  return new AppError(ErrorCode.migrationInvalid, `set, remove, rename: ${reason}.`);
}
