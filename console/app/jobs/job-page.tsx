/** Shows a job as it moves: its steps, its log, what it asks, what it returned, and what a person can do. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatDuration, formatTime, msBetween } from '../../shared/duration.ts';
import { ErrorNotice } from '../../shared/error-notice.tsx';
import { executionUrl } from '../../shared/execution-url.ts';
import { Files } from '../../shared/files.tsx';
import type { JobDetails } from '../../shared/job.ts';
import { hasEnded } from '../../shared/job-status.ts';
import { ProgressBar } from '../../shared/progress-bar.tsx';
import type { Answer } from '../../shared/question-fields.ts';
import { Question } from '../../shared/question-form.tsx';
import { ReceiptTable } from '../../shared/receipt.tsx';
import { labelOf, StatusBadge } from '../../shared/status-badge.tsx';
import { Waterfall } from '../../shared/timeline.tsx';
import { type Api, ApiError } from '../api.ts';
import { useOperations } from '../operations.ts';
import { Problem } from '../problem.tsx';
import { Trace } from '../trace.tsx';
import { useNow } from '../use-now.ts';
import { JobDeliveries } from '../webhooks/job-deliveries.tsx';
import { JobActions } from './job-actions.tsx';
import { subjectOf } from './job-list.ts';
import { JobLog } from './job-log.tsx';
import { JsonView } from './json-view.tsx';
import { useJob } from './use-job.ts';
import './job-page.css';

export function JobPage({ api, jobId }: { readonly api: Api; readonly jobId: string }) {
  const { job, error, refresh } = useJob(api, jobId);
  if (error instanceof ApiError && error.code === 'JOB_NOT_FOUND') return <NoSuchJob />;
  if (!job) {
    return error ? (
      <Problem title="The job could not be read" error={error} onRetry={refresh} />
    ) : (
      <p role="status">Loading…</p>
    );
  }
  return <JobView api={api} job={job} error={error} onChanged={refresh} />;
}

/** The same for a job that has expired, one that never was, and one of another owner. */
function NoSuchJob() {
  return (
    <>
      <h1>No such job</h1>
      <p>You have no job with this id. It may have expired: check the id.</p>
      <p>
        <a href="#/jobs">All jobs</a>
      </p>
    </>
  );
}

interface JobViewProps {
  readonly api: Api;
  readonly job: JobDetails;
  readonly error: Error | undefined;
  readonly onChanged: () => void;
}

function JobView({ api, job, error, onChanged }: JobViewProps) {
  const { job_id, status, step, message, timeline, files = [], result, log_tail = [] } = job;
  const operation = useOperations(api).find(({ name }) => name === job.operation);
  const subject = subjectOf(job, operation);
  const isOpen = !hasEnded(status);
  const nowMs = useNow(isOpen ? 500 : undefined);
  const { input, execution } = useInput(api, job_id);
  // The error and the questions have places of their own.
  const shown = [job.error, ...Object.values(job.input_requests ?? {})].map((each) => each?.message);
  const news = shown.includes(message) ? undefined : message;
  return (
    <article class="job">
      <header class="job-head">
        <p class="crumbs">
          <a href="#/jobs">Jobs</a> <span aria-hidden="true">/</span> <code>{job_id}</code>
        </p>
        <div class="job-title">
          <h1>
            {operation?.title ?? job.operation}
            {subject !== undefined && (
              <span class="job-subject" dir="auto">
                {' '}
                {subject}
              </span>
            )}
          </h1>
          <StatusBadge status={status} />
        </div>
        <ProgressBar progress={job.progress} label="Progress" />
        <p class="job-now" dir="auto">
          {isOpen && step && <strong>{step}</strong>}
          {news !== undefined && isOpen && step && ' · '}
          {news}
        </p>
        <Facts job={job} nowMs={nowMs} execution={execution} />
        <p role="status" class="visually-hidden">
          {labelOf(status)}
          {isOpen && step && `, step ${step}`}
        </p>
        <JobActions api={api} job={job} onChanged={onChanged} />
      </header>
      {error && <Problem title="The connection to the job is lost. The page tries again" error={error} />}
      {job.error && <ErrorNotice title="The job failed" error={job.error} />}
      <Questions api={api} job={job} onChanged={onChanged} />
      {timeline && timeline.steps.length > 0 && (
        <Panel id="steps" title="Steps">
          <Waterfall timeline={timeline} createdAt={job.created_at} endedAt={job.ended_at} nowMs={nowMs} />
        </Panel>
      )}
      {job.receipt && (
        <Panel id="cost" title="Cost">
          <ReceiptTable receipt={job.receipt} />
        </Panel>
      )}
      {files.length > 0 && (
        <Panel id="files" title="Files">
          <Files files={files} />
        </Panel>
      )}
      {result !== null && result !== undefined && (
        <Panel id="result" title="Result">
          <JsonView value={result} />
        </Panel>
      )}
      <JobLog
        api={api}
        jobId={job_id}
        steps={timeline?.steps.map((each) => each.step) ?? []}
        files={files}
        tail={log_tail}
      />
      {input !== undefined && (
        <Panel id="input" title="Input">
          <JsonView value={input} />
        </Panel>
      )}
      <JobDeliveries api={api} jobId={job_id} />
    </article>
  );
}

