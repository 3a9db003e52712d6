/** Shows operators the open jobs of all owners, the dead letters and the findings of the sweep, or one job. */
import { OwnsJobs } from '../../shared/status-badge.tsx';
import type { Api } from '../api.ts';
import { ApiError } from '../api.ts';
import { Problem } from '../problem.tsx';
import type { Route } from '../route.ts';
import { useLoad } from '../use-load.ts';
import { DeadLetterSection } from './dead-letter-section.tsx';
import { FindingSection } from './finding-section.tsx';
import { JobSection } from './job-section.tsx';
import { OperatorJobPage } from './operator-job-page.tsx';
import type { DeadLetters, Findings } from './views.ts';
import './operator.css';

export function OperatorPage({ api, route }: { readonly api: Api; readonly route: Route }) {
  return (
    <OwnsJobs.Provider value={false}>
      {route.id === undefined ? (
        <Overview api={api} route={route} />
      ) : (
        <OperatorJobPage api={api} jobId={route.id} />
      )}
    </OwnsJobs.Provider>
  );
}

function Overview({ api, route }: { readonly api: Api; readonly route: Route }) {
  const letters = useLoad('dead-letters', (signal) => api.get<DeadLetters>('/operator/dead-letters', signal));
  const findings = useLoad('findings', (signal) => api.get<Findings>('/operator/findings', signal));
  const heading = (
    <>
      <h1>Operator</h1>
      <p>Jobs of all owners, without their content. Every act is logged.</p>
    </>
  );
  // Every section would say the same.
  if (letters.error instanceof ApiError && letters.error.code === 'INSUFFICIENT_SCOPE') {
    return (
      <>
        {heading}
        <Problem title="The page could not be read" error={letters.error} onRetry={letters.reload} />
      </>
    );
  }
  return (
    <>
      {heading}
      <JobSection api={api} route={route} />
      <DeadLetterSection api={api} letters={letters} />
      <FindingSection findings={findings} />
    </>
  );
}
