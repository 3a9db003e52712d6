/** Calls Step Functions without its client, for functions that need few actions and a fast cold start. */
import { cutText } from '../cut-text.ts';
import { signedFetch } from './signed-fetch.ts';

/** An error response of Step Functions. */
export class StepFunctionsError extends Error {
  /** Error name of the API, such as `ExecutionDoesNotExist`. */
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** Calls one action and returns its JSON. */
export type StepFunctionsCall = (
  action: string,
  input: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => Promise<unknown>;

/**
 * @param options.hostPrefix `sync-` for the action with a separate host
 * @returns a function that calls one action. The function throws StepFunctionsError, or what `fetch` throws.
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
    const { __type = String(response.status), message = cutText(text, 1_000) } = parseError(text);
    // Some services add a namespace prefix.
    throw new StepFunctionsError(__type.split('#').at(-1) ?? '', message);
  };
  return call;
}

/** A proxy between here and the service can respond with something other than JSON. */
function parseError(text: string): { readonly __type?: string; readonly message?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
