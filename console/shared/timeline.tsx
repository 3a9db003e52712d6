/** Shows the steps of a job as a waterfall: when each one began, its attempts, and what it waited for. */
import { formatDuration } from './duration.ts';
import type { Timeline } from './job.ts';
import { StatusBadge } from './status-badge.tsx';
import { describeStep, failuresOf, layoutTimeline } from './timeline-layout.ts';
import './timeline.css';

interface TimelineProps {
  readonly timeline: Timeline;
  readonly createdAt: string;
  readonly endedAt: string | undefined;
  readonly nowMs: number;
}

export function Waterfall({ timeline, createdAt, endedAt, nowMs }: TimelineProps) {
  const { rows, totalMs } = layoutTimeline(timeline, createdAt, endedAt, nowMs);
  const { queued_ms } = timeline;
  return (
    <div class="waterfall">
      <ol>
        {rows.map(({ step, bars, durationMs }) => {
          const notes = describeStep(step);
          const failed = failuresOf(step);
          return (
            <li key={step.step} class={`fall-row fall-${step.status}`}>
              <span class="fall-step">{step.step}</span>
              <span class="fall-status">
                <StatusBadge status={step.status} />
              </span>
              <span class="fall-track" aria-hidden="true">
                {bars.map(({ kind, left, width }) => (
                  <span
                    key={`${kind} ${left}`}
                    class={`fall-bar fall-bar-${kind}`}
                    style={{ left: `${left}%`, width: `${width}%` }}
                  />
                ))}
              </span>
              <span class="fall-time">{durationMs !== undefined && formatDuration(durationMs)}</span>
              {notes && <span class="fall-notes hint">{notes}</span>}
              {failed.map(({ error, started_at, number }) => (
                <span key={started_at} class="fall-error" dir="auto">
                  Attempt {number}: <code>{error?.code}</code> {error?.message}
                </span>
              ))}
            </li>
          );
        })}
      </ol>
      <p class="hint fall-total">
        {endedAt ? 'Took' : 'So far'} {formatDuration(totalMs)}
        {queued_ms !== undefined && `, of which ${formatDuration(queued_ms)} before the first step`}
        <span class="fall-legend" aria-hidden="true">
          <i class="fall-bar-queued" /> queued <i class="fall-bar-attempt" /> ran{' '}
          <i class="fall-bar-failed" /> failed <i class="fall-bar-wait" /> waited for an answer
        </span>
      </p>
    </div>
  );
}
