/** Defines a call of an API that Step Functions makes for a step, and its outcome. */
import type { Json } from '../shared/json.ts';

export interface ApiRequest {
  /** The operator's name for the API, and for the credentials that go with it. */
  readonly connection: string;
  readonly method: string;
  /** Below the API's root; begins with a slash. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The body is `body` of the operation's input: only that there is one is said here. */
  readonly hasBody: boolean;
}

export interface ApiCall {
  readonly request: ApiRequest;
  /** To wait before it. */
  readonly seconds: number;
  /** For whoever follows the job, until the step says something else. */
  readonly message: string;
  /** What the step wants to know when it begins anew; small JSON. */
  readonly memory: Json;
}

/** What a step leaves in the execution for the states that call; they put the outcome beside it. */
export interface NextCall extends ApiCall {
  /** That which the execution goes to. */
  readonly state: string;
  /** 1 for the first. */
  readonly count: number;
  /** Epoch milliseconds: when the step wanted the first. */
  readonly since: number;
}

/** As Step Functions' HTTP task puts it. */
export interface HttpResponse {
  readonly StatusCode: number;
  readonly Headers: Readonly<Record<string, string | readonly string[]>>;
  /** JSON when the API said that it was, else text. */
  readonly ResponseBody?: Json;
}

export interface CalledStep {
  readonly next: NextCall;
  readonly answer?: HttpResponse;
  /** Also for an answer that is no success: then the error's name has the status, and the cause has the rest. */
  readonly caught?: { readonly Error: string; readonly Cause?: string };
}

/** The call before this attempt. */
export type LastCall = Pick<CalledStep, 'answer' | 'caught'> &
  Pick<NextCall, 'request' | 'memory' | 'count' | 'since'>;
