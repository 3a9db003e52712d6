/** Calls the management API, as the signed-in user. */
import { ApiError, type ErrorBody } from './api-error.ts';

export { ApiError } from './api-error.ts';

export interface Api {
  /**
   * @param path below the stage, such as `/jobs?limit=20`
   * @throws ApiError
   */
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  /**
   * Reads what may be unchanged.
   * @param etag of the version that the caller has
   * @returns undefined when it is unchanged
   * @throws ApiError
   */
  getChanged<T>(
    path: string,
    etag: string | undefined,
    signal?: AbortSignal,
  ): Promise<{ readonly body: T; readonly etag: string | undefined } | undefined>;
  /** @throws ApiError */
  post<T>(path: string, body?: unknown): Promise<T>;
  /** @throws ApiError */
  patch<T>(path: string, body: unknown): Promise<T>;
  /** @throws ApiError */
  delete(path: string): Promise<void>;
}

/** Provides access tokens. */
export interface TokenSource {
  /** @param mayLeave whether the browser may leave for a sign-in */
  accessToken(mayLeave: boolean): Promise<string>;
  renew(refused: string, mayLeave: boolean): Promise<string>;
  accepted(): void;
  refusal(accessToken: string): Error;
}

/** The API responds within 29 seconds. */
const TIMEOUT_MS = 30_000;

/**
 * @param base URL of the API's stage, with a trailing slash
 * @param tokens undefined when the API needs none
 */
export function createApi(base: string, tokens?: TokenSource): Api {
  async function request(method: string, path: string, init: RequestInit): Promise<Response> {
    const ask = (token?: string) =>
      fetch(new URL(`.${path}`, base), {
        method,
        ...init,
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(init.signal ? [init.signal] : [])]),
        headers: {
          ...init.headers,
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(init.body !== undefined && { 'content-type': 'application/json' }),
        },
      });
    if (!tokens) return ask();
    // Other requests have what the person entered.
    const mayLeave = method === 'GET';
    const token = await tokens.accessToken(mayLeave);
    const response = await ask(token);
    if (response.status !== 401) return accepted(response);
    const renewed = await tokens.renew(token, mayLeave);
    const again = await ask(renewed);
    if (again.status === 401) throw tokens.refusal(renewed);
    return accepted(again);
  }

  /** A request that is throttled, or fails, says nothing about its token. */
  function accepted(response: Response): Response {
    if (response.ok || response.status === 304) tokens?.accepted();
    return response;
  }

  async function send(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const response = await request(method, path, init);
    if (response.ok || response.status === 304) return response;
    const body = (await response.json().catch(() => undefined)) as { readonly error?: ErrorBody } | undefined;
    const unreadable = {
      code: 'UNREADABLE',
      message: `The API responded with status ${response.status}. Try again.`,
    };
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    throw new ApiError(
      response.status,
      body?.error ?? unreadable,
      Number.isFinite(seconds) ? seconds * 1000 : undefined,
    );
  }

  /** The types of responses are a contract with the API, which is served with this page. */
  const read = async <T>(response: Response): Promise<T> =>
    (response.status === 204 ? undefined : await response.json()) as T;
  const json = (body: unknown) => (body === undefined ? {} : { body: JSON.stringify(body) });
  return {
    get: async (path, signal) => read(await send('GET', path, signal && { signal })),
    async getChanged(path, etag, signal) {
      // The browser's own cache would turn the 304 into a 200.
      const response = await send('GET', path, {
        cache: 'no-store',
        ...(signal && { signal }),
        ...(etag !== undefined && { headers: { 'if-none-match': etag } }),
      });
      if (response.status === 304) return undefined;
      return { body: await read(response), etag: response.headers.get('etag') ?? undefined };
    },
    post: async (path, body) => read(await send('POST', path, json(body))),
    patch: async (path, body) => read(await send('PATCH', path, json(body))),
    delete: async (path) => void (await send('DELETE', path)),
  };
}
