/** Defines the questions of a step as its state hands them on. */
import type { InputRequest } from '../jobs/job.ts';

/** By key. */
export type Questions = Readonly<Record<string, InputRequest>>;
