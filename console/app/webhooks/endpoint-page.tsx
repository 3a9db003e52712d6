/** Shows one endpoint: its settings, its health, its deliveries and their replay. */
import { useMemo, useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import { ConfirmButton } from '../confirm-button.tsx';
import { Problem } from '../problem.tsx';
import { type Route, replaceQuery } from '../route.ts';
import { Time } from '../time.tsx';
import { useAction, useLoad } from '../use-load.ts';
import { HealthBadge } from './delivery-badge.tsx';
import { DeliveryList } from './delivery-list.tsx';
import { EndpointForm, type EndpointSettings } from './endpoint-form.tsx';
import { FilterForm } from './filter-form.tsx';
import { filterQuery, listPath, readFilters } from './filters.ts';
import { healthSentence, healthState } from './health.ts';
import { ReplayPanel } from './replay-panel.tsx';
import { type NewSecret, SecretOnce } from './secret-once.tsx';
import { type EndpointHealthView, type EndpointView, outcomeOf } from './views.ts';

interface EndpointPageProps {
  readonly api: Api;
  readonly endpointId: string;
  /** Its query has the filters. */
  readonly route: Route;
}

export function EndpointPage({ api, endpointId, route }: EndpointPageProps) {
  const path = `/endpoints/${encodeURIComponent(endpointId)}`;
  const { data: endpoint, error, reload } = useLoad(path, (signal) => api.get<EndpointView>(path, signal));
  const health = useLoad(`${path}/health`, (signal) => api.get<EndpointHealthView>(`${path}/health`, signal));
  const filters = useMemo(() => readFilters(route.query), [route.query]);
  // A new key loads the list again.
  const [round, setRound] = useState(0);
  const refresh = () => {
    setRound((before) => before + 1);
    health.reload();
  };

  return (
    <>
      <p class="crumbs">
        <a href="#/webhooks">Webhooks</a> <span aria-hidden="true">/</span> <code>{endpointId}</code>
      </p>
      <h1>{endpoint ? endpoint.url : 'Endpoint'}</h1>
      {error && <Problem title="The endpoint could not be read" error={error} onRetry={reload} />}
      {endpoint && (
        <>
          {endpoint.description && <p>{endpoint.description}</p>}
          <Settings api={api} path={path} endpoint={endpoint} reload={reload} onSent={refresh} />
          <Health endpoint={endpoint} health={health.data} />
          {health.error && (
            <Problem title="The health could not be read" error={health.error} onRetry={health.reload} />
          )}
          <section aria-labelledby="deliveries-title">
            <h2 id="deliveries-title">Deliveries</h2>
            <FilterForm
              api={api}
              filters={filters}
              onApply={(next) => replaceQuery(route, filterQuery(next))}
            />
            {endpoint.enabled && (
              <ReplayPanel
                api={api}
                endpointId={endpoint.endpoint_id}
                filters={filters}
                createdAt={endpoint.created_at}
                onEnd={refresh}
              />
            )}
            <DeliveryList
              key={round}
              api={api}
              path={listPath(endpointId, filters)}
              pageAt={(cursor) => listPath(endpointId, filters, cursor)}
              emptyText="No delivery matches."
            />
          </section>
        </>
      )}
    </>
  );
}

interface SettingsProps {
  readonly api: Api;
  readonly path: string;
  readonly endpoint: EndpointView;
  readonly reload: () => void;
  /** Called after a test event is queued. */
  readonly onSent: () => void;
}

function Settings({ api, path, endpoint, reload, onSent }: SettingsProps) {
  const [isEditing, setIsEditing] = useState(false);
  const [secret, setSecret] = useState<NewSecret>();
  const [tested, setTested] = useState<string>();
  const { isBusy, error, run } = useAction();
  const { enabled, disabled } = endpoint;

  const save = async ({ url, description, events, operations }: EndpointSettings) => {
    await api.patch(path, {
      url,
      events,
      description: description || null,
      operations: operations.length > 0 ? operations : null,
    });
    setIsEditing(false);
    reload();
  };
  const toggle = () =>
    run(async () => {
      await api.patch(path, { enabled: !enabled });
      reload();
    });
  const sendTest = () =>
    run(async () => {
      const { delivery_id: id } = await api.post<{ readonly delivery_id: string }>(`${path}/test`);
      setTested(id);
      onSent();
    });
  const rotate = () => run(async () => setSecret(await api.post<NewSecret>(`${path}/secret`)));
  const remove = () =>
    run(async () => {
      await api.delete(path);
      location.hash = '#/webhooks';
    });

  return (
    <section aria-labelledby="settings-title">
      <h2 id="settings-title">Settings</h2>
      {isEditing ? (
        <EndpointForm
          api={api}
          endpoint={endpoint}
          submitLabel="Save changes"
          onSubmit={save}
          onCancel={() => setIsEditing(false)}
        />
      ) : (
        <dl class="fact-list">
          <dt>State</dt>
          <dd>
            {enabled ? 'Enabled' : 'Disabled'}
            {disabled && (
              <>
                {disabled.reason === 'gone' ? ', because the receiver responded 410, since ' : ' since '}
                <Time at={disabled.at} />
              </>
            )}
          </dd>
          <dt>Events</dt>
          <dd>{endpoint.events.join(', ')}</dd>
          <dt>Operations</dt>
          <dd>{endpoint.operations?.join(', ') ?? 'All'}</dd>
          <dt>Answer links</dt>
          <dd>{endpoint.answer_links ? 'Questions include a link to answer them' : 'None'}</dd>
          <dt>Created</dt>
          <dd>
            <Time at={endpoint.created_at} />
          </dd>
          <dt>Endpoint</dt>
          <dd>
            <code>{endpoint.endpoint_id}</code>
          </dd>
        </dl>
      )}
      {secret && <SecretOnce secret={secret} onClose={() => setSecret(undefined)} />}
      <div class="buttons">
        {!isEditing && (
          <button type="button" onClick={() => setIsEditing(true)}>
            Edit
          </button>
        )}
        <button type="button" disabled={isBusy} onClick={toggle}>
          {enabled ? 'Disable' : 'Enable'}
        </button>
        <button type="button" disabled={isBusy || !enabled} onClick={sendTest}>
          Send test event
        </button>
        <ConfirmButton
          label="Rotate secret"
          question="The previous secret signs for 24 hours more."
          disabled={isBusy}
          onConfirm={rotate}
        />
        <ConfirmButton
          label="Delete endpoint"
          question="Nothing more is sent to it. Its deliveries disappear from the list."
          disabled={isBusy}
          onConfirm={remove}
        />
      </div>
      {tested !== undefined && (
        <p role="status">
          A test event is on its way: <a href={`#/deliveries/${encodeURIComponent(tested)}`}>its delivery</a>.
        </p>
      )}
      {error && <Problem title="The endpoint could not be changed" error={error} />}
    </section>
  );
}

function Health({
  endpoint,
  health,
}: {
  readonly endpoint: EndpointView;
  readonly health: EndpointHealthView | undefined;
}) {
  return (
    <section aria-labelledby="health-title">
      <h2 id="health-title">Health</h2>
      <p>
        <HealthBadge state={healthState(endpoint, health)} /> {health && healthSentence(health)}
      </p>
      {health && health.deliveries > 0 && (
        <dl class="fact-list">
          {health.last_success_at !== undefined && (
            <>
              <dt>Last success</dt>
              <dd>
                <Time at={health.last_success_at} />
              </dd>
            </>
          )}
          {health.last_failure && (
            <>
              <dt>Last failure</dt>
              <dd>
                <Time at={health.last_failure.at} />, {outcomeOf(health.last_failure)}
              </dd>
            </>
          )}
          <dt>Counted</dt>
          <dd>
            The newest {health.deliveries} deliveries: {health.delivered} delivered, {health.failed} failed,{' '}
            {health.pending} waiting, {health.cancelled} cancelled
            {health.since !== undefined && (
              <>
                , since <Time at={health.since} />
              </>
            )}
          </dd>
        </dl>
      )}
    </section>
  );
}
