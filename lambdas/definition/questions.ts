/** Defines the questions that a step passes through its state. */
import type { InputRequest } from '../jobs/job.ts';

/** Questions and upload requests by key. */
export type Questions = Readonly<Record<string, InputRequest>>;
