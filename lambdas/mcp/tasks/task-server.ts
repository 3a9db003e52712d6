/**
 * Extends the SDK's server so that `tools/call` can return a task, and accepts null arguments. The SDK does not support tasks
 * and rejects both.
 */
import { Server } from '@modelcontextprotocol/server';
import { normalizeCallParams } from '../normalize-call-params.ts';

/** A task that a handler of `tools/call` returns instead of a tool result. */
export class TaskResult {
  /** The JSON-RPC result. */
  readonly result: Readonly<Record<string, unknown>>;

  constructor(result: TaskResult['result']) {
    this.result = result;
  }
}

type WrapHandler = Server['_wrapHandler'];

export class TaskServer extends Server {
  // The SDK's wrapper around a handler checks its result. Only a thrown value passes through unchanged.
  protected override _wrapHandler(
    method: Parameters<WrapHandler>[0],
    handler: Parameters<WrapHandler>[1],
  ): ReturnType<WrapHandler> {
    if (method !== 'tools/call') return super._wrapHandler(method, handler);
    const checked = super._wrapHandler(method, async (request, context) => {
      const result: unknown = await handler(request, context);
      if (result instanceof TaskResult) throw result;
      return result as Awaited<ReturnType<typeof handler>>;
    });
    return async (request, context) => {
      try {
        return await checked({ ...request, params: normalizeCallParams(request.params) }, context);
      } catch (error) {
        if (error instanceof TaskResult) return error.result;
        throw error;
      }
    };
  }
}
