/** Writes a CDK app with one operation of the shape of another: its steps, their memory, its disk and its sandbox, without its work. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  isStateMachineOperation,
  type OperationDefinition,
  type StepFiles,
  type StepsOperation,
  stepMemoryMb,
} from '../../lambdas/definition/operation-definition.ts';

/** The repository. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Beside the sources, so that the app finds the packages. */
const FOLDER = join(ROOT, 'bench', 'cost');

/**
 * @param operations of the catalogue
 * @throws Error naming the operation, and the remedy
 */
export function chooseOperation(operations: readonly OperationDefinition[], name: string): StepsOperation {
  const found = operations.find((operation) => operation.name === name);
  if (!found) {
    const names = operations.map((operation) => operation.name).join(', ');
    throw new Error(`There is no operation "${name}". Choose one of: ${names}.`);
  }
  if (isStateMachineOperation(found)) {
    throw new Error(
      `Operation "${name}" runs a state machine of your own: its steps are unknown. Choose another one.`,
    );
  }
  if (found.execution.mode === 'sync') {
    throw new Error(`Operation "${name}" is synchronous and makes no jobs. Choose another one.`);
  }
  return found;
}

/** @returns the path of the app, in a folder that the caller removes */
export async function writeShape(operation: StepsOperation): Promise<string> {
  const folder = await mkdtemp(join(FOLDER, '.shape-'));
  const source = (path: string) => JSON.stringify(join(relative(folder, ROOT), path));
  const steps = Object.keys(operation.steps);
  const files = Object.fromEntries(steps.map((step) => [step, filesOf(operation, step)]));
  const isSandboxed = operation.sandbox !== undefined;
  await mkdir(join(folder, 'catalogue'));
  const app = join(folder, 'app.ts');
  await writeFile(
    app,
    `import { App } from 'aws-cdk-lib';
import { AsyncOperationsStack } from ${source('lib/async-operations-stack.ts')};
import { loadOperations } from ${source('lib/catalogue.ts')};
const app = new App();
const operations = await loadOperations(new URL('./catalogue/index.ts', import.meta.url));
new AsyncOperationsStack(app, 'Cost', { authorization: { mode: 'iam' }, operations });
`,
  );
  const inCatalogue = (path: string) => JSON.stringify(join(relative(join(folder, 'catalogue'), ROOT), path));
  await writeFile(
    join(folder, 'catalogue', 'index.ts'),
    `import * as z from 'zod';
import { defineOperation } from ${inCatalogue('lambdas/definition/define-operation.ts')};
const files = ${JSON.stringify(files)};
export const shape = defineOperation({
  name: 'shape',
  title: 'Shape',
  description: 'Has the shape of another operation.',
  handler: new URL('./steps.lambda.ts', import.meta.url),
  input: z.object({ stepMs: z.number(), lines: z.number(), questions: z.number() }),
  output: z.object({ done: z.boolean() }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  steps: { ${steps.map((step) => `${JSON.stringify(step)}: { timeoutMs: 120_000, memoryMb: ${stepMemoryMb(operation, step)}${isSandboxed ? '' : ', inputTimeoutMs: 600_000'} }`).join(', ')} },
  resources: { storageMb: ${operation.resources?.storageMb ?? 512} },
  ${isSandboxed ? "sandbox: (step, { jobId }) => ({ reads: files[step].reads.map(() => 'projects/shape'), writes: files[step].writes.map((_, index) => 'work/' + jobId + '/' + step + '-' + index) })," : ''}
});
export const operations = [shape];
`,
  );
  await writeFile(
    join(folder, 'catalogue', 'steps.lambda.ts'),
    `import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { ${isSandboxed ? 'sandboxHandler' : 'stepHandler'} } from ${inCatalogue(isSandboxed ? 'lambdas/runner/sandbox/sandbox-handler.ts' : 'lambdas/runner/step-handler.ts')};
import { shape } from './index.ts';
const steps = Object.keys(shape.steps);
const work = (step) => async ({ input, log, requestInput }) => {
  for (let index = 0; step === steps[0] && index < input.questions; index += 1)
    requestInput({ ['question' + index]: { message: 'Go on?', schema: z.object({}) } });
  const pieces = Math.max(1, Math.ceil(input.stepMs / 500));
  for (let piece = 0; piece < pieces; piece += 1) {
    const lines = Math.round(input.lines / steps.length / pieces);
    if (lines > 0) log.write('A line of a log, about as long as others are: 80 characters in all, with its end.\\n'.repeat(lines));
    await delay(input.stepMs / pieces);
  }
  return { done: true };
};
const byName = Object.fromEntries(steps.map((step) => [step, work(step)]));
export const handler = ${isSandboxed ? 'sandboxHandler(byName)' : 'stepHandler(shape, byName)'};
`,
  );
  return relative(ROOT, app);
}

export async function removeShape(app: string): Promise<void> {
  await rm(dirname(join(ROOT, app)), { recursive: true, force: true });
}

/** @returns the files of a step, for any input; none when they depend on the input in another way than by its texts */
function filesOf({ sandbox }: StepsOperation, step: string): StepFiles {
  const anyText = new Proxy({}, { get: () => 'shape' });
  try {
    const { reads, writes } = sandbox?.(step, { input: anyText as never, jobId: 'shape' }) ?? {
      reads: [],
      writes: [],
    };
    return { reads, writes };
  } catch {
    return { reads: [], writes: [] };
  }
}
