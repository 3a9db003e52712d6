/** Lists the webhook endpoints with their health, and registers new ones. */
import { useEffect, useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import { Problem } from '../problem.tsx';
import { Time } from '../time.tsx';
import { useLoad } from '../use-load.ts';
import { HealthBadge } from './delivery-badge.tsx';
import { EndpointForm, type EndpointSettings } from './endpoint-form.tsx';
import { forEachLimited } from './for-each-limited.ts';
import { healthSentence, healthState } from './health.ts';
import { type NewSecret, SecretOnce } from './secret-once.tsx';
import type { EndpointHealthView, EndpointView } from './views.ts';

/** Requests for health at once: an owner may have a hundred endpoints. */
const HEALTH_REQUESTS = 4;

type HealthById = Readonly<Record<string, EndpointHealthView>>;

export function EndpointsPage({ api }: { readonly api: Api }) {
  const [isAdding, setIsAdding] = useState(false);
  const [secret, setSecret] = useState<NewSecret>();
  const { data, error, isLoading, reload } = useLoad('endpoints', (signal) =>
    api.get<{ readonly endpoints: readonly EndpointView[] }>('/endpoints', signal),
  );
  const endpoints = data?.endpoints;
  const health = useHealth(api, endpoints);

  const create = async ({ url, description, events, operations }: EndpointSettings) => {
    const created = await api.post<NewSecret>('/endpoints', {
      url,
      events,
      ...(description && { description }),
      ...(operations.length > 0 && { operations }),
    });
    setSecret(created);
    setIsAdding(false);
    reload();
  };

  return (
    <>
      <h1>Webhooks</h1>
      <p>An endpoint receives events of your jobs as signed requests.</p>
      {secret && <SecretOnce secret={secret} onClose={() => setSecret(undefined)} />}
      {isAdding ? (
        <EndpointForm
          api={api}
          submitLabel="Add endpoint"
          onSubmit={create}
          onCancel={() => setIsAdding(false)}
        />
      ) : (
        <p>
          <button type="button" onClick={() => setIsAdding(true)}>
            New endpoint
          </button>{' '}
          <button type="button" disabled={isLoading} onClick={reload}>
            Refresh
          </button>
        </p>
      )}
      {error && <Problem title="The endpoints could not be read" error={error} onRetry={reload} />}
      {endpoints?.length === 0 && !isLoading && <p>There are no endpoints yet. Add one to receive events.</p>}
      {endpoints && endpoints.length > 0 && (
        <ul class="entries" aria-label="Endpoints" aria-busy={isLoading}>
          {endpoints.map((endpoint) => (
            <EndpointRow
              key={endpoint.endpoint_id}
              endpoint={endpoint}
              health={health[endpoint.endpoint_id]}
            />
          ))}
        </ul>
      )}
    </>
  );
}

/** Reads the health of each endpoint; one that cannot be read stays unknown. */
function useHealth(api: Api, endpoints: readonly EndpointView[] | undefined): HealthById {
  const [health, setHealth] = useState<HealthById>({});
  useEffect(() => {
    const end = new AbortController();
    forEachLimited(endpoints ?? [], HEALTH_REQUESTS, end.signal, async ({ endpoint_id: id }) => {
      const read = api.get<EndpointHealthView>(`/endpoints/${id}/health`, end.signal);
      const found = await read.catch(() => undefined);
      if (found && !end.signal.aborted) setHealth((before) => ({ ...before, [id]: found }));
    });
    return () => end.abort();
  }, [api, endpoints]);
  return health;
}

function EndpointRow({
  endpoint,
  health,
}: {
  readonly endpoint: EndpointView;
  readonly health: EndpointHealthView | undefined;
}) {
  const { endpoint_id: id, url, description, events, operations } = endpoint;
  return (
    <li class="entry">
      <p class="entry-title">
        <a href={`#/webhooks/${encodeURIComponent(id)}`}>{url}</a>
      </p>
      {description && <p>{description}</p>}
      <p>
        <HealthBadge state={healthState(endpoint, health)} /> {health && healthSentence(health)}
      </p>
      <p class="hint">
        {events.join(', ')}
        {operations && ` of ${operations.join(', ')}`}
        {health?.last_failure && (
          <>
            {' · last failure '}
            <Time at={health.last_failure.at} />
          </>
        )}
      </p>
    </li>
  );
}
