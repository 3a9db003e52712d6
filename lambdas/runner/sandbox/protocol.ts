/** Defines the protocol between a step's runner and its sandbox: one event in, JSON lines out. */
import * as z from 'zod';
import { MAX_MESSAGE_CHARACTERS } from '../../jobs/bound-record.ts';
import { ERROR_CODE, MAX_ERROR_CODE_CHARACTERS } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { TraceContext } from '../../shared/observability/trace-context.ts';

/** The event that a sandbox receives. */
export interface SandboxEvent {
  readonly step: string;
  readonly jobId: string;
  readonly input: Json;
  readonly results: Readonly<Record<string, Json>>;
  readonly attempt: number;
  readonly trace?: TraceContext;
  /** Milliseconds from now. */
  readonly limitMs: number;
  /** URLs by workspace key, of the files to read and of the files to write. */
  readonly reads: Readonly<Record<string, string>>;
  readonly writes: Readonly<Record<string, string>>;
  /** URL of the fence file: the attempt may continue while the file names `attemptId`. */
  readonly fenceUrl: string;
  readonly attemptId: string;
}

const errorCode = z.string().regex(ERROR_CODE).max(MAX_ERROR_CODE_CHARACTERS);

/** A message from a process that can run anything: validate it before use. */
export const sandboxMessage = z.union([
  z.strictObject({ log: z.string() }),
  z.strictObject({ progress: z.number(), message: z.string().max(MAX_MESSAGE_CHARACTERS).optional() }),
  z.strictObject({ result: z.json() as z.ZodType<Json> }),
  z.strictObject({
    error: z.strictObject({
      code: errorCode,
      message: z.string().max(MAX_MESSAGE_CHARACTERS),
      retryable: z.boolean(),
      details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    }),
  }),
]);
export type SandboxMessage = z.output<typeof sandboxMessage>;
export type SandboxError = Extract<SandboxMessage, { readonly error: unknown }>['error'];

/** Interval of empty lines, because the network closes idle connections. */
export const KEEP_ALIVE_MS = 10_000;
