/** Lets the runner that started an attempt end it. */
import { MAX_CAUSE_CHARACTERS } from '../../definition/state-error.ts';
import { STEP_INTERRUPTED } from '../../definition/state-names.ts';
import type { SignedFetch } from '../../shared/aws/signed-fetch.ts';
import { cutText } from '../../shared/cut-text.ts';
import { toJson } from '../../shared/well-formed.ts';
import type { EndEvent } from './end-attempt.ts';
import type { AttemptEnd } from './take-report.ts';

/** API Gateway waits 29 s for the response to a report. */
const TIMEOUT_MS = 20_000;
/** Lambda does not take an event of more than 6 MB. */
const TOO_LARGE = 413;

/** @returns a function that invokes a version of a runner and never throws */
export function endByRunner(lambda: SignedFetch) {
  return async (runner: string, event: EndEvent): Promise<AttemptEnd> => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const invoke = (body: EndEvent) =>
      lambda(`/2015-03-31/functions/${encodeURIComponent(runner)}/invocations`, {
        method: 'POST',
        body: toJson(body),
        signal,
      });
    try {
      let response = await invoke(event);
      if (response.status === TOO_LARGE) {
        // A repeated report would be as large.
        const { state, atMs } = event.end;
        response = await invoke({ end: { state, ending: { invalid: true }, atMs } });
      }
      const text = await response.text();
      if (!response.ok) return { unavailable: `Lambda responded with ${response.status}: ${text}` };
      if (!response.headers.has('x-amz-function-error')) return { output: text };
      const { errorType = 'Lambda.Unknown' } = JSON.parse(text) as { readonly errorType?: string };
      // The state would run the whole step again; the end alone can be repeated.
      if (errorType === STEP_INTERRUPTED) return { unavailable: errorType };
      return { error: errorType, cause: cutText(text, MAX_CAUSE_CHARACTERS) };
    } catch (error) {
      return { unavailable: String(error) };
    }
  };
}
