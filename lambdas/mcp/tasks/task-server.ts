/** The SDK's server, with a way out for answers of `tools/call` that are tasks: the SDK knows none, and would refuse them. */
import { Server } from '@modelcontextprotocol/server';

/** What a handler of `tools/call` returns in place of a result. */
export class TaskAnswer {
  /** As it goes over the wire. */
  readonly result: Readonly<Record<string, unknown>>;

  constructor(result: TaskAnswer['result']) {
    this.result = result;
  }
}

type WrapHandler = Server['_wrapHandler'];

export class TaskServer extends Server {
  // The SDK checks results in the wrapper that it puts around a handler. Only what is thrown passes through it as it is.
  protected override _wrapHandler(
    method: Parameters<WrapHandler>[0],
    handler: Parameters<WrapHandler>[1],
  ): ReturnType<WrapHandler> {
    if (method !== 'tools/call') return super._wrapHandler(method, handler);
    const checked = super._wrapHandler(method, async (request, context) => {
      const answer: unknown = await handler(request, context);
      if (answer instanceof TaskAnswer) throw answer;
      return answer as Awaited<ReturnType<typeof handler>>;
    });
    return async (request, context) => {
      try {
        return await checked(request, context);
      } catch (error) {
        if (error instanceof TaskAnswer) return error.result;
        throw error;
      }
    };
  }
}
