/** Shows a job in a conversation: what it does, how far it is, what it asks, what it printed and made, and what a user can do. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatSize } from '../shared/duration.ts';
import { ErrorNotice } from '../shared/error-notice.tsx';
import { ProgressBar } from '../shared/progress-bar.tsx';
import { Question } from '../shared/question-form.tsx';
import { StatusBadge } from '../shared/status-badge.tsx';
import { Waterfall } from '../shared/timeline.tsx';
import './card.css';
import type { Act, CardController, CardState } from './card-controller.ts';
import { type CardJob, isEnded } from './job-state.ts';
import { announcementOf, titleOf } from './words.ts';

interface CardProps {
  readonly state: CardState;
  readonly controller: CardController;
}

export function Card({ state, controller }: CardProps) {
  const { job, text, connection } = state;
  const heading = useRef<HTMLHeadingElement>(null);
  // An element with the focus that disappears gives it to nobody: the next key would go to the conversation.
  const hadFocus = useRef(false);
  useEffect(() => {
    const { activeElement, body } = document;
    if (hadFocus.current && (activeElement === null || activeElement === body)) heading.current?.focus();
    hadFocus.current = activeElement !== null && activeElement !== body;
  });
  return (
    <main class="card" aria-labelledby="title">
      <header class="card-head">
        <h1 id="title" ref={heading} tabIndex={-1} dir="auto">
          {titleOf(state)} {job?.subject && <span class="subject">{job.subject}</span>}
        </h1>
        {job && <StatusBadge status={job.status} />}
      </header>
      <p class="visually-hidden" role="status">
        {announcementOf(state)}
      </p>
      {job ? (
        <JobBody job={job} state={state} controller={controller} />
      ) : (
        <p class="plain" dir="auto">
          {text ?? (connection === 'connected' ? 'Waiting for the job…' : 'Connecting to the conversation…')}
        </p>
      )}
      <Trouble state={state} controller={controller} />
    </main>
  );
}

function JobBody({ job, state, controller }: CardProps & { readonly job: CardJob }) {
  const { busy, refusal, link, canCall } = state;
  const refusalOf = (act: Act) => (refusal?.act === act ? refusal.error.message : undefined);
  return (
    <>
      <div class="bar">
        <ProgressBar progress={job.progress} label="Progress" />
        <span class="percent">{Math.floor(job.progress * 100)} %</span>
      </div>
      <Now job={job} />
      {canCall &&
        job.requests.map(([key, request]) => (
          <Question
            key={`${job.jobId} ${key}`}
            request={request}
            sending={busy === `answer:${key}`}
            disabled={busy !== undefined}
            refusal={refusalOf(`answer:${key}`)}
            onAnswer={(answer) => void controller.answer(key, answer)}
            onOpen={(url) => void controller.openPage(url)}
          />
        ))}
      {!canCall &&
        job.requests.map(([key, { message }]) => (
          <p key={key} class="plain" dir="auto">
            {message}
          </p>
        ))}
      {job.error && <ErrorNotice title="The job failed" error={job.error} />}
      {job.timeline && job.createdAt && (
        <section aria-labelledby="steps">
          <h2 id="steps">Steps</h2>
          <Waterfall
            timeline={job.timeline}
            createdAt={job.createdAt}
            endedAt={job.endedAt}
            nowMs={Date.now()}
          />
        </section>
      )}
      {job.lines.length > 0 && <LogTail lines={job.lines} />}
      {job.files.length > 0 && (
        <Files
          files={job.files}
          busy={busy}
          onOpen={canCall ? (name) => void controller.openFile(name) : undefined}
        />
      )}
      {job.result !== undefined && <Result result={job.result} />}
      {link && <CopyLink {...link} />}
      {refusal && !refusal.act.startsWith('answer:') && (
        <ErrorNotice
          title={REFUSED[refusal.act.split(':', 1)[0] ?? ''] ?? 'The action failed'}
          error={refusal.error}
          urgent
        />
      )}
      {canCall && <Buttons job={job} busy={busy} controller={controller} />}
    </>
  );
}

const REFUSED: Readonly<Record<string, string>> = {
  cancel: 'The job was not cancelled',
  retry: 'The job was not retried',
  file: 'The file was not opened',
  page: 'The page was not opened',
};

/** The step that runs now, and what it says. */
function Now({ job: { status, step, message, requests, retriedFrom } }: { readonly job: CardJob }) {
  // What a job says before it begins is for the model; that of a retry says where it begins and why.
  const shown =
    status === 'running' ||
    status === 'cancelled' ||
    (status === 'pending' && retriedFrom !== undefined) ||
    (status === 'input_required' && requests.length === 0);
  return (
    <>
      {shown && (step || message) && (
        <p class="plain" dir="auto">
          {[step, message].filter(Boolean).join(': ')}
        </p>
      )}
      {retriedFrom && <p class="hint plain">Retries job {retriedFrom}.</p>}
    </>
  );
}

