/** Defines task methods: checks the scope, passes the parsed parameters and maps errors. */
import * as z from 'zod';
import { requireScopes, type Scope } from '../../shared/caller.ts';
import { toMethodError } from '../method-error.ts';
import type { ClientRequest, ProtocolMethod } from '../protocol-method.ts';

/** Accepts any string. A malformed id gives the same error as an unknown one. */
export const taskParams = z.object({ taskId: z.string() });

export function defineTaskMethod<Params extends z.ZodObject>(spec: {
  readonly method: string;
  /** The scope that the caller's token needs. */
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
    async call(parsed, caller, client) {
      try {
        requireScopes(caller, [spec.scope]);
        return await spec.call(parsed as z.output<Params>, caller.owner, client);
      } catch (error) {
        throw toMethodError(method, error);
      }
    },
  };
}
