/** Defines the limits of a build. Each has an error that names it. */
import { type SourceLimits, sourceLimits } from '../project/source-limits.ts';

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;

/** Limits of a build. */
export interface BuildLimits {
  readonly source: SourceLimits;
  /** Bytes of the compressed tree with its dependencies, between two steps. */
  readonly snapshotBytes: number;
  /** Bytes of the tree with its dependencies: the function's disk. Sparse files can claim more. */
  readonly treeBytes: number;
  /** Bytes of the artifact. 250 MiB is also the limit of a Lambda function. */
  readonly artifactBytes: number;
  /** Bytes of the artifact before compression. */
  readonly artifactUnpackedBytes: number;
  /** Files and links of the artifact. */
  readonly artifactEntries: number;
  /** Timeout of one attempt by step, in milliseconds. */
  readonly stepTimeoutMs: Readonly<Record<'install' | 'compile' | 'test' | 'package', number>>;
}

/**
 * Worst cases on the function's disk of 4,096 MiB, one after the other. First the archive (100) with its tree (1,024). Then the
 * tree with its dependencies (about 2,000) and pnpm's store of the same packages (about 1,500). Then the tree and a snapshot (1,024).
 */
export const limits: BuildLimits = {
  source: sourceLimits,
  snapshotBytes: 1024 * MIB,
  treeBytes: 4096 * MIB,
  artifactBytes: 250 * MIB,
  artifactUnpackedBytes: 2048 * MIB,
  artifactEntries: 200_000,
  stepTimeoutMs: {
    install: 10 * MINUTE_MS,
    compile: 10 * MINUTE_MS,
    test: 14 * MINUTE_MS,
    package: 10 * MINUTE_MS,
  },
};