function LogTail({ lines }: { readonly lines: readonly string[] }) {
  return (
    <div>
      <h2>Last lines of the log</h2>
      <ScrollBox label="Last lines of the log" text={lines.join('\n')} followsEnd />
    </div>
  );
}

interface ScrollBoxProps {
  readonly label: string;
  readonly text: string;
  /** Scrolls to the end when the text grows, unless the user has scrolled up. @default false */
  readonly followsEnd?: boolean;
}

function ScrollBox({ label, text, followsEnd = false }: ScrollBoxProps) {
  const box = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (text && box.current && followsEnd && isAtEnd.current)
      box.current.scrollTop = box.current.scrollHeight;
  }, [text, followsEnd]);
  return (
    <section
      class="log"
      ref={box}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollTop + clientHeight >= scrollHeight - 8;
      }}
    >
      {text}
    </section>
  );
}

interface FilesProps {
  readonly files: CardJob['files'];
  readonly busy: Act | undefined;
  readonly onOpen: ((name: string) => void) | undefined;
}

function Files({ files, busy, onOpen }: FilesProps) {
  return (
    <section aria-labelledby="files">
      <h2 id="files">Files</h2>
      <ul class="card-files">
        {files.map(({ name, size }) => (
          <li key={name}>
            {onOpen ? (
              <button type="button" class="link" disabled={busy !== undefined} onClick={() => onOpen(name)}>
                {name}
              </button>
            ) : (
              <span>{name}</span>
            )}{' '}
            <span class="hint">{busy === `file:${name}` ? 'Opening…' : formatSize(size)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const MAX_RESULT_CHARACTERS = 10_000;

function Result({ result }: { readonly result: unknown }) {
  const text = typeof result === 'string' ? result : JSON.stringify(result, undefined, 2);
  const shown = text.length > MAX_RESULT_CHARACTERS ? `${text.slice(0, MAX_RESULT_CHARACTERS)}…` : text;
  return (
    <details>
      <summary>Result</summary>
      <ScrollBox label="Result" text={shown} />
    </details>
  );
}

/** For hosts that open no pages. */
function CopyLink({ name, url }: { readonly name: string; readonly url: string }) {
  return (
    <div class="copy" role="alert">
      <label for="link">This host opens no pages. Copy the address{name === url ? '' : ` of ${name}`}:</label>
      <input id="link" readOnly value={url} onFocus={({ currentTarget }) => currentTarget.select()} />
    </div>
  );
}

interface ButtonsProps {
  readonly job: CardJob;
  readonly busy: Act | undefined;
  readonly controller: CardController;
}

function Buttons({ job, busy, controller }: ButtonsProps) {
  const [asks, setAsks] = useState(false);
  const keep = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (asks) keep.current?.focus();
  }, [asks]);
  if (isEnded(job)) {
    if (job.status === 'completed') return null;
    return (
      <div class="buttons">
        <button
          type="button"
          class="primary"
          disabled={busy !== undefined}
          onClick={() => void controller.retry()}
        >
          {busy === 'retry' ? 'Retrying…' : 'Retry'}
        </button>
      </div>
    );
  }
  if (!asks)
    return (
      <div class="buttons">
        <button type="button" disabled={busy !== undefined} onClick={() => setAsks(true)}>
          {busy === 'cancel' ? 'Cancelling…' : 'Cancel job'}
        </button>
      </div>
    );
  return (
    <fieldset class="buttons confirm">
      <legend>Cancel the job? Finished work is not undone.</legend>
      <button
        type="button"
        class="danger"
        onClick={() => {
          setAsks(false);
          void controller.cancel();
        }}
      >
        Cancel it
      </button>
      <button type="button" ref={keep} onClick={() => setAsks(false)}>
        Let it run
      </button>
    </fieldset>
  );
}

/** Why the card does not follow the job: the host, the service, or something that only the user can change. */
function Trouble({ state: { trouble, triesAgain, connection, canCall, job }, controller }: CardProps) {
  if (trouble)
    return (
      <ErrorNotice
        title={job ? 'The card shows what it last knew' : 'The job cannot be shown'}
        error={trouble}
      >
        {(job || triesAgain) && (
          <button type="button" onClick={() => controller.tryNow()}>
            Try now
          </button>
        )}
        {triesAgain && <span class="hint">The card retries automatically.</span>}
      </ErrorNotice>
    );
  if (connection === 'connected' && !canCall && job && !isEnded(job))
    return (
      <p class="hint plain">
        This host does not let the card follow the job. Ask in the conversation: check job {job.jobId}.
      </p>
    );
  return null;
}
