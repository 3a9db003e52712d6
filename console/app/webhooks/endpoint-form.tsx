/** Shows the settings of an endpoint as a form, for a new one and for changes. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from './problem.tsx';
import { useAction } from './use-load.ts';
import { DEFAULT_EVENTS, type EndpointView, EVENTS, type EventType } from './views.ts';

export interface EndpointSettings {
  readonly url: string;
  readonly description: string;
  readonly events: readonly EventType[];
  /** Empty means all operations. */
  readonly operations: readonly string[];
}

export interface EndpointFormProps {
  readonly endpoint?: EndpointView;
  readonly submitLabel: string;
  readonly onSubmit: (settings: EndpointSettings) => Promise<void>;
  readonly onCancel: () => void;
}

export function EndpointForm({ endpoint, submitLabel, onSubmit, onCancel }: EndpointFormProps) {
  const [url, setUrl] = useState(endpoint?.url ?? '');
  const [description, setDescription] = useState(endpoint?.description ?? '');
  const [events, setEvents] = useState<readonly EventType[]>(endpoint?.events ?? DEFAULT_EVENTS);
  const [operations, setOperations] = useState((endpoint?.operations ?? []).join(', '));
  const { isBusy, error, run } = useAction();
  const first = useRef<HTMLInputElement>(null);
  // The button that opened the form is gone.
  useEffect(() => first.current?.focus(), []);
  const toggle = (event: EventType) =>
    setEvents(events.includes(event) ? events.filter((each) => each !== event) : [...events, event]);
  const submit = (event: Event) => {
    event.preventDefault();
    const names = operations.split(',').map((name) => name.trim());
    run(() => onSubmit({ url: url.trim(), description, events, operations: names.filter(Boolean) }));
  };
  return (
    <form class="panel fields" onSubmit={submit}>
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
            <input type="checkbox" checked={events.includes(event)} onChange={() => toggle(event)} />
            <span>
              <code>{event}</code> {EVENTS[event]}
            </span>
          </label>
        ))}
      </fieldset>
      <label>
        Only jobs of these operations, separated by commas (empty: all)
        <input value={operations} onInput={(event) => setOperations(event.currentTarget.value)} />
      </label>
      <Problem error={error} />
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
