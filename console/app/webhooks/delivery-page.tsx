/** Shows one delivery: its attempts with the receiver's responses, its request, and its replay. */
import { useEffect } from 'preact/hooks';
import type { Api } from '../api.ts';
import { ConfirmButton } from '../confirm-button.tsx';
import { Problem } from '../problem.tsx';
import { Time } from '../time.tsx';
import { useAction, useLoad } from '../use-load.ts';
import { useVisible } from '../use-visible.ts';
import { CopyButton } from './copy-button.tsx';
import { DeliveryBadge } from './delivery-badge.tsx';
import { pollDelayMs } from './delivery-polling.ts';
import { indentJson } from './indent-json.ts';
import {
  type AttemptView,
  type DeliveryDetails,
  type DeliveryView,
  endpointPageOf,
  outcomeOf,
  targetOf,
} from './views.ts';

export function DeliveryPage({ api, deliveryId }: { readonly api: Api; readonly deliveryId: string }) {
  const path = `/deliveries/${encodeURIComponent(deliveryId)}`;
  const { data: delivery, error, reload } = useLoad(path, (signal) => api.get<DeliveryDetails>(path, signal));
  const { isBusy, error: replayError, run } = useAction();
  const isVisible = useVisible();
  useEffect(() => {
    const delayMs = delivery && pollDelayMs(delivery, Date.now());
    if (delayMs === undefined || error !== undefined || !isVisible) return;
    const timer = setTimeout(reload, delayMs);
    return () => clearTimeout(timer);
  }, [delivery, error, reload, isVisible]);
  const replay = () =>
    run(async () => {
      await api.post(`${path}/replay`);
      reload();
    });

  return (
    <>
      <p class="crumbs">
        <a href="#/webhooks">Webhooks</a> <span aria-hidden="true">/</span> <span>Delivery</span>
      </p>
      <h1>{delivery ? `Delivery of ${delivery.event.type}` : 'Delivery'}</h1>
      {error && <Problem title="The delivery could not be read" error={error} onRetry={reload} />}
      {delivery && (
        <>
          <Facts delivery={delivery} />
          {delivery.status !== 'held' && (
            <ConfirmButton
              label="Replay"
              question="The receiver gets this event again, under its old id."
              disabled={isBusy}
              onConfirm={replay}
            />
          )}
          {replayError && <Problem title="The delivery could not be replayed" error={replayError} />}
          <Attempts delivery={delivery} />
          <Request delivery={delivery} />
        </>
      )}
    </>
  );
}

function Facts({ delivery }: { readonly delivery: DeliveryView }) {
  const { job_id: jobId, next_attempt_at: next } = delivery;
  const endpointId = endpointPageOf(delivery);
  return (
    <dl class="fact-list">
      <dt>Status</dt>
      <dd>
        <span role="status">
          <DeliveryBadge status={delivery.status} />
        </span>
        {next !== undefined && delivery.status === 'pending' && (
          <>
            , next attempt <Time at={next} />
          </>
        )}
      </dd>
      <dt>To</dt>
      <dd>
        {endpointId === undefined ? (
          targetOf(delivery)
        ) : (
          <a href={`#/webhooks/${endpointId}`}>{targetOf(delivery)}</a>
        )}
      </dd>
      {jobId !== undefined && (
        <>
          <dt>Job</dt>
          <dd>
            <a href={`#/jobs/${encodeURIComponent(jobId)}`}>{jobId}</a>
          </dd>
        </>
      )}
      <dt>Event</dt>
      <dd>
        <code>{delivery.event.id}</code>
      </dd>
      <dt>Created</dt>
      <dd>
        <Time at={delivery.created_at} />
      </dd>
      <dt>Kept until</dt>
      <dd>
        <Time at={delivery.expires_at} />
      </dd>
    </dl>
  );
}

function Attempts({ delivery }: { readonly delivery: DeliveryView }) {
  const { attempts, attempt_count: count } = delivery;
  const omitted = count - attempts.length;
  return (
    <section aria-labelledby="attempts-title">
      <h2 id="attempts-title">Attempts ({count})</h2>
      {count === 0 && <p>No attempt yet.</p>}
      {omitted > 0 && <p>The first {omitted} are no longer on record.</p>}
      <ol class="entries" aria-label="Attempts, the last first">
        {attempts
          .map((attempt, index) => (
            <Attempt key={`${attempt.at} ${index}`} attempt={attempt} number={omitted + index + 1} />
          ))
          .reverse()}
      </ol>
    </section>
  );
}

function Attempt({ attempt, number }: { readonly attempt: AttemptView; readonly number: number }) {
  const { at, http_status: status = 0, latency_ms: latencyMs, answer, reason } = attempt;
  const isSuccess = status >= 200 && status < 300;
  return (
    <li class="entry">
      <p class="entry-title">
        Attempt {number}:{' '}
        <span class={`status status-${isSuccess ? 'completed' : 'failed'}`}>{outcomeOf(attempt)}</span>
      </p>
      <p class="hint">
        <Time at={at} /> · {latencyMs} ms · webhook-timestamp {Math.floor(Date.parse(at) / 1000)}
      </p>
      {reason !== undefined && <p>{reason}</p>}
      {answer !== undefined && answer !== '' && (
        <figure>
          <figcaption>Start of the response</figcaption>
          <pre>{answer}</pre>
        </figure>
      )}
      {answer === '' && <p class="hint">The response has no body.</p>}
    </li>
  );
}

function Request({ delivery }: { readonly delivery: DeliveryDetails }) {
  const { request, event } = delivery;
  if (!request) return null;
  return (
    <section aria-labelledby="request-title">
      <h2 id="request-title">Request</h2>
      <p>
        Every attempt also has <code>webhook-timestamp</code> and a <code>webhook-signature</code>, which is
        not shown.
        {event.type === 'job.input_required' &&
          ' The body may also have an answer_url. It is a secret, so it is not shown.'}
      </p>
      <dl class="fact-list">
        {Object.entries(request.headers).map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
      <h3 id="body-title">Body, indented</h3>
      <section aria-labelledby="body-title">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
        <pre class="request-body" tabIndex={0}>
          {indentJson(request.body)}
        </pre>
      </section>
      <CopyButton text={request.body} label="Copy body" />
    </section>
  );
}
