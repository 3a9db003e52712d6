/** Converts the parameters of `tools/call` to the form that the SDK accepts: clients send null for what they leave out. */
import * as z from 'zod';
import { normalizeArguments } from '../shared/normalize-arguments.ts';

const params = z.looseObject({
  arguments: z.record(z.string(), z.unknown()).optional(),
  task: z.looseObject({}).optional(),
});

export function normalizeCallParams<Params extends object | undefined>(given: Params): Params {
  return given && (normalizeArguments(params, given) as Params);
}
