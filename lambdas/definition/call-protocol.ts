/** Defines the protocol of synchronous calls: the event to an operation's function, and its result. */
import * as z from 'zod';
import { answerSchema } from '../jobs/input/answer-schema.ts';
import type { InputAnswer } from '../jobs/job.ts';
import { ERROR_CODE, MAX_ERROR_CODE_CHARACTERS } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { JobTrace } from '../shared/observability/trace-context.ts';
import type { Questions } from './questions.ts';

/** A synchronous call. */
export interface CallEvent {
  readonly call: {
    /** Id of the job that the call may become. */
    readonly jobId: string;
    readonly owner: string;
    readonly input: Json;
    /** The trace of the caller's request. */
    readonly trace?: JobTrace;
    /** Answers of the caller, not yet validated against the questions. */
    readonly answers?: Readonly<Record<string, InputAnswer>>;
  };
}

const errorCode = z.string().regex(ERROR_CODE).max(MAX_ERROR_CODE_CHARACTERS);

/** The valid answers so far: the job that continues the call does not ask these questions again. */
const answers = z.record(z.string(), answerSchema) as z.ZodType<Readonly<Record<string, InputAnswer>>>;

/** The result of a call. */
export const callResult = z.union([
  z.strictObject({ result: z.json() as z.ZodType<Json> }),
  z.strictObject({ handedOver: z.json() as z.ZodType<Json>, answers }),
  /** The step asks questions: call again with answers, or let its job ask. */
  z.strictObject({ asked: z.json() as unknown as z.ZodType<Questions>, answers }),
  z.strictObject({
    error: z.strictObject({
      code: errorCode,
      message: z.string(),
      retryable: z.boolean(),
      details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    }),
  }),
]);
export type CallResult = z.output<typeof callResult>;
