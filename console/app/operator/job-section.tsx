/** Lists open jobs of all owners, or all jobs of one, with filters and counts, and cancels them. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { formatAgo } from '../../shared/duration.ts';
import type { JobStatus } from '../../shared/job.ts';
import { labelOf, StatusBadge } from '../../shared/status-badge.tsx';
import type { Api } from '../api.ts';
import { Problem } from '../problem.tsx';
import { type Route, replaceQuery } from '../route.ts';
import { useAction, useLoad } from '../use-load.ts';
import { useNow } from '../use-now.ts';
import { CancelButton } from './cancel-button.tsx';
import { FilterForm } from './filter-form.tsx';
import { countBy, filterQuery, type JobFilters, listedJobs, pathOf, readFilters } from './job-list.ts';
import type { OperatorJob, OperatorJobPage } from './views.ts';

/** Pages that are read without a click: at most five hundred jobs. */
const PAGES = 5;

/** The list is in no order, so pages are read until the oldest are known. */
async function readPages(
  api: Api,
  filters: JobFilters,
  cursor: string | undefined,
  signal?: AbortSignal,
): Promise<OperatorJobPage> {
  const jobs: OperatorJob[] = [];
  let next = cursor;
  for (let pages = 0; pages < PAGES; pages++) {
    const page = await api.get<OperatorJobPage>(pathOf(filters, next), signal);
    jobs.push(...page.jobs);
    next = page.next_cursor;
    if (next === undefined) return { jobs };
  }
  return { jobs, next_cursor: next };
}

export function JobSection({ api, route }: { readonly api: Api; readonly route: Route }) {
  const filters = useMemo(() => readFilters(route.query), [route.query]);
  const path = pathOf(filters);
  const { data, error, isLoading, reload } = useLoad(path, (signal) =>
    readPages(api, filters, undefined, signal),
  );
  const [more, setMore] = useState<{
    readonly of?: OperatorJobPage;
    readonly pages: readonly OperatorJobPage[];
  }>({
    pages: [],
  });
  const [changed, setChanged] = useState<ReadonlyMap<string, OperatorJob>>(new Map());
  const loadMore = useAction();
  const nowMs = useNow(10_000);
  useEffect(() => setChanged(new Map()), [data]);
  // Further pages belong to the first ones that are shown.
  const pages = data ? [data, ...(more.of === data ? more.pages : [])] : [];
  const all = pages.flatMap((page) => page.jobs).map((job) => changed.get(job.job_id) ?? job);
  const jobs = listedJobs(all, filters, nowMs);
  const cursor = pages.at(-1)?.next_cursor;
  const owned = filters.owner.trim() !== '';
  return (
    <section aria-labelledby="operator-jobs">
      <h2 id="operator-jobs">{owned ? 'Jobs of one owner' : 'Open jobs'}</h2>
      <FilterForm filters={filters} onApply={(next) => replaceQuery(route, filterQuery(next))} />
      <p>
        <button type="button" disabled={isLoading} onClick={reload}>
          Refresh jobs
        </button>{' '}
        <span role="status" class="op-muted">
          {isLoading ? 'Loading…' : data && summaryOf(jobs, cursor !== undefined)}
        </span>
      </p>
      {error && <Problem title="The jobs could not be read" error={error} onRetry={reload} />}
      {jobs.length > 0 && <Counts jobs={jobs} />}
      {jobs.length > 0 && (
        <ul class="op-rows" aria-label="Jobs, the oldest first" aria-busy={isLoading}>
          {jobs.map((job) => (
            <JobRow
              key={job.job_id}
              api={api}
              job={job}
              nowMs={nowMs}
              onChange={(next) => setChanged((before) => new Map(before).set(next.job_id, next))}
            />
          ))}
        </ul>
      )}
      {loadMore.error && <Problem title="More jobs could not be read" error={loadMore.error} />}
      {cursor !== undefined && (
        <button
          type="button"
          disabled={loadMore.isBusy}
          onClick={() =>
            loadMore.run(async () => {
              const next = await readPages(api, filters, cursor);
              setMore({ of: data, pages: [...pages.slice(1), next] });
            })
          }
        >
          {loadMore.isBusy ? 'Loading…' : 'Load more jobs'}
        </button>
      )}
    </section>
  );
}

function summaryOf(jobs: readonly OperatorJob[], hasMore: boolean): string {
  const count = `${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'}`;
  return hasMore ? `${count} so far. Others are not loaded yet.` : `${count}.`;
}

function Counts({ jobs }: { readonly jobs: readonly OperatorJob[] }) {
  const owners = countBy(jobs, 'owner');
  const [most] = owners;
  return (
    <dl class="op-counts">
      <dt>By status</dt>
      <dd>
        {countBy(jobs, 'status')
          .map(([name, count]) => `${labelOf(name as JobStatus, false)} ${count}`)
          .join(' · ')}
      </dd>
      <dt>By operation</dt>
      <dd>
        {countBy(jobs, 'operation')
          .map(([name, count]) => `${name} ${count}`)
          .join(' · ')}
      </dd>
      <dt>Owners</dt>
      <dd dir="auto">
        {owners.length}
        {most && owners.length > 1 && most[1] > 1 && `, most jobs: ${most[1]} of ${most[0]}`}
      </dd>
    </dl>
  );
}

interface JobRowProps {
  readonly api: Api;
  readonly job: OperatorJob;
  readonly nowMs: number;
  readonly onChange: (job: OperatorJob) => void;
}

function JobRow({ api, job, nowMs, onChange }: JobRowProps) {
  const { job_id: id, owner, operation, status, step, progress, created_at, updated_at, error } = job;
  return (
    <li class="op-row">
      <p class="op-row-title">
        <a href={`#/operator/${encodeURIComponent(id)}`}>
          {operation} <code>{id.slice(0, 8)}</code>
        </a>{' '}
        <StatusBadge status={status} />
      </p>
      <p class="op-muted" dir="auto">
        {owner}
      </p>
      <p class="op-muted">
        {[
          step && `Step ${step}`,
          progress !== undefined && `${Math.floor(progress * 100)} %`,
          `created ${formatAgo(created_at, nowMs)}`,
          updated_at && `changed ${formatAgo(updated_at, nowMs)}`,
          error?.code,
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <CancelButton api={api} job={job} onCancelled={onChange} />
    </li>
  );
}