interface PanelProps {
  readonly id: string;
  readonly title: string;
  readonly children: ComponentChildren;
}

function Panel({ id, title, children }: PanelProps) {
  return (
    <section class="panel" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  );
}

interface FactsProps {
  readonly job: JobDetails;
  readonly nowMs: number;
  readonly execution: string | undefined;
}

function Facts({ job, nowMs, execution }: FactsProps) {
  const { created_at, started_at, ended_at, expires_at, retried_from, trace } = job;
  const ranMs = msBetween(started_at, ended_at ?? new Date(nowMs).toISOString());
  return (
    <dl class="facts-line">
      <div>
        <dt>Created</dt>
        <dd>
          <time dateTime={created_at}>{formatTime(created_at)}</time>
        </dd>
      </div>
      {ranMs !== undefined && (
        <div>
          <dt>{ended_at ? 'Took' : 'Running for'}</dt>
          <dd>{formatDuration(ranMs)}</dd>
        </div>
      )}
      {ended_at && (
        <div>
          <dt>Ended</dt>
          <dd>
            <time dateTime={ended_at}>{formatTime(ended_at)}</time>
          </dd>
        </div>
      )}
      <div>
        <dt>Expires</dt>
        <dd>
          <time dateTime={expires_at}>{formatTime(expires_at)}</time>
        </dd>
      </div>
      {retried_from !== undefined && (
        <div>
          <dt>Retry of</dt>
          <dd>
            <a href={`#/jobs/${encodeURIComponent(retried_from)}`}>{retried_from.slice(0, 8)}</a>
          </dd>
        </div>
      )}
      {execution && (
        <div>
          <dt>In AWS</dt>
          <dd>
            <a href={execution} target="_blank" rel="noopener noreferrer">
              Execution
            </a>
          </dd>
        </div>
      )}
      {trace && (
        <div>
          <dt>Trace</dt>
          <dd>
            <Trace trace={trace} />
          </dd>
        </div>
      )}
    </dl>
  );
}

interface QuestionsProps {
  readonly api: Api;
  readonly job: JobDetails;
  readonly onChanged: () => void;
}

function Questions({ api, job, onChanged }: QuestionsProps) {
  const [sending, setSending] = useState<ReadonlySet<string>>(new Set());
  const [refusals, setRefusals] = useState<Readonly<Record<string, string>>>({});
  const answer = async (key: string, given: Answer) => {
    setSending((before) => new Set(before).add(key));
    setRefusals(({ [key]: _, ...others }) => others);
    try {
      await api.post(`/jobs/${job.job_id}/answers`, { answers: { [key]: given } });
      onChanged();
    } catch (error) {
      setRefusals((before) => ({ ...before, [key]: (error as Error).message }));
    } finally {
      setSending((before) => new Set([...before].filter((each) => each !== key)));
    }
  };
  return (
    <>
      {Object.entries(job.input_requests ?? {}).map(([key, request]) => (
        <Question
          key={`${job.job_id} ${key}`}
          request={request}
          sending={sending.has(key)}
          refusal={Object.hasOwn(refusals, key) ? refusals[key] : undefined}
          onAnswer={(given) => void answer(key, given)}
          onOpen={(url) => open(url, '_blank', 'noopener,noreferrer')}
        />
      ))}
    </>
  );
}

interface JobInput {
  readonly input?: unknown;
  readonly execution_arn?: string;
}

/** Reads what the job was started with, once. */
function useInput(api: Api, jobId: string) {
  const [body, setBody] = useState<JobInput>({});
  useEffect(() => {
    const controller = new AbortController();
    api.get<JobInput>(`/jobs/${jobId}/input`, controller.signal).then(setBody, () => {
      // The page shows the rest of the job.
    });
    return () => controller.abort();
  }, [api, jobId]);
  return { input: body.input, execution: executionUrl(body.execution_arn) };
}
