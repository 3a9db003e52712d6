/** Counts what all functions of a local cloud use of AWS. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudWatch } from '../../local/cloudwatch/cloudwatch.ts';
import { CallCounter } from '../../test/support/call-counter.ts';

/** What one function did. */
export interface FunctionUse {
  readonly invocations: number;
  readonly ms: number;
}

/** Counts for one cloud: spread `options` into those of `startLocalCloud`. Schedules do not run then: an idle stack is another table. */
export class Observer {
  readonly counter = new CallCounter();
  /** Measures each invocation. */
  readonly cloudWatch = new CloudWatch();
  readonly #functions = new Map<string, { invocations: number; ms: number }>();
  #logBytes = 0;
  /** Custom metrics with their dimensions: CloudWatch bills each of them. */
  readonly metrics = new Set<string>();

  constructor() {
    this.cloudWatch.record = (namespace, name, { FunctionName }, value) => {
      if (namespace !== 'AWS/Lambda' || FunctionName === undefined) return;
      if (name === 'Invocations') this.#useOf(FunctionName).invocations += value;
    };
  }

  #useOf(functionName: string): { invocations: number; ms: number } {
    const use = this.#functions.get(functionName) ?? { invocations: 0, ms: 0 };
    this.#functions.set(functionName, use);
    return use;
  }

  readonly onBilled = (functionName: string, ms: number): void => {
    this.#useOf(functionName).ms += ms;
  };

  readonly onLog = (_functionName: string, line: string): void => {
    this.#logBytes += Buffer.byteLength(line) + 1;
    for (const metric of metricsIn(line)) this.metrics.add(metric);
  };

  get options() {
    const { cloudWatch, onBilled, onLog } = this;
    return { cloudWatch, onAwsCall: this.counter.count, onBilled, onLog };
  }

  reset(): void {
    this.counter.reset();
    this.#functions.clear();
    this.#logBytes = 0;
  }

  /** Calls by service and action: `{ 'dynamodb:GetItem': 1 }`. */
  calls(...names: readonly string[]): number {
    return names.reduce((sum, name) => sum + (this.counter.counts[name] ?? 0), 0);
  }

  get functions(): ReadonlyMap<string, FunctionUse> {
    return this.#functions;
  }

  /** Bytes that the functions logged, without the lines of Lambda itself. */
  get logBytes(): number {
    return this.#logBytes;
  }

  /** Waits until no function has run and no call has arrived for a second: events and webhooks follow their job. */
  async settled(): Promise<void> {
    const total = () =>
      Object.entries(this.counter.counts).reduce(
        (sum, [name, count]) => sum + (name === 'sqs:ReceiveMessage' ? 0 : count),
        0,
      );
    for (let before = -1; before !== total(); ) {
      before = total();
      await this.cloudWatch.idle(60_000);
      await delay(1_000);
    }
  }
}

interface EmbeddedMetrics {
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly {
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
}

/** @returns the metrics in a line of the embedded metric format, with the values of their dimensions */
function metricsIn(line: string): readonly string[] {
  if (!line.includes('"_aws"')) return [];
  const document = JSON.parse(line) as EmbeddedMetrics & Readonly<Record<string, unknown>>;
  return (document._aws?.CloudWatchMetrics ?? []).flatMap(({ Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name }) => [Name, ...names.map((name) => `${name}=${document[name]}`)].join(' ')),
    ),
  );
}

export interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }>
  >;
}

/** @returns the template of the only stack in an assembly */
export async function readTemplate(directory: string): Promise<Template> {
  const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'));
  const stacks = Object.values<{ type: string; properties?: { templateFile: string } }>(manifest.artifacts);
  const file = stacks.find(({ type }) => type === 'aws:cloudformation:stack')?.properties?.templateFile;
  return JSON.parse(await readFile(join(directory, file ?? ''), 'utf8'));
}
