/** Lists deliveries, page by page. */
import { useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import { Problem } from '../problem.tsx';
import { Time } from '../time.tsx';
import { useAction, useLoad } from '../use-load.ts';
import { DeliveryBadge } from './delivery-badge.tsx';
import { type DeliveryPage, type DeliveryView, outcomeOf, targetOf } from './views.ts';

export interface DeliveryListProps {
  readonly api: Api;
  /** Identifies the list; a change loads it again. */
  readonly path: string;
  /** Returns the path of the page at a cursor. */
  readonly pageAt: (cursor: string) => string;
  /** What to say when there are none. */
  readonly emptyText: string;
  /** Says where each delivery goes, and not of which job it is: for the list of a job. */
  readonly showsTarget?: boolean;
}

export function DeliveryList({ api, path, pageAt, emptyText, showsTarget }: DeliveryListProps) {
  const first = useLoad(path, (signal) => api.get<DeliveryPage>(path, signal));
  const [more, setMore] = useState<{ readonly of?: DeliveryPage; readonly pages: readonly DeliveryPage[] }>({
    pages: [],
  });
  const { isBusy, error, run } = useAction();
  const { data, isLoading, reload } = first;
  // Further pages belong to the first page that is shown.
  const pages = data ? [data, ...(more.of === data ? more.pages : [])] : [];
  const deliveries = pages.flatMap((page) => page.deliveries);
  const cursor = pages.at(-1)?.next_cursor;
  const loadMore = (at: string) =>
    run(async () => {
      const page = await api.get<DeliveryPage>(pageAt(at));
      setMore({ of: data, pages: [...pages.slice(1), page] });
    });
  return (
    <>
      <p>
        <button type="button" disabled={isLoading} onClick={reload}>
          Refresh deliveries
        </button>{' '}
        <span role="status" class="hint">
          {isLoading ? 'Loading…' : data && summaryOf(deliveries.length, cursor !== undefined)}
        </span>
      </p>
      {first.error && (
        <Problem title="The deliveries could not be read" error={first.error} onRetry={reload} />
      )}
      {data && deliveries.length === 0 && cursor === undefined && <p>{emptyText}</p>}
      {deliveries.length > 0 && (
        <ul class="entries" aria-label="Deliveries" aria-busy={isLoading}>
          {deliveries.map((delivery) => (
            <DeliveryRow key={delivery.delivery_id} delivery={delivery} showsTarget={showsTarget} />
          ))}
        </ul>
      )}
      {error && <Problem title="Older deliveries could not be read" error={error} />}
      {cursor !== undefined && (
        <button type="button" disabled={isBusy} onClick={() => loadMore(cursor)}>
          {isBusy ? 'Loading…' : 'Load more deliveries'}
        </button>
      )}
    </>
  );
}

/** A filtered page may be short and still have a next one. */
function summaryOf(count: number, hasMore: boolean): string {
  const deliveries = `${count} ${count === 1 ? 'delivery' : 'deliveries'}`;
  return hasMore ? `${deliveries} so far. There may be older ones.` : `${deliveries}.`;
}

function DeliveryRow({
  delivery,
  showsTarget,
}: {
  readonly delivery: DeliveryView;
  readonly showsTarget: boolean | undefined;
}) {
  const { delivery_id: id, job_id: jobId, event, status, attempts, attempt_count: count } = delivery;
  const { next_attempt_at: next } = delivery;
  const last = attempts.at(-1);
  return (
    <li class="entry">
      <p class="entry-title">
        <a href={`#/deliveries/${encodeURIComponent(id)}`}>
          {event.type}
          <span class="visually-hidden"> {event.id}</span>
        </a>{' '}
        <DeliveryBadge status={status} />
      </p>
      <p class="hint">
        <Time at={delivery.created_at} />
        {` · ${count} ${count === 1 ? 'attempt' : 'attempts'}`}
        {last && `, last: ${outcomeOf(last)}`}
        {status === 'pending' && next !== undefined && (
          <>
            {', next: '}
            <Time at={next} />
          </>
        )}
        {jobId !== undefined && !showsTarget && (
          <>
            {' · '}
            <a href={`#/jobs/${encodeURIComponent(jobId)}`}>Job {jobId.slice(0, 8)}</a>
          </>
        )}
        {showsTarget && ` · ${targetOf(delivery)}`}
      </p>
    </li>
  );
}
