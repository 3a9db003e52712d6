/** Calls the management API, as the signed-in user. */

/** An error of the management API, with the remedy in its message. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** Such as `JOB_NOT_FOUND`. */
  readonly code: string;

  constructor(status: number, { code, message }: { readonly code: string; readonly message: string }) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface Api {
  /**
   * @param path below the stage, such as `/jobs?limit=20`
   * @throws ApiError
   */
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  /** @throws ApiError */
  post<T>(path: string, body?: unknown): Promise<T>;
  /** @throws ApiError */
  patch<T>(path: string, body: unknown): Promise<T>;
  /** @throws ApiError */
  delete(path: string): Promise<void>;
}

/**
 * @param base URL of the API's stage, with a trailing slash
 * @param accessToken returns a valid token; undefined when the API needs none
 */
export function createApi(base: string, accessToken: () => Promise<string | undefined>): Api {
  async function send<T>(method: string, path: string, init: RequestInit = {}): Promise<T> {
    const token = await accessToken();
    const response = await fetch(new URL(`.${path}`, base), {
      method,
      ...init,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(init.body !== undefined && { 'content-type': 'application/json' }),
      },
    });
    const body = response.status === 204 ? undefined : await response.json().catch(() => undefined);
    if (response.ok) return body as T;
    const unreadable = {
      code: 'UNREADABLE',
      message: `The API responded with status ${response.status}. Try again.`,
    };
    throw new ApiError(response.status, body?.error ?? unreadable);
  }
  return {
    get: (path, signal) => send('GET', path, signal && { signal }),
    patch: (path, body) => send('PATCH', path, { body: JSON.stringify(body) }),
    delete: (path) => send('DELETE', path),
    post: (path, body) => send('POST', path, body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}
