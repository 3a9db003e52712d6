/** Measures the steps of `build` with the CPU of several memory sizes, to choose the memory of each. */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tar from 'tar';
import { CpuQuota, cpusOf } from '../cpu-quota.ts';
import { median } from '../measure.ts';
import type { StepMessage } from './build-steps-child.ts';

/** MiB: 0.58, 1, 1.16, 1.45 and 1.7 CPUs. */
export const MEMORY_SIZES = [1_024, 1_769, 2_048, 2_560, 3_008] as const;
const SAMPLE_MS = 200;

/** One step with the CPU of one memory size. */
export interface MeasuredStep {
  readonly step: string;
  readonly memoryMb: number;
  /** Whether the step began without the files of the steps before, and restored them. */
  readonly restores: boolean;
  readonly ms: number;
  /** Most memory that all of its processes held at once. */
  readonly peakMb: number;
}

/** @param scratch an existing directory. @returns undefined where CPU cannot be limited */
export async function measureBuildSteps(
  scratch: string,
  repeats: number,
): Promise<readonly MeasuredStep[] | undefined> {
  const quota = await CpuQuota.create();
  if (!quota) return undefined;
  try {
    const archive = await writeProject(join(scratch, 'project'));
    const runs: MeasuredStep[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1)
      for (const restores of [false, true])
        for (const memoryMb of MEMORY_SIZES) {
          console.error(
            `Build ${repeat + 1} with ${memoryMb} MiB${restores ? ', each step on a new machine' : ''} …`,
          );
          runs.push(...(await runBuild(quota, archive, memoryMb, restores)));
        }
    return summarize(runs);
  } finally {
    await quota.close();
  }
}

async function runBuild(
  quota: CpuQuota,
  archive: string,
  memoryMb: number,
  restores: boolean,
): Promise<readonly MeasuredStep[]> {
  const file = fileURLToPath(new URL('build-steps-child.ts', import.meta.url));
  const child = fork(file, [archive, restores ? 'lose' : 'keep']);
  await quota.set(cpusOf(memoryMb));
  await quota.add(child.pid ?? 0);
  const steps: MeasuredStep[] = [];
  let peak = { mb: 0 };
  child.on('message', (message: StepMessage) => {
    if ('begins' in message) peak = { mb: 0 };
    else steps.push({ step: message.ended, memoryMb, restores, ms: message.ms, peakMb: peak.mb });
  });
  const sample = setInterval(async () => {
    const ofStep = peak;
    ofStep.mb = Math.max(ofStep.mb, await quota.memoryMb());
  }, SAMPLE_MS);
  child.send('begin');
  const [exitCode] = await once(child, 'exit');
  clearInterval(sample);
  if (exitCode !== 0) throw new Error(`The build with ${memoryMb} MiB failed with exit code ${exitCode}.`);
  return steps;
}

/** What a build takes with one memory for each step. */
export interface Plan {
  readonly memoryMb: readonly number[];
  readonly seconds: number;
  readonly gbSeconds: number;
}

/** One memory for all steps, and combinations of two. */
const PLANS: readonly (readonly number[])[] = [
  ...MEMORY_SIZES.map((size) => [size, size, size, size]),
  [1_769, 3_008, 3_008, 1_769],
  [1_769, 3_008, 1_769, 1_769],
  [1_769, 2_560, 2_560, 1_769],
];

/** @returns the plans. A step restores the files of the steps before, unless the one before it ran in the same function. */
export function plansOf(measured: readonly MeasuredStep[]): readonly Plan[] {
  const steps = [...new Set(measured.map(({ step }) => step))];
  return PLANS.map((memoryMb) => {
    const parts = memoryMb.map((size, index) => {
      const restores = index > 0 && memoryMb[index - 1] !== size;
      const found = measured.find(
        (each) => each.step === steps[index] && each.memoryMb === size && each.restores === restores,
      );
      return { ms: found?.ms ?? Number.NaN, size };
    });
    return {
      memoryMb,
      seconds: parts.reduce((sum, { ms }) => sum + ms, 0) / 1_000,
      gbSeconds: parts.reduce((sum, { ms, size }) => sum + ms * size, 0) / 1_024_000,
    };
  });
}

