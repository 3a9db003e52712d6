/** Shows the settings of an endpoint as a form, for a new one and for changes. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import { useOperations } from '../operations.ts';
import { Problem } from '../problem.tsx';
import { useAction } from '../use-load.ts';
import { DEFAULT_EVENTS, type EndpointView, EVENTS, type EventType } from './views.ts';

export interface EndpointSettings {
  readonly url: string;
  readonly description: string;
  readonly events: readonly EventType[];
  /** Empty means all operations. */
  readonly operations: readonly string[];
}

export interface EndpointFormProps {
  readonly api: Api;
  readonly endpoint?: EndpointView;
  readonly submitLabel: string;
  readonly onSubmit: (settings: EndpointSettings) => Promise<void>;
  readonly onCancel: () => void;
}

export function EndpointForm({ api, endpoint, submitLabel, onSubmit, onCancel }: EndpointFormProps) {
  const [url, setUrl] = useState(endpoint?.url ?? '');
  const [description, setDescription] = useState(endpoint?.description ?? '');
  const [events, setEvents] = useState<readonly EventType[]>(endpoint?.events ?? DEFAULT_EVENTS);
  const [operations, setOperations] = useState<readonly string[]>(endpoint?.operations ?? []);
  const known = useOperations(api);
  const { isBusy, error, run } = useAction();
  const first = useRef<HTMLInputElement>(null);
  // The button that opened the form is gone.
  useEffect(() => first.current?.focus(), []);
  // An operation that a deployment has removed can only be deselected.
  const names = [...new Set([...known.map(({ name }) => name), ...operations])];
  const submit = (event: Event) => {
    event.preventDefault();
    run(() => onSubmit({ url: url.trim(), description, events, operations }));
  };
  return (
    <form class="box endpoint-form" data-entries onSubmit={submit}>
      <label>
        URL of the receiver
        <input
          ref={first}
          type="url"
          required
          value={url}
          onInput={(event) => setUrl(event.currentTarget.value)}
        />
      </label>
      <label>
        Description
        <input
          maxLength={500}
          value={description}
          onInput={(event) => setDescription(event.currentTarget.value)}
        />
      </label>
      <fieldset>
        <legend>Events</legend>
        {(Object.keys(EVENTS) as EventType[]).map((event) => (
          <label class="choice" key={event}>
            <input
              type="checkbox"
              checked={events.includes(event)}
              onChange={() => setEvents(toggled(events, event))}
            />
            <span>
              <code>{event}</code> {EVENTS[event]}
            </span>
          </label>
        ))}
      </fieldset>
      {names.length > 0 && (
        <fieldset>
          <legend>Only jobs of these operations (none chosen: all)</legend>
          {names.map((name) => (
            <label class="choice" key={name}>
              <input
                type="checkbox"
                checked={operations.includes(name)}
                onChange={() => setOperations(toggled(operations, name))}
              />
              <code>{name}</code>
            </label>
          ))}
        </fieldset>
      )}
      {error && <Problem title="The endpoint could not be saved" error={error} />}
      <p>
        <button type="submit" disabled={isBusy || events.length === 0}>
          {submitLabel}
        </button>{' '}
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        {events.length === 0 && <span role="status"> Choose at least one event.</span>}
      </p>
    </form>
  );
}

/** Returns the values without one of them, or with it. */
function toggled<T>(values: readonly T[], value: T): readonly T[] {
  return values.includes(value) ? values.filter((each) => each !== value) : [...values, value];
}
