/** How much one build may take, in one place: every number here can be met by an error that names it. */
import { type SourceLimits, sourceLimits } from '../project/source-limits.ts';

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;

export interface BuildLimits {
  readonly source: SourceLimits;
  /** Bytes of the compressed tree, with its dependencies, that is kept between two steps. */
  readonly snapshotBytes: number;
  /** Bytes of the finished archive. 250 MiB is also what a Lambda function may weigh. */
  readonly artifactBytes: number;
  /** Longest time of one attempt at each step, in milliseconds. */
  readonly stepTimeoutMs: Readonly<Record<'install' | 'compile' | 'test' | 'package', number>>;
}

/**
 * The function's 4,096 MiB of disk hold at worst, one after the other: the archive (100) with its tree (1,024); the tree
 * with its dependencies (some 2,000) and a snapshot (1,024).
 */
export const limits: BuildLimits = {
  source: sourceLimits,
  snapshotBytes: 1024 * MIB,
  artifactBytes: 250 * MIB,
  stepTimeoutMs: {
    install: 10 * MINUTE_MS,
    compile: 10 * MINUTE_MS,
    test: 14 * MINUTE_MS,
    package: 10 * MINUTE_MS,
  },
};
