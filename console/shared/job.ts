/** Names the shapes that the pages read: views of the management API and results of the tools. */
import type { JobStatus } from '../../lambdas/jobs/job.ts';
import type { JobView } from '../../lambdas/jobs/job-view.ts';

export type { JobStatus, JobView };
