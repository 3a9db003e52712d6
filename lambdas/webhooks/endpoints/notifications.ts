/** Finds which ends and questions of new jobs an owner receives, so that a start needs at most one query every 30 s an owner. */
import { Notified } from '../../jobs/job.ts';
import { log } from '../../shared/observability/log.ts';
import { EndpointKind, isActive } from './endpoint.ts';
import type { EndpointStore } from './endpoint-store.ts';

/** A stale list may call a job notified whose owner has just unsubscribed, so it is short. */
const KEPT_MS = 30_000;
/** Owners whose endpoints are kept: some 100 bytes for each of at most 100 endpoints. */
const MAX_OWNERS = 500;
/** A start does not wait longer for the endpoints. Its job then counts as not notified. */
const LONGEST_READ_MS = 2_000;

/** What an endpoint receives of new jobs. */
interface Reception {
  readonly events: readonly string[];
  /** @default all operations */
  readonly operations?: readonly string[];
  /** Epoch milliseconds. @default no end */
  readonly endsMs?: number;
}

export class Notifications {
  readonly #endpoints: Pick<EndpointStore, 'list'>;
  readonly #now: () => number;
  readonly #kept = new Map<
    string,
    { readonly at: number; readonly receptions: Promise<readonly Reception[]> }
  >();

  /** @param now epoch milliseconds @default Date.now */
  constructor(endpoints: Pick<EndpointStore, 'list'>, now: () => number = Date.now) {
    this.#endpoints = endpoints;
    this.#now = now;
  }

  /**
   * Returns what the owner of a new job receives without polling. A mailbox does not count: nobody knows whether its client still
   * polls. Reads nothing when the callback receives all of it. Never throws: a job whose endpoints cannot be read is not notified.
   */
  async of(
    owner: string,
    operation: string,
    callbackEvents: readonly string[] = [],
  ): Promise<Notified | undefined> {
    const ofCallback = notifiedBy(callbackEvents);
    if (ofCallback === Notified.endOrInput) return ofCallback;
    let timer: NodeJS.Timeout | undefined;
    try {
      const tooLate = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`No response in ${LONGEST_READ_MS} ms.`)), LONGEST_READ_MS);
      });
      const receptions = await Promise.race([this.#read(owner), tooLate]);
      const nowMs = this.#now();
      const received = receptions.filter(
        ({ operations, endsMs }) =>
          (operations === undefined || operations.includes(operation)) &&
          (endsMs === undefined || endsMs > nowMs),
      );
      return notifiedBy([...callbackEvents, ...received.flatMap(({ events }) => events)]);
    } catch (error) {
      log.warn('Could not read the endpoints of an owner', { owner, error });
      return ofCallback;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Drops what is kept of an owner whose endpoints this instance has changed. */
  forget(owner: string): void {
    this.#kept.delete(owner);
  }

  #read(owner: string): Promise<readonly Reception[]> {
    const nowMs = this.#now();
    const kept = this.#kept.get(owner);
    if (kept && kept.at + KEPT_MS > nowMs) return kept.receptions;
    const receptions = this.#list(owner, nowMs);
    receptions.catch(() => this.forget(owner));
    this.#kept.delete(owner);
    this.#kept.set(owner, { at: nowMs, receptions });
    const [oldest = ''] = this.#kept.keys();
    if (this.#kept.size > MAX_OWNERS) this.forget(oldest);
    return receptions;
  }

  async #list(owner: string, nowMs: number): Promise<readonly Reception[]> {
    return (await this.#endpoints.list(owner))
      .filter(
        (endpoint) =>
          (endpoint.kind === EndpointKind.webhook || endpoint.kind === EndpointKind.subscription) &&
          // A new job has a new id.
          endpoint.jobId === undefined &&
          isActive(endpoint, nowMs),
      )
      .map(({ events, operations, refreshBefore }) => ({
        events,
        ...(operations && { operations }),
        ...(refreshBefore !== undefined && { endsMs: Date.parse(refreshBefore) }),
      }));
  }
}

/** A cancelled job does not count: its owner has cancelled it. */
function notifiedBy(events: readonly string[]): Notified | undefined {
  if (!events.includes('job.completed') || !events.includes('job.failed')) return undefined;
  return events.includes('job.input_required') ? Notified.endOrInput : Notified.end;
}
