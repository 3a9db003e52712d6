/** Runs step 2: processes all segments of the table in parallel, page by page, with a checkpoint each. */
import { OperationError } from 'mcp-async-operations/operation';
import type { ResultsOf, StepContext, StepOf } from 'mcp-async-operations/steps';
import { attributesOf, decide, type Item } from './change.ts';
import { Checkpoint } from './checkpoint.ts';
import { type Counts, type MigrateInput, migrate } from './operation.ts';
import type { OperatorTables } from './operator-tables.ts';

/** Parallel segments; one function can handle this number of parallel pages. */
const SEGMENTS = 4;
const WRITES_AT_ONCE = 10;
/** Time before the timeout of the attempt, for pages in progress. */
const WRAP_UP_MS = 60_000;

type Context = StepContext<MigrateInput, ResultsOf<typeof migrate>>;

export const apply =
  (tables: OperatorTables): StepOf<typeof migrate, 'apply'> =>
  async (context) => {
    const { input, results, progress, log } = context;
    const { items } = results.plan;
    const endAt = Date.now() + migrate.steps.apply.timeoutMs - WRAP_UP_MS;
    const segments = await Promise.all(
      Array.from({ length: SEGMENTS }, (_, segment) => Checkpoint.load(context, segment)),
    );
    const reportProgress = () => {
      const { scanned } = sum(segments);
      if (items > 0) progress(Math.min(0.99, scanned / items), `${scanned} of about ${items} items`);
      else progress(0, `${scanned} items`);
    };
    await Promise.all(
      segments.map(async (checkpoint, segment) => {
        while (!checkpoint.progress.isDone) {
          if (Date.now() > endAt) throw outOfTime(segments);
          await applyPage(context, tables, checkpoint, segment);
          reportProgress();
        }
      }),
    );
    const counts = sum(segments);
    log.write(`${JSON.stringify(counts)}\n`);
    return { table: input.table, dry_run: input.dry_run, ...counts };
  };

async function applyPage(
  context: Context,
  tables: OperatorTables,
  checkpoint: Checkpoint,
  segment: number,
): Promise<void> {
  const { input, results, signal } = context;
  const { keys } = results.plan;
  const { counts, after } = checkpoint.progress;
  const attributes = [...keys, ...attributesOf(input)];
  const part = { segment, segments: SEGMENTS };
  const { items, next } = await tables.page(input.table, part, attributes, after, signal);
  const ends: (keyof Counts)[] = [];
  for (let start = 0; start < items.length; start += WRITES_AT_ONCE) {
    const batch = items.slice(start, start + WRITES_AT_ONCE);
    const outcomes = await Promise.all(batch.map((item) => applyItem(context, tables, keys, item)));
    ends.push(...outcomes.flat());
  }
  const added = (name: keyof Counts) => counts[name] + ends.filter((end) => end === name).length;
  await checkpoint.save({
    counts: {
      scanned: added('scanned'),
      matched: added('matched'),
      changed: added('changed'),
      already: added('already'),
      conflicts: added('conflicts'),
    },
    ...(next && { after: next }),
    isDone: next === undefined,
  });
}

/** @returns the counts to which the item adds */
async function applyItem(
  { input, signal }: Context,
  tables: OperatorTables,
  keys: readonly string[],
  item: Item,
): Promise<(keyof Counts)[]> {
  const decision = decide(input, keys[0] ?? '', item);
  switch (decision.kind) {
    case 'unmatched':
      return ['scanned'];
    case 'already':
      return ['scanned', 'matched', 'already'];
    case 'conflict':
      return ['scanned', 'matched', 'conflicts'];
    case 'update': {
      const key = Object.fromEntries(keys.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
      const isWritten = input.dry_run || (await tables.update(input.table, key, decision.update, signal));
      return ['scanned', 'matched', isWritten ? 'changed' : 'conflicts'];
    }
  }
}

function sum(segments: readonly Checkpoint[]): Counts {
  const total = (name: keyof Counts) =>
    segments.reduce((count, { progress }) => count + progress.counts[name], 0);
  return {
    scanned: total('scanned'),
    matched: total('matched'),
    changed: total('changed'),
    already: total('already'),
    conflicts: total('conflicts'),
  };
}

function outOfTime(segments: readonly Checkpoint[]): OperationError {
  return new OperationError(
    'STEP_TIMED_OUT',
    `The migration timed out after ${sum(segments).scanned} items. Start it again; changed items stay changed.`,
    { retryable: true },
  );
}
