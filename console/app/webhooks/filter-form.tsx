/** Shows the filters of an endpoint's deliveries as a form. */
import { useState } from 'preact/hooks';
import { type DeliveryFilters, hasFilters, NO_FILTERS } from './filters.ts';
import { type DeliveryStatus, EVENTS, STATUSES } from './views.ts';

/** An endpoint's deliveries are sent, so none is held. */
const CHOICES = (Object.keys(STATUSES) as DeliveryStatus[]).filter((status) => status !== 'held');

export interface FilterFormProps {
  /** The filters of the list as it is shown. */
  readonly filters: DeliveryFilters;
  readonly onApply: (filters: DeliveryFilters) => void;
}

export function FilterForm({ filters: applied, onApply }: FilterFormProps) {
  const [filters, setFilters] = useState(applied);
  const set = (changes: Partial<DeliveryFilters>) => setFilters({ ...filters, ...changes });
  const apply = (next: DeliveryFilters) => {
    setFilters(next);
    onApply(next);
  };
  return (
    <form
      class="filters"
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
        <input
          maxLength={100}
          value={filters.operation}
          onInput={(event) => set({ operation: event.currentTarget.value })}
        />
      </label>
      <label>
        Job
        <input
          placeholder="job_id"
          value={filters.jobId}
          onInput={(event) => set({ jobId: event.currentTarget.value })}
        />
      </label>
      <label>
        Created since
        <input
          type="datetime-local"
          value={filters.since}
          onInput={(event) => set({ since: event.currentTarget.value })}
        />
      </label>
      <label>
        Created until
        <input
          type="datetime-local"
          value={filters.until}
          onInput={(event) => set({ until: event.currentTarget.value })}
        />
      </label>
      <p class="buttons">
        <button type="submit">Apply filters</button>{' '}
        <button type="button" disabled={!hasFilters(filters)} onClick={() => apply(NO_FILTERS)}>
          Clear
        </button>
      </p>
    </form>
  );
}
