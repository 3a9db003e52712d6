/** Defines the pagination cursor of job lists, for all protocols. */
import * as z from 'zod';
import { Cursor } from '../shared/cursor.ts';
import { isJobId } from './job.ts';
import type { ListPosition } from './job-store.ts';

export const jobsCursor = new Cursor<ListPosition>(
  z.strictObject({ createdAt: z.iso.datetime(), jobId: z.string().refine(isJobId) }),
);
