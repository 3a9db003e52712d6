/** Shows the job of any owner to operators, without its content, and cancels it. */
import type { ComponentChildren } from 'preact';
import { ReceiptTable } from '../../shared/receipt.tsx';
import { StatusBadge } from '../../shared/status-badge.tsx';
import { Waterfall } from '../../shared/timeline.tsx';
import type { Api } from '../api.ts';
import { Problem } from '../problem.tsx';
import { Time } from '../time.tsx';
import { Trace } from '../trace.tsx';
import { useLoad } from '../use-load.ts';
import { CancelButton } from './cancel-button.tsx';
import type { OperatorJob } from './views.ts';

export function OperatorJobPage({ api, jobId }: { readonly api: Api; readonly jobId: string }) {
  const path = `/operator/jobs/${encodeURIComponent(jobId)}`;
  const {
    data: job,
    error,
    isLoading,
    reload,
  } = useLoad(path, (signal) => api.get<OperatorJob>(path, signal));
  return (
    <>
      <p>
        <a href="#/operator">All open jobs</a>
      </p>
      <h1>
        {job?.operation ?? 'Job'} <code>{jobId.slice(0, 8)}</code>
      </h1>
      <p>
        <button type="button" disabled={isLoading} onClick={reload}>
          Refresh
        </button>{' '}
        <span role="status" class="op-muted">
          {isLoading && 'Loading…'}
        </span>
      </p>
      {error && <Problem title="The job could not be read" error={error} onRetry={reload} />}
      {job && <Facts job={job} />}
      {job?.timeline && (
        <section aria-labelledby="operator-steps">
          <h2 id="operator-steps">Steps</h2>
          <Waterfall
            timeline={job.timeline}
            createdAt={job.created_at}
            endedAt={job.ended_at}
            nowMs={Date.now()}
          />
        </section>
      )}
      {job?.receipt && (
        <section aria-labelledby="operator-cost">
          <h2 id="operator-cost">Cost</h2>
          <ReceiptTable receipt={job.receipt} />
        </section>
      )}
      {job && <CancelButton api={api} job={job} onCancelled={reload} />}
    </>
  );
}

function Facts({ job }: { readonly job: OperatorJob }) {
  const { job_id, owner, step, progress, error, trace } = job;
  const { created_at, started_at, updated_at, ended_at, expires_at } = job;
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    ['Status', <StatusBadge key="status" status={job.status} />],
    ['Job', <code key="job">{job_id}</code>],
    ['Owner', owner],
    [
      'Retry of',
      job.retried_from && (
        <a key="retries" href={`#/operator/${encodeURIComponent(job.retried_from)}`}>
          {job.retried_from.slice(0, 8)}
        </a>
      ),
    ],
    [
      'Step',
      step && `${step}${progress === undefined ? '' : `, ${Math.floor(progress * 100)} % of the job`}`,
    ],
    ['Error', error && `${error.code}. Its text is in CloudWatch Logs.`],
    ['Created', <Time key="created" at={created_at} />],
    ['Started', started_at && <Time key="started" at={started_at} />],
    ['Changed', updated_at && <Time key="changed" at={updated_at} />],
    ['Ended', ended_at && <Time key="ended" at={ended_at} />],
    ['Expires', <Time key="expires" at={expires_at} />],
    ['Trace', trace && <Trace key="trace" trace={trace} />],
  ];
  return (
    <dl class="op-facts">
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
