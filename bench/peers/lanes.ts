/** Speaks the protocols of the peers as raw JSON-RPC, and counts calls and tokens of each in the same way. */
import { setTimeout as delay } from 'node:timers/promises';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

/** What a client does next. */
export type Check =
  | { readonly state: 'open'; readonly pollMs?: number }
  | { readonly state: 'done'; readonly text: string }
  | { readonly state: 'gone' };

/** One way to start a job and to learn its result. */
export interface Lane {
  start(meter: Meter, text: string, ms: number): Promise<string>;
  check(meter: Meter, job: string): Promise<Check>;
}

/** Counts what passes between a client and a server. */
export class Meter {
  readonly #url: string;
  /** Of a server that has sessions. */
  #session: Promise<string> | undefined;
  calls = 0;
  /** Of parameters and results, without `_meta`. */
  tokens = 0;
  /** Calls that failed for want of a resource, and were made again. */
  refused = 0;

  constructor(url: string) {
    this.#url = url;
  }

  /** Sends a request of 2026-07-28. @param extensions that the client declares */
  // biome-ignore lint/suspicious/noExplicitAny: results are read field by field
  async call(method: string, params: object, name: string, extensions: object = {}): Promise<any> {
    const message = rpc(method, { ...params, _meta: metaOf(extensions) });
    const headers = { 'mcp-method': method, 'mcp-name': name };
    for (;;) {
      const result = await this.#read(await this.#send(message, MODERN, headers), params);
      if (!(await this.#isRefused(result))) return result;
    }
  }

  async #isRefused({ error }: { readonly error?: { readonly code: number } }): Promise<boolean> {
    if (error?.code !== INTERNAL_ERROR) return false;
    this.refused += 1;
    if (this.refused > MAX_REFUSED) throw new Error(`${this.#url} refuses calls: ${JSON.stringify(error)}`);
    await delay(REFUSED_MS);
    return true;
  }

  /** Sends a request of 2025-11-25 in a session, and opens another one after a restart, as clients do. Opening is not counted. */
  // biome-ignore lint/suspicious/noExplicitAny: results are read field by field
  async callInSession(method: string, params: object): Promise<any> {
    for (;;) {
      this.#session ??= this.#open();
      const session = await this.#session;
      const response = await this.#send(rpc(method, params), LEGACY, { 'mcp-session-id': session });
      if (response.status !== 404) return this.#read(response, params);
      await response.text();
      this.#session = undefined;
    }
  }

  async #open(): Promise<string> {
    const params = {
      protocolVersion: LEGACY,
      capabilities: {},
      clientInfo: { name: 'bench', version: '1.0.0' },
    };
    const response = await this.#send(rpc('initialize', params), LEGACY);
    await response.text();
    const session = response.headers.get('mcp-session-id');
    if (!session) throw new Error(`${this.#url} opened no session.`);
    const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };
    await (await this.#send(initialized, LEGACY, { 'mcp-session-id': session })).text();
    return session;
  }

  #send(message: object, version: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(this.#url, {
      method: 'POST',
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': version,
        ...headers,
      },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(60_000),
    });
  }

  async #read(response: Response, params: object) {
    const body = await response.text();
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    const { result, error } = JSON.parse(isStream ? body.slice(body.lastIndexOf('data: ') + 6) : body);
    this.calls += 1;
    this.tokens += countTokens(JSON.stringify(params)) + countTokens(shown(result ?? error));
    return result ?? { error };
  }
}

function rpc(method: string, params: object): object {
  return { jsonrpc: '2.0', id: 1, method, params };
}

const INTERNAL_ERROR = -32_603;
const MAX_REFUSED = 100;
const REFUSED_MS = 500;
const LEGACY = '2025-11-25';
const MODERN = '2026-07-28';
const metaOf = (extensions: object) => ({
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': { extensions },
});
const TASKS = { 'io.modelcontextprotocol/tasks': {} };

function shown(result: unknown): string {
  return JSON.stringify(result, (key, value) => (key === '_meta' ? undefined : value)) ?? '';
}

/** @throws Error with the response of a server that started nothing */
function started(id: unknown, result: unknown): string {
  if (typeof id !== 'string') throw new Error(`No job started: ${JSON.stringify(result)}`);
  return id;
}

/** The tasks extension of 2026-07-28: `tasks/get` has the result. */
export function extensionTasks(tool: string): Lane {
  return {
    async start(meter, text, ms) {
      const result = await meter.call('tools/call', { name: tool, arguments: { text, ms } }, tool, TASKS);
      return started(result.taskId, result);
    },
    async check(meter, taskId) {
      const { error, status, pollIntervalMs, result } = await meter.call(
        'tasks/get',
        { taskId },
        taskId,
        TASKS,
      );
      if (error) return { state: 'gone' };
      if (status === 'completed') return { state: 'done', text: JSON.stringify(result.structuredContent) };
      return status === 'working'
        ? { state: 'open', pollMs: pollIntervalMs }
        : { state: 'done', text: status };
    },
  };
}

/** The tasks of 2025-11-25, of which the official SDK has a store in memory: `tasks/get`, then `tasks/result`. */
export const coreTasks: Lane = {
  async start(meter, text, ms) {
    const call = { name: 'work', arguments: { text, ms }, task: { ttl: 600_000 } };
    const result = await meter.callInSession('tools/call', call);
    return started(result.task?.taskId, result);
  },
  async check(meter, taskId) {
    const { error, status, pollInterval } = await meter.callInSession('tasks/get', { taskId });
    if (error) return { state: 'gone' };
    if (status === 'working') return { state: 'open', pollMs: pollInterval };
    const result = await meter.callInSession('tasks/result', { taskId });
    return { state: 'done', text: JSON.stringify(result.content) };
  },
};

/** Two tools: the second one looks at a job, or waits for it. @param wait arguments of the second one */
export function jobTools(wait: object = {}): Lane {
  return {
    async start(meter, text, ms) {
      const call = { name: 'start_work', arguments: { text, ms } };
      const result = await meter.call('tools/call', call, 'start_work');
      return started(result.structuredContent?.job_id, result);
    },
    async check(meter, job_id) {
      const call = { name: 'check_job', arguments: { job_id, ...wait } };
      const { structuredContent: job } = await meter.call('tools/call', call, 'check_job');
      if (job?.status === undefined) return { state: 'gone' };
      if (job.status === 'completed') return { state: 'done', text: JSON.stringify(job.result) };
      const isOpen = job.status === 'pending' || job.status === 'running';
      return isOpen ? { state: 'open', pollMs: job.poll_after_ms } : { state: 'done', text: job.status };
    },
  };
}
