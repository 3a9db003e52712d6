/** Replays what the filters of the list select, shows how far it is, and stops on request. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ProgressBar } from '../../shared/progress-bar.tsx';
import type { Api } from '../api.ts';
import { ConfirmButton } from '../confirm-button.tsx';
import { Problem } from '../problem.tsx';
import { Time } from '../time.tsx';
import { type DeliveryFilters, replayBody } from './filters.ts';
import { fractionOf, type ReplayedPage, type ReplayRun, runReplay } from './replay-run.ts';
import { type DeliveryStatus, STATUSES } from './views.ts';

export interface ReplayPanelProps {
  readonly api: Api;
  readonly endpointId: string;
  readonly filters: DeliveryFilters;
  /** Creation time of the endpoint: it has no earlier deliveries. ISO 8601. */
  readonly createdAt: string;
  /** Called when a run ends. */
  readonly onEnd: () => void;
}

interface Shown extends ReplayRun {
  /** The selection of this run: that of the list may have changed since. */
  readonly selection: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export function ReplayPanel({ api, endpointId, filters, createdAt, onEnd }: ReplayPanelProps) {
  const [run, setRun] = useState<Shown>();
  const [isStopping, setIsStopping] = useState(false);
  const stop = useRef(new AbortController());
  // Leaving the page stops the run after the call under way.
  useEffect(() => () => stop.current.abort(), []);

  const start = async (
    from: Pick<ReplayRun, 'replayed' | 'reachedAt'> & { readonly next: object },
    scope: Scope,
  ) => {
    stop.current = new AbortController();
    const { signal } = stop.current;
    setIsStopping(false);
    await runReplay({
      post: (body) => api.post<ReplayedPage>(`/endpoints/${endpointId}/replay`, body),
      from,
      signal,
      onProgress: (progress) => setRun({ ...progress, ...scope }),
    });
    onEnd();
  };
  const begin = () => {
    const body = replayBody(filters);
    const until = 'until' in body ? Date.parse(String(body.until)) : Date.now();
    const sinceMs = Math.max(Date.parse(body.since), Date.parse(createdAt));
    start(
      { replayed: 0, next: body },
      { sinceMs, untilMs: Math.min(Date.now(), until), selection: selectionOf(filters) },
    );
  };
  const isRunning = run?.state === 'running';

  return (
    <section class="box" aria-labelledby="replay-title">
      <h3 id="replay-title">Replay</h3>
      <p>
        Replays {selectionOf(filters)}, oldest first.{' '}
        {filters.status === 'pending'
          ? 'Those that wait for a retry are sent now.'
          : 'Skips deliveries that wait for a retry.'}
      </p>
      {!isRunning && (
        <ConfirmButton
          label="Replay"
          question="The receiver gets every selected event again, under its old id."
          onConfirm={begin}
        />
      )}
      {run && (
        <div>
          <ProgressBar progress={fractionOf(run, run.sinceMs, run.untilMs)} label="Progress of the replay" />
          <p role="status">
            {`${STATES[run.state]} ${run.replayed} ${run.replayed === 1 ? 'delivery is' : 'deliveries are'} sent again. `}
            {run.reachedAt && run.state !== 'done' && (
              <>
                Reached <Time at={run.reachedAt} />.
              </>
            )}
          </p>
          {isRunning && (
            <button
              type="button"
              disabled={isStopping}
              onClick={() => {
                stop.current.abort();
                setIsStopping(true);
              }}
            >
              {isStopping ? 'Stopping' : 'Stop the replay'}
            </button>
          )}
          {run.error && <Problem title="The replay was interrupted" error={run.error} />}
          {!isRunning && run.next && (
            <button type="button" onClick={() => run.next && start({ ...run, next: run.next }, run)}>
              Continue the replay
            </button>
          )}
          {!isRunning && run.next && <span class="hint"> Continues with {run.selection}.</span>}
        </div>
      )}
    </section>
  );
}

type Scope = Pick<Shown, 'sinceMs' | 'untilMs' | 'selection'>;

const STATES: Readonly<Record<ReplayRun['state'], string>> = {
  running: 'Replaying.',
  done: 'Done.',
  stopped: 'Stopped.',
  failed: 'Interrupted.',
};

/** Returns the selection in words. */
function selectionOf({ status, event, jobId, operation, since, until }: DeliveryFilters): string {
  const kind = status === '' ? 'all deliveries' : `deliveries that are ${words(status)}`;
  return [
    kind,
    event && `of ${event}`,
    operation && `of the operation ${operation}`,
    jobId && `of the job ${jobId}`,
    since && `since ${since.replace('T', ' ')}`,
    until && `until ${until.replace('T', ' ')}`,
  ]
    .filter(Boolean)
    .join(', ');
}

function words(status: DeliveryStatus): string {
  return STATUSES[status].toLowerCase();
}
