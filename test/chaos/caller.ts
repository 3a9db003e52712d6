/** Calls tools like a client that loses responses: it repeats a call until it knows the outcome. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalCloud } from '../../local/cloud.ts';
import { modern } from '../support/rpc.ts';

// biome-ignore lint/suspicious/noExplicitAny: results are read field by field
type Result = any;

const PAUSE_MS = 200;
const MOST_CALLS = 60;

export class Caller {
  /** Calls whose response was lost or was an error that can pass. */
  repeated = 0;
  readonly #cloud: Pick<LocalCloud, 'url'>;

  constructor(cloud: Pick<LocalCloud, 'url'>) {
    this.#cloud = cloud;
  }

  /**
   * @param mostCalls number of tries
   * @returns the structured result, also of an error that cannot pass @throws Error after the last try
   */
  async call(
    owner: string,
    name: string,
    args: Readonly<Record<string, unknown>>,
    mostCalls = MOST_CALLS,
  ): Promise<Result> {
    let last: unknown;
    for (let calls = 1; calls <= mostCalls; calls++) {
      try {
        const { result, error, status } = await modern(
          this.#cloud,
          'tools/call',
          { name, arguments: args },
          { owner, capabilities: {} },
        );
        const content = result?.structuredContent;
        if (content && !content.error?.retryable) return content;
        last = content ?? error ?? status;
      } catch (error) {
        // The function was killed.
        last = error;
      }
      this.repeated += 1;
      if (calls < mostCalls) await delay(PAUSE_MS * Math.min(calls, 10) * (0.5 + Math.random()));
    }
    throw new Error(`${name} failed ${mostCalls} times: ${JSON.stringify(last)} ${last}`);
  }
}
