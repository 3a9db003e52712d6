/** What passes between a step's runner and its sandbox: one event there, lines of JSON back. */
import * as z from 'zod';
import { ERROR_CODE, MAX_ERROR_CODE_CHARACTERS } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';

/** All that the sandbox gets to know. */
export interface SandboxEvent {
  readonly step: string;
  readonly jobId: string;
  readonly input: Json;
  readonly results: Readonly<Record<string, Json>>;
  readonly attempt: number;
  /** Milliseconds from now. */
  readonly limitMs: number;
  /** URLs by the keys of the files that may be read, and of those that may be written. */
  readonly reads: Readonly<Record<string, string>>;
  readonly writes: Readonly<Record<string, string>>;
  /** Reads whose turn it is; the attempt goes on for as long as that is `turn`. */
  readonly turnUrl: string;
  readonly turn: string;
}

export const MAX_MESSAGE_CHARACTERS = 1_000;

const errorCode = z.string().regex(ERROR_CODE).max(MAX_ERROR_CODE_CHARACTERS);

/** From a process that may run anything: checked before a word of it goes on record. */
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

/** Empty lines say that there is somebody still: connections that say nothing are cut on the way. */
export const KEEP_ALIVE_MS = 10_000;
