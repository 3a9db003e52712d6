/** Lists what the sweep found: jobs whose start, end or upload event was lost. */
import { StatusBadge } from '../../shared/status-badge.tsx';
import { Problem } from '../problem.tsx';
import { Time } from '../time.tsx';
import type { Loaded } from '../use-load.ts';
import { FINDINGS, type Findings } from './views.ts';

export function FindingSection({
  findings: { data, error, isLoading, reload },
}: {
  readonly findings: Loaded<Findings>;
}) {
  return (
    <section aria-labelledby="operator-findings">
      <h2 id="operator-findings">Findings of the sweep</h2>
      <p>
        <button type="button" disabled={isLoading} onClick={reload}>
          Refresh findings
        </button>{' '}
        <span class="op-muted">
          {data?.swept_at ? (
            <>
              Last sweep: <Time at={data.swept_at} />. It runs every two minutes.
            </>
          ) : (
            data && 'The sweep has not run yet.'
          )}
        </span>
      </p>
      {error && <Problem title="The findings could not be read" error={error} onRetry={reload} />}
      {data?.findings.length === 0 && <p>It has found nothing.</p>}
      {data && data.findings.length > 0 && (
        <ul class="op-rows" aria-label="Findings, the newest first">
          {data.findings.map(({ finding, found_at, job_id, job }) => (
            <li class="op-row" key={`${job_id} ${finding} ${found_at}`}>
              <p class="op-row-title">
                {job ? (
                  <a href={`#/operator/${encodeURIComponent(job_id)}`}>
                    {job.operation} <code>{job_id.slice(0, 8)}</code>
                  </a>
                ) : (
                  <>
                    Expired job <code>{job_id.slice(0, 8)}</code>
                  </>
                )}{' '}
                {job && <StatusBadge status={job.status} />}
              </p>
              <p class="op-muted">
                {FINDINGS[finding] ?? finding} · <Time at={found_at} />
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
