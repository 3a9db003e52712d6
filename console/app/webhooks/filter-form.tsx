/** Shows the filters of an endpoint's deliveries as a form. */
import { useEffect, useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import { useOperations } from '../operations.ts';
import { type DeliveryFilters, hasFilters, NO_FILTERS } from './filters.ts';
import { type DeliveryStatus, EVENTS, STATUSES } from './views.ts';

/** An endpoint's deliveries are sent, so none is held. */
const CHOICES = (Object.keys(STATUSES) as DeliveryStatus[]).filter((status) => status !== 'held');

export interface FilterFormProps {
  readonly api: Api;
  /** The filters of the list as it is shown. */
  readonly filters: DeliveryFilters;
  readonly onApply: (filters: DeliveryFilters) => void;
}

export function FilterForm({ api, filters: applied, onApply }: FilterFormProps) {
  const [filters, setFilters] = useState(applied);
  useEffect(() => setFilters(applied), [applied]);
  const known = useOperations(api).map(({ name }) => name);
  // Deliveries outlive an operation that a deployment has removed.
  const names = [...new Set([...known, filters.operation])].filter(Boolean);
  const set = (changes: Partial<DeliveryFilters>) => setFilters({ ...filters, ...changes });
  const apply = (next: DeliveryFilters) => {
    setFilters(next);
    onApply(next);
  };
  return (
    <form
      class="delivery-filters"
      aria-label="Filter deliveries"
      onSubmit={(event) => {
        event.preventDefault();
        apply(filters);
      }}
    >
      <label>
        Status
        <select
          value={filters.status}
          onChange={(event) => set({ status: event.currentTarget.value as DeliveryFilters['status'] })}
        >
          <option value="">Any</option>
          {CHOICES.map((status) => (
            <option value={status} key={status}>
              {STATUSES[status]}
            </option>
          ))}
        </select>
      </label>
      <label>
        Event
        <select value={filters.event} onChange={(event) => set({ event: event.currentTarget.value })}>
          <option value="">Any</option>
          {[...Object.keys(EVENTS), 'endpoint.test'].map((event) => (
            <option value={event} key={event}>
              {event}
            </option>
          ))}
        </select>
      </label>
      <label>
        Operation
        <select value={filters.operation} onChange={(event) => set({ operation: event.currentTarget.value })}>
          <option value="">Any</option>
          {names.map((name) => (
            <option value={name} key={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Job
        <input
          placeholder="job_id"
          value={filters.jobId}
          onInput={(event) => set({ jobId: event.currentTarget.value })}
        />
      </label>
      {(['since', 'until'] as const).map((name) => (
        <label key={name}>
          Created {name}
          <input
            type="datetime-local"
            value={filters[name]}
            onInput={(event) => set({ [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <p class="buttons">
        <button type="submit">Apply filters</button>{' '}
        <button type="button" disabled={!hasFilters(filters)} onClick={() => apply(NO_FILTERS)}>
          Clear
        </button>
      </p>
    </form>
  );
}
