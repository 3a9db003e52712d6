/** Defines an API call that Step Functions makes for a step, and its outcome. */
import type { Json } from '../shared/json.ts';

/** A request to an API that the operator allows. */
export interface ApiRequest {
  /** Name of the API and its credentials, as the operator set it at deploy. */
  readonly connection: string;
  /** HTTP method, such as `GET`. */
  readonly method: string;
  /** Path below the API's root; begins with a slash. */
  readonly path: string;
  /** Query parameters, unencoded. */
  readonly query: Readonly<Record<string, string>>;
  /** Whether to send a body. The body is always `body` of the operation's input. */
  readonly hasBody: boolean;
}

/**
 * The next API call of a step, for `apis.call`.
 * @example
 * ```ts
 * apis.call({
 *   request: { connection: 'crm', method: 'GET', path: '/orders/17', query: {}, hasBody: false },
 *   seconds: 30,
 *   message: 'Waiting for crm.',
 *   memory: { polls: 1 },
 * });
 * ```
 */
export interface ApiCall {
  readonly request: ApiRequest;
  /** Seconds to wait before the call; 0 calls at once. */
  readonly seconds: number;
  /** Progress message of the job until the step reports another one. */
  readonly message: string;
  /** State that the next attempt of the step gets back as `apis.last.memory`; small JSON. */
  readonly memory: Json;
}

/** The call that a step leaves in the execution. The calling states store the outcome beside it. */
export interface NextCall extends ApiCall {
  /** Name of the state that waits or calls. */
  readonly state: string;
  /** Number of this call, from 1. */
  readonly count: number;
  /** Time of the step's first call, epoch milliseconds. */
  readonly since: number;
}

/** An HTTP response, as the HTTP task of Step Functions returns it. */
export interface HttpResponse {
  /** HTTP status. */
  readonly StatusCode: number;
  /** Headers by name. */
  readonly Headers: Readonly<Record<string, string | readonly string[]>>;
  /** JSON when the API declared it as JSON, else text. */
  readonly ResponseBody?: Json;
}

/** A call with its outcome in the execution. The states write `answer` and `caught`. */
export interface CalledStep {
  readonly next: NextCall;
  readonly answer?: HttpResponse;
  readonly caught?: CallError;
}

/** An error of Step Functions. For an unsuccessful HTTP response, `Error` contains the status and `Cause` the rest as JSON. */
export interface CallError {
  /** Name of the error, such as `States.Http.StatusCode.404`. */
  readonly Error: string;
  /** JSON or text; Step Functions cuts it off at 32,768 characters. */
  readonly Cause?: string;
}

/** The previous API call of a step, with its outcome. Exactly one of `response` and `caught` is present. */
export interface LastCall extends Pick<NextCall, 'request' | 'memory' | 'count' | 'since'> {
  /** A successful response. */
  readonly response?: HttpResponse;
  /** An unsuccessful response, a timeout or another failure of the call. */
  readonly caught?: CallError;
}