function summarize(runs: readonly MeasuredStep[]): readonly MeasuredStep[] {
  const key = ({ step, memoryMb, restores }: MeasuredStep) => `${step} ${memoryMb} ${restores}`;
  return [...Map.groupBy(runs, key).values()].map((same) => ({
    ...(same[0] as MeasuredStep),
    ms: median(same.map(({ ms }) => ms)),
    peakMb: Math.max(...same.map(({ peakMb }) => peakMb)),
  }));
}

/** Modules that tsc compiles, and test files that a test runner runs. */
const MODULES = 200;
const TEST_FILES = 30;

/** Writes the archive of a service in TypeScript with a server, schemas and tests, and its lock file. */
async function writeProject(directory: string): Promise<string> {
  const files: Record<string, string> = {
    'package.json': JSON.stringify({
      name: 'sample',
      version: '1.0.0',
      type: 'module',
      main: 'dist/index.js',
      files: ['dist'],
      scripts: { build: 'tsc -p .', test: 'vitest run' },
      dependencies: { express: '^5.1.0', pino: '^9.9.0', zod: '^4.1.0' },
      devDependencies: {
        '@types/express': '^5.0.0',
        '@types/node': '^24.0.0',
        typescript: '~5.9.0',
        vitest: '^3.2.0',
      },
    }),
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        module: 'nodenext',
        strict: true,
        declaration: true,
        sourceMap: true,
        rootDir: 'src',
        outDir: 'dist',
      },
      include: ['src'],
    }),
    'src/index.ts': `import express from 'express';
import { pino } from 'pino';
${range(MODULES)
  .map((n) => `import { router as router${n} } from './module-${n}.js';`)
  .join('\n')}
const app = express().use(express.json());
${range(MODULES)
  .map((n) => `app.use('/${n}', router${n});`)
  .join('\n')}
app.listen(Number(process.env.PORT ?? 3000), () => pino().info('listening'));
`,
  };
  for (const n of range(MODULES)) {
    files[`src/module-${n}.ts`] = `import { Router } from 'express';
import { z } from 'zod';
export const schema${n} = z.object({
  id: z.string().uuid(),
  name: z.string().min(1).max(${n + 10}),
  tags: z.array(z.enum(['a', 'b', 'c'])).default([]),
  size: z.object({ width: z.number().int().positive(), height: z.number().int().positive() }).optional(),
  kind: z.discriminatedUnion('type', [
    z.object({ type: z.literal('file'), path: z.string() }),
    z.object({ type: z.literal('link'), url: z.string().url() }),
  ]),
});
export type Item${n} = z.infer<typeof schema${n}>;
export type View${n} = Omit<Item${n}, 'tags'> & { readonly area: number; readonly tags: string };
export function view${n}(item: Item${n}): View${n} {
  const { width, height } = item.size ?? { width: 1, height: ${n + 1} };
  return { ...item, area: width * height, tags: item.tags.join(',') };
}
export const router = Router();
router.post('/', (request, response) => {
  const parsed = schema${n}.safeParse(request.body);
  if (!parsed.success) return void response.status(400).json(parsed.error.issues);
  response.json(view${n}(parsed.data));
});
`;
  }
  for (const n of range(TEST_FILES)) {
    files[`test/module-${n}.test.ts`] = `import { describe, expect, it } from 'vitest';
import { schema${n}, view${n} } from '../src/module-${n}.js';
describe('module ${n}', () => {
  it.each(Array.from({ length: 20 }, (_, index) => index + 1))('computes an area of %d', (width) => {
    const item = schema${n}.parse({
      id: '4f2c0d0e-3b5a-4c53-9d7e-8f1a2b3c4d5e',
      name: 'x',
      size: { width, height: 2 },
      kind: { type: 'file', path: '/' },
    });
    expect(view${n}(item).area).toBe(width * 2);
  });
});
`;
  }
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  await promisify(execFile)('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
    cwd: directory,
  });
  const archive = `${directory}.tar.gz`;
  await tar.create({ file: archive, cwd: directory, gzip: true }, ['.']);
  await rm(directory, { recursive: true });
  return archive;
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
