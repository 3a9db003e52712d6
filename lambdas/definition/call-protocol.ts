/** What passes between who takes a call and the function that does its work. */
import * as z from 'zod';
import { answerInput } from '../jobs/input/answer-schema.ts';
import type { InputAnswer } from '../jobs/job.ts';
import { ERROR_CODE, MAX_ERROR_CODE_CHARACTERS } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { Questions } from './questions.ts';

export interface CallEvent {
  readonly call: {
    /** The id of the job, should it become one. */
    readonly jobId: string;
    readonly owner: string;
    readonly input: Json;
    /** What the caller has answered; nobody has compared it with what was asked. */
    readonly answers?: Readonly<Record<string, InputAnswer>>;
  };
}

const errorCode = z.string().regex(ERROR_CODE).max(MAX_ERROR_CODE_CHARACTERS);

/** Those that were of the shape that was asked for: the job that goes on need not ask again. */
const answers = z.record(z.string(), answerInput) as z.ZodType<Readonly<Record<string, InputAnswer>>>;

export const callAnswer = z.union([
  z.strictObject({ result: z.json() as z.ZodType<Json> }),
  z.strictObject({ handedOver: z.json() as z.ZodType<Json>, answers }),
  /** The step asks: it is called again with answers, or its job asks. */
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
export type CallAnswer = z.output<typeof callAnswer>;
