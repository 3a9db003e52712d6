/** Shows a long list of jobs: the page contains the rows in view, and loads more near the end. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { formatAgo, formatDuration, formatTime, msBetween } from '../../shared/duration.ts';
import type { JobSummary, OperationInfo } from '../../shared/job.ts';
import { memo } from '../../shared/memo.ts';
import { labelOf, StatusBadge } from '../../shared/status-badge.tsx';
import { isNearEnd, type ListPosition, rowAfterKey, rowsOf } from '../../shared/virtual-window.ts';
import { isRefreshed, subjectOf } from './job-list.ts';
import './job-rows.css';

interface JobRowsProps {
  readonly jobs: readonly JobSummary[];
  readonly operations: readonly OperationInfo[];
  /** Whether older jobs exist that are not loaded. */
  readonly hasMore: boolean;
  readonly nowMs: number;
  readonly onNearEnd: () => void;
}

/** Heights of a row in rem, as in the style sheet: it has two lines on a narrow screen. */
const ROW_REM = { wide: 2.6, narrow: 4.1 };
const NARROW = '(max-width: 40rem)';
const COLUMNS = ['Status', 'Operation', 'Subject', 'Created', 'Duration', 'Job'] as const;

interface JobRowProps {
  readonly job: JobSummary;
  readonly index: number;
  /** Number of jobs, or -1 while older ones are not loaded. */
  readonly total: number;
  readonly top: number;
  readonly height: number;
  readonly operation: OperationInfo | undefined;
  readonly nowMs: number;
  readonly isStop: boolean;
}

/** Scrolling renders only the rows that come into view. */
const JobRow = memo(({ job, index, total, top, height, operation, nowMs, isStop }: JobRowProps) => {
  const { job_id, status, created_at, started_at, ended_at } = job;
  const subject = subjectOf(job, operation);
  // The job of an old row may have ended since.
  const end = ended_at ?? (isRefreshed(index) ? new Date(nowMs).toISOString() : undefined);
  const durationMs = msBetween(started_at, end);
  return (
    <li
      class="row"
      aria-posinset={index + 1}
      aria-setsize={total}
      data-row={index}
      style={{ transform: `translateY(${top}px)`, height: `${height}px` }}
    >
      <span>
        <StatusBadge status={status} />
      </span>
      <span class="row-operation">{operation?.title ?? job.operation}</span>
      <span class="row-subject" dir="auto" title={subject}>
        {subject}
      </span>
      <span class="row-time">
        <time dateTime={created_at} title={formatTime(created_at)}>
          {formatAgo(created_at, nowMs)}
        </time>
      </span>
      <span class="row-duration">{durationMs !== undefined && formatDuration(durationMs)}</span>
      <span class="row-id">
        <a href={`#/jobs/${encodeURIComponent(job_id)}`} tabIndex={isStop ? 0 : -1}>
          <span class="visually-hidden">Job </span>
          {job_id.slice(0, 8)}
          <span class="visually-hidden">
            , {[operation?.title ?? job.operation, subject, labelOf(status)].filter(Boolean).join(', ')}
          </span>
        </a>
      </span>
    </li>
  );
});

export function JobRows({ jobs, operations, hasMore, nowMs, onNearEnd }: JobRowsProps) {
  const body = useRef<HTMLUListElement>(null);
  const [position, setPosition] = useState<ListPosition>({ top: 0, viewHeight: 800, rowHeight: 40, rows: 0 });
  /** The row that the keyboard is on, and whether it has the focus. */
  const [active, setActive] = useState(0);
  const [hasFocus, setHasFocus] = useState(false);
  const moved = useRef(false);

  const measure = () => {
    if (!body.current) return;
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const next = {
      top: body.current.getBoundingClientRect().top,
      viewHeight: innerHeight,
      rowHeight: Math.round(rem * (matchMedia(NARROW).matches ? ROW_REM.narrow : ROW_REM.wide)),
      rows: jobs.length,
    };
    setPosition(next);
    if (hasMore && isNearEnd(next)) onNearEnd();
  };

  useEffect(() => {
    let frame = 0;
    const later = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(measure);
    };
    later();
    addEventListener('scroll', later, { passive: true });
    addEventListener('resize', later);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', later);
      removeEventListener('resize', later);
    };
  }, [jobs, hasMore]);

  useLayoutEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    const row = body.current?.querySelector<HTMLElement>(`[data-row="${active}"] a`);
    row?.focus({ preventScroll: true });
    row?.closest('li')?.scrollIntoView({ block: 'nearest' });
  }, [active]);

  const { rowHeight } = position;
  const shown = rowsOf({ ...position, rows: jobs.length }, hasFocus ? active : undefined);
  const stop = Math.min(active, jobs.length - 1);
  // The keyboard enters the list at a row that exists.
  const entry = shown.includes(stop) ? stop : shown[Math.min(8, shown.length - 1)];
  return (
    <div class="rows">
      <div class="row row-head" aria-hidden="true">
        {COLUMNS.map((name) => (
          <span key={name}>{name}</span>
        ))}
      </div>
      <ul
        class="rows-body"
        aria-label="Jobs, newest first"
        ref={body}
        style={{ height: `${jobs.length * rowHeight}px` }}
        onFocusIn={({ target }) => {
          const row = (target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset.row;
          setHasFocus(true);
          if (row !== undefined) setActive(Number(row));
        }}
        onFocusOut={() => setHasFocus(false)}
        onKeyDown={(event) => {
          const next = rowAfterKey(event.key, active, { ...position, rows: jobs.length });
          if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          moved.current = true;
          setActive(next);
        }}
      >
        {shown.map((index) => {
          const job = jobs[index];
          return (
            job && (
              <JobRow
                key={job.job_id}
                job={job}
                index={index}
                total={hasMore ? -1 : jobs.length}
                top={index * rowHeight}
                height={rowHeight}
                operation={operations.find(({ name }) => name === job.operation)}
                nowMs={nowMs}
                isStop={index === entry}
              />
            )
          );
        })}
      </ul>
    </div>
  );
}
