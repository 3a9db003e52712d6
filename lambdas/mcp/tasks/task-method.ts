/** A method of tasks from its schema: what the function takes is what the schema gives. */
import * as z from 'zod';
import { requireScope, type Scope } from '../../shared/caller.ts';
import { toMethodError } from '../method-error.ts';
import type { ClientRequest, ProtocolMethod } from '../protocol-method.ts';

/** Any text: what is no job id is answered as a job that is not there. */
export const taskParams = z.object({ taskId: z.string() });

export function defineTaskMethod<Params extends z.ZodObject>(spec: {
  readonly method: string;
  /** What a caller's token has to allow. */
  readonly scope: Scope;
  readonly params: Params;
  readonly call: (
    params: z.output<Params>,
    owner: string,
    client: ClientRequest,
  ) => Promise<Record<string, unknown>>;
}): ProtocolMethod {
  const { method, params } = spec;
  return {
    method,
    params,
    async call(given, caller, client) {
      try {
        requireScope(caller, spec.scope);
        return await spec.call(given as z.output<Params>, caller.owner, client);
      } catch (error) {
        throw toMethodError(method, error);
      }
    },
  };
}
