/** Runs step 1: checks the table and the change. */
import { OperationError } from 'mcp-async-operations/operation';
import type { StepOf } from 'mcp-async-operations/steps';
import type { migrate } from './operation.ts';
import type { OperatorTables } from './operator-tables.ts';

export const plan =
  (tables: OperatorTables): StepOf<typeof migrate, 'plan'> =>
  async ({ input, signal }) => {
    const found = await tables.describe(input.table, signal);
    const { set, remove, rename } = input;
    const changed = [...Object.keys(set), ...remove, ...Object.entries(rename).flat()];
    if (changed.length === 0) throw invalid('they contain no change. Give set, remove or rename');
    const twice = changed.find((name, index) => changed.indexOf(name) !== index);
    if (twice !== undefined) throw invalid(`"${twice}" appears twice. Give one change per attribute`);
    const key = changed.find((name) => found.keys.includes(name));
    if (key !== undefined)
      throw invalid(`"${key}" is a key of ${input.table}. Remove it, because keys cannot change`);
    return found;
  };

function invalid(reason: string): OperationError {
  return new OperationError('MIGRATION_INVALID', `set, remove, rename: ${reason}.`);
}
