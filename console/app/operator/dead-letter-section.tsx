/** Shows the number of dead letters of each queue, and replays the deliveries that some of them name. */
import { useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import { ConfirmButton } from '../confirm-button.tsx';
import { Problem } from '../problem.tsx';
import { Time } from '../time.tsx';
import { type Loaded, useAction } from '../use-load.ts';
import { type DeadLetters, type OperatorDelivery, QUEUES } from './views.ts';

export interface DeadLetterSectionProps {
  readonly api: Api;
  readonly letters: Loaded<DeadLetters>;
}

export function DeadLetterSection({
  api,
  letters: { data, error, isLoading, reload },
}: DeadLetterSectionProps) {
  const total = data?.queues.reduce((sum, { messages }) => sum + messages, 0);
  return (
    <section aria-labelledby="operator-letters">
      <h2 id="operator-letters">Dead letters</h2>
      <p>
        <button type="button" disabled={isLoading} onClick={reload}>
          Refresh dead letters
        </button>{' '}
        <span role="status" class="op-muted">
          {isLoading ? 'Loading…' : total !== undefined && `${total} in all queues.`}
        </span>
      </p>
      {error && <Problem title="The dead letters could not be read" error={error} onRetry={reload} />}
      {data && (
        <dl class="op-queues">
          {data.queues.map(({ name, messages }) => (
            <div key={name}>
              <dt>
                {name} <strong class={messages > 0 ? 'op-bad' : undefined}>{messages}</strong>
              </dt>
              <dd class="op-muted">{QUEUES[name]}</dd>
            </div>
          ))}
        </dl>
      )}
      {data && data.deliveries.length > 0 && (
        <>
          <p>SQS shows ten messages at most. A message stays in its queue until it is redriven or purged.</p>
          <ul class="op-rows" aria-label="Deliveries of dead letters">
            {data.deliveries.map((delivery) => (
              <DeliveryRow key={delivery.delivery_id} api={api} delivery={delivery} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function DeliveryRow({ api, delivery: given }: { readonly api: Api; readonly delivery: OperatorDelivery }) {
  const [replayed, setReplayed] = useState<OperatorDelivery>();
  const { isBusy, error, run } = useAction();
  const delivery = replayed ?? given;
  const { delivery_id: id, job_id: jobId, owner, endpoint_id: endpoint, event, status } = delivery;
  const { attempt_count: count, last_attempt: last } = delivery;
  return (
    <li class="op-row">
      <p class="op-row-title">
        {event.type} to <code>{endpoint}</code> · {status}
      </p>
      <p class="op-muted" dir="auto">
        {owner}
      </p>
      <p class="op-muted">
        {count} {count === 1 ? 'attempt' : 'attempts'}
        {last && (
          <>
            {`, last: ${last.error ?? `HTTP ${last.http_status}`} `}
            <Time at={last.at} />
          </>
        )}
        {jobId !== undefined && (
          <>
            {' · '}
            <a href={`#/operator/${encodeURIComponent(jobId)}`}>Job {jobId.slice(0, 8)}</a>
          </>
        )}
      </p>
      <ConfirmButton
        label="Replay"
        question={`Send ${event.type} to the endpoint of ${owner} again? The act is logged.`}
        disabled={isBusy}
        onConfirm={() =>
          run(async () =>
            setReplayed(
              await api.post<OperatorDelivery>(`/operator/deliveries/${encodeURIComponent(id)}/replay`),
            ),
          )
        }
      />
      {replayed && <p role="status">Replayed: an attempt is on its way.</p>}
      {error && <Problem title="The delivery could not be replayed" error={error} />}
    </li>
  );
}
