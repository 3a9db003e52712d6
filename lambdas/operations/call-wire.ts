/** What passes between who takes a call and the function that does its work. */
import * as z from 'zod';
import { ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';

export interface CallEvent {
  readonly call: {
    /** The id of the job, should it become one. */
    readonly jobId: string;
    readonly owner: string;
    readonly input: Json;
  };
}

export const callAnswer = z.union([
  z.strictObject({ result: z.json() as z.ZodType<Json> }),
  z.strictObject({ handedOver: z.json() as z.ZodType<Json> }),
  z.strictObject({
    error: z.strictObject({
      code: z.enum(ErrorCode),
      message: z.string(),
      retryable: z.boolean(),
      details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    }),
  }),
]);
export type CallAnswer = z.output<typeof callAnswer>;
