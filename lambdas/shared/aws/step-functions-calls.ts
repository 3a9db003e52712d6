/** The calls of Step Functions that few functions make, signed by hand: its client would be more to load than they ask. */
import { signedFetch } from './signed-fetch.ts';

/** What Step Functions has answered in place of a result. */
export class StepFunctionsError extends Error {
  /** As the API names it: `ExecutionDoesNotExist`. */
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export type StepFunctionsCall = (
  action: string,
  input: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => Promise<unknown>;

/**
 * @param options.hostPrefix `sync-` for the one action that has a host of its own
 * @returns a function that answers the JSON of one action. @throws StepFunctionsError, or what `fetch` throws
 */
export function stepFunctionsCalls({ hostPrefix = '' }: { readonly hostPrefix?: string } = {}) {
  const post = signedFetch('states', { hostPrefix, retries: 0 });
  const call: StepFunctionsCall = async (action, input, signal) => {
    const response = await post('/', {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AWSStepFunctions.${action}` },
      body: JSON.stringify(input),
      signal,
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    const { __type = String(response.status), message = text.slice(0, 1_000) } = parseError(text);
    // Some services put a namespace in front.
    throw new StepFunctionsError(__type.split('#').at(-1) ?? '', message);
  };
  return call;
}

/** What stands between us and the service answers in other words than JSON. */
function parseError(text: string): { readonly __type?: string; readonly message?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
