/** Plans the jobs of a run: who starts them, what they do, and what their callers do to them. */
import { seeded } from './seeded.ts';

/** Starts most of the jobs. The others must not notice. */
export const FLOODER = 'flooder';
const FLOODERS_SHARE = 0.8;

export interface PlannedJob {
  /** Idempotency key, unique in the run. */
  readonly key: string;
  readonly owner: string;
  readonly operation: 'chore' | 'confined' | 'echo';
  readonly behaviour: Behaviour;
  /** When its caller cancels it, after the start was accepted. @default never */
  readonly cancelAfterMs?: number;
  /** Its caller sends the start twice at once. */
  readonly isDoubled: boolean;
  /** Its caller does not repeat a start that fails, and never looks again. */
  readonly isAbandoned: boolean;
}

/** Of the operations: `tick` of `confined`, in a sandbox; `echo` of `echo`; the others of `chore`. */
export type Behaviour = 'ask' | 'echo' | 'fail' | 'fail_once' | 'plain' | 'slow' | 'tick';

/** Shares of all jobs; the rest echoes. */
const BEHAVIOURS: readonly (readonly [Behaviour, number])[] = [
  ['plain', 0.2],
  ['ask', 0.07],
  ['fail_once', 0.06],
  ['fail', 0.03],
  ['slow', 0.04],
  ['tick', 0.02],
];
const CANCELLED = 0.08;
const LATEST_CANCEL_MS = 2_500;
const DOUBLED = 0.05;
const ABANDONED = 0.02;

/** @param burst number of jobs that start at once: those of the flooder come first */
export function planJobs(
  jobs: number,
  burst: number,
  seed: number,
  abandons: boolean,
): readonly PlannedJob[] {
  const random = seeded(seed, 'plan');
  const others = ownersBeside(jobs);
  const planned = Array.from({ length: jobs }, (_, index): PlannedJob => {
    const owner =
      random() < FLOODERS_SHARE ? FLOODER : (others[Math.floor(random() * others.length)] ?? FLOODER);
    const behaviour = pick(random());
    const isCancelled = random() < CANCELLED;
    return {
      key: `chaos-${seed}-${index}`,
      owner,
      operation: operationOf(behaviour),
      behaviour,
      ...(isCancelled && { cancelAfterMs: random() * LATEST_CANCEL_MS }),
      isDoubled: random() < DOUBLED,
      isAbandoned: random() < ABANDONED && abandons,
    };
  });
  const isOther = ({ owner }: PlannedJob) => owner !== FLOODER;
  const first = planned.slice(0, burst).sort((a, b) => Number(isOther(a)) - Number(isOther(b)));
  return [...first, ...planned.slice(burst)];
}

/** Returns the flooder and the owners of few jobs each. */
export function ownersOf(jobs: number): readonly string[] {
  return [FLOODER, ...ownersBeside(jobs)];
}

function ownersBeside(jobs: number): readonly string[] {
  const count = Math.min(20, Math.max(4, Math.floor(jobs / 500)));
  return Array.from({ length: count }, (_, index) => `owner-${index}`);
}

function operationOf(behaviour: Behaviour): PlannedJob['operation'] {
  if (behaviour === 'tick') return 'confined';
  return behaviour === 'echo' ? 'echo' : 'chore';
}

function pick(number: number): Behaviour {
  let sum = 0;
  for (const [behaviour, share] of BEHAVIOURS) {
    sum += share;
    if (number < sum) return behaviour;
  }
  return 'echo';
}
