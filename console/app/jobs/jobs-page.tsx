/** Shows the jobs of the person by time: filters, counts, durations and the list. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { msBetween } from '../../shared/duration.ts';
import type { OperationInfo } from '../../shared/job.ts';
import { STATUSES } from '../../shared/job-status.ts';
import { DurationPlot } from '../../shared/plot.tsx';
import type { DurationPoint } from '../../shared/plot-scale.ts';
import { labelOf } from '../../shared/status-badge.tsx';
import type { Api } from '../api.ts';
import { useOperations } from '../operations.ts';
import { Problem } from '../problem.tsx';
import { type Route, replaceQuery } from '../route.ts';
import { useNow } from '../use-now.ts';
import { countByStatus, filterQuery, type JobFilters, NO_FILTERS, readFilters } from './job-list.ts';
import { JobRows } from './job-rows.tsx';
import { useJobs } from './use-jobs.ts';
import './jobs-page.css';

export function JobsPage({ api, route }: { readonly api: Api; readonly route: Route }) {
  const filters = useMemo(() => readFilters(route.query), [route.query]);
  const operations = useOperations(api);
  const query = filterQuery(filters);
  const { jobs, isReady, isComplete, isLoading, error, loadMore, retry } = useJobs(api, query);
  const nowMs = useNow(1_000);
  useScrollPosition(query);
  const points = useMemo(
    () =>
      jobs.flatMap(({ started_at, created_at, ended_at, status }): readonly DurationPoint[] => {
        const durationMs = msBetween(started_at ?? created_at, ended_at);
        return durationMs === undefined
          ? []
          : [{ atMs: Date.parse(created_at), durationMs, failed: status === 'failed' }];
      }),
    [jobs],
  );
  const counts = countByStatus(jobs);
  const change = (changes: Partial<JobFilters>) =>
    replaceQuery(route, filterQuery({ ...filters, ...changes }));
  return (
    <>
      <h1>Jobs</h1>
      <Filters filters={filters} operations={operations} onChange={change} />
      {error && (
        <Problem
          title={isReady ? 'The list could not be updated' : 'The jobs could not be read'}
          error={error}
          onRetry={retry}
        />
      )}
      {isReady && jobs.length > 0 && (
        <div class="overview">
          <section aria-labelledby="counts">
            <h2 id="counts">
              {isComplete ? 'All' : 'Newest'} {jobs.length.toLocaleString('en')}
            </h2>
            <dl class="counts">
              {[...counts].map(([status, count]) => (
                <div key={status} class={count === 0 ? 'count-none' : undefined}>
                  <dt class={`status status-${status}`}>{labelOf(status)}</dt>
                  <dd>{count.toLocaleString('en')}</dd>
                </div>
              ))}
            </dl>
          </section>
          <DurationPlot points={points} />
        </div>
      )}
      {isReady && jobs.length === 0 && isComplete && (
        <Empty isFiltered={query !== ''} onClear={() => change(NO_FILTERS)} />
      )}
      {jobs.length > 0 && (
        <JobRows
          jobs={jobs}
          operations={operations}
          hasMore={!isComplete}
          nowMs={nowMs}
          onNearEnd={loadMore}
        />
      )}
      <p class="hint list-end" role="status">
        {!isReady && !error && 'Loading…'}
        {isReady && isLoading && 'Loading…'}
        {isReady &&
          !isLoading &&
          !isComplete &&
          jobs.length === 0 &&
          'None of the newest jobs matches. Older ones may.'}
        {isReady &&
          isComplete &&
          jobs.length > 0 &&
          `${jobs.length.toLocaleString('en')} jobs. Jobs expire, and older ones are gone.`}
      </p>
      {isReady && !isComplete && !isLoading && (
        <p class="list-end">
          <button type="button" onClick={loadMore}>
            Show older jobs
          </button>
        </p>
      )}
    </>
  );
}

interface FiltersProps {
  readonly filters: JobFilters;
  readonly operations: readonly OperationInfo[];
  readonly onChange: (changes: Partial<JobFilters>) => void;
}

function Filters({ filters, operations, onChange }: FiltersProps) {
  const { status, operation, subjectName, subject } = filters;
  const [text, setText] = useState(subject);
  useEffect(() => setText(subject), [subject]);
  const chosen = operations.find(({ name }) => name === operation);
  const names = [...new Set((chosen ? [chosen] : operations).flatMap((one) => one.subject ?? []))];
  const name = names.includes(subjectName) ? subjectName : (names[0] ?? '');
  return (
    <form
      class="filters"
      aria-label="Filter jobs"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ subjectName: name, subject: text.trim() });
      }}
    >
      <label>
        <span>Status</span>
        <select value={status} onChange={({ currentTarget }) => onChange({ status: currentTarget.value })}>
          <option value="">Any</option>
          {STATUSES.map((one) => (
            <option key={one} value={one}>
              {labelOf(one)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Operation</span>
        <select
          value={operation}
          onChange={({ currentTarget }) =>
            onChange({ operation: currentTarget.value, subjectName: '', subject: '' })
          }
        >
          <option value="">Any</option>
          {operation !== '' && !chosen && <option value={operation}>{operation}</option>}
          {operations.map((one) => (
            <option key={one.name} value={one.name}>
              {one.title}
            </option>
          ))}
        </select>
      </label>
      {names.length > 0 && (
        <div class="filter-subject">
          {names.length > 1 ? (
            <select
              aria-label="Subject of the job"
              value={name}
              onChange={({ currentTarget }) =>
                onChange({ subjectName: currentTarget.value, subject: text.trim() })
              }
            >
              {names.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          ) : (
            <span aria-hidden="true">{name}</span>
          )}
          <input
            type="search"
            aria-label={`Value of ${name}`}
            placeholder="exact value"
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
            onBlur={() => text.trim() !== subject && onChange({ subjectName: name, subject: text.trim() })}
          />
        </div>
      )}
      <button type="submit" class="visually-hidden">
        Apply
      </button>
      {filterQuery(filters) !== '' && (
        <button type="button" onClick={() => onChange(NO_FILTERS)}>
          Clear filters
        </button>
      )}
    </form>
  );
}

function Empty({ isFiltered, onClear }: { readonly isFiltered: boolean; readonly onClear: () => void }) {
  return isFiltered ? (
    <p>
      No job matches these filters.{' '}
      <button type="button" onClick={onClear}>
        Clear filters
      </button>
    </p>
  ) : (
    <p>
      You have no jobs yet. Connect an MCP client to <code>{new URL('mcp', document.baseURI).href}</code> and
      call a start tool. Jobs of other owners are not shown here.
    </p>
  );
}

let leftAt = { query: '', top: 0 };

/** Brings a person who comes back to where they left the list. */
function useScrollPosition(query: string): void {
  const current = useRef(query);
  current.current = query;
  useEffect(() => {
    const { query: of, top } = leftAt;
    // After the frame of the console has scrolled to the top of the new page.
    if (of === query && top > 0) requestAnimationFrame(() => scrollTo(0, top));
    const note = () => {
      // A click on a job scrolls to the top before the list is gone.
      if (/^(#\/jobs(\?.*)?)?$/.test(location.hash)) leftAt = { query: current.current, top: scrollY };
    };
    addEventListener('scroll', note, { passive: true });
    return () => removeEventListener('scroll', note);
  }, []);
}
