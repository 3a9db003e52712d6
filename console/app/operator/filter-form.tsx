/** Shows the filters of the jobs as a form, and opens one job by its id. */
import { useState } from 'preact/hooks';
import { labelOf } from '../../shared/status-badge.tsx';
import { type JobFilters, NO_FILTERS, statusesOf } from './job-list.ts';

/** Ages to choose from, in minutes. */
const AGES = [
  [5, '5 minutes'],
  [60, 'an hour'],
  [24 * 60, 'a day'],
] as const;

export interface FilterFormProps {
  readonly filters: JobFilters;
  readonly onApply: (filters: JobFilters) => void;
}

export function FilterForm({ filters: applied, onApply }: FilterFormProps) {
  const [filters, setFilters] = useState(applied);
  const [jobId, setJobId] = useState('');
  const set = (changes: Partial<JobFilters>) => setFilters({ ...filters, ...changes });
  const apply = (next: JobFilters) => {
    setFilters(next);
    onApply(next);
  };
  return (
    <>
      <form
        class="op-filters"
        aria-label="Filter jobs"
        onSubmit={(event) => {
          event.preventDefault();
          apply(filters);
        }}
      >
        <label>
          Owner
          <input
            maxLength={2048}
            placeholder="Shows ended jobs too"
            value={filters.owner}
            onInput={({ currentTarget }) => set({ owner: currentTarget.value })}
          />
        </label>
        <label>
          Operation
          <input
            maxLength={100}
            value={filters.operation}
            onInput={({ currentTarget }) => set({ operation: currentTarget.value })}
          />
        </label>
        <label>
          Status
          <select
            value={filters.status}
            onChange={({ currentTarget }) => set({ status: currentTarget.value as JobFilters['status'] })}
          >
            <option value="">Any</option>
            {statusesOf(filters).map((status) => (
              <option value={status} key={status}>
                {labelOf(status, false)}
              </option>
            ))}
          </select>
        </label>
        <label>
          Older than
          <select
            value={String(filters.olderThanMinutes)}
            onChange={({ currentTarget }) => set({ olderThanMinutes: Number(currentTarget.value) })}
          >
            <option value="0">Any age</option>
            {AGES.map(([minutes, label]) => (
              <option value={String(minutes)} key={minutes}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <p class="op-buttons">
          <button type="submit">Apply filters</button>{' '}
          <button type="button" onClick={() => apply(NO_FILTERS)}>
            Clear
          </button>
        </p>
      </form>
      <form
        class="op-find"
        aria-label="Open a job"
        onSubmit={(event) => {
          event.preventDefault();
          if (jobId.trim()) location.hash = `#/operator/${encodeURIComponent(jobId.trim())}`;
        }}
      >
        <label>
          Job{' '}
          <input
            placeholder="job_id"
            value={jobId}
            onInput={({ currentTarget }) => setJobId(currentTarget.value)}
          />
        </label>{' '}
        <button type="submit">Open job</button>
      </form>
    </>
  );
}
