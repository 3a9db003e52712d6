/**
 * A place to deploy to: one object that says which version is current there, and which job is changing it. Every write of
 * it is conditional on what was read, so that of two jobs one is first.
 */

import { OperationError } from 'mcp-async-operations/operation';
import type { StepContext } from 'mcp-async-operations/steps';
import * as z from 'zod';
import type { DeployInput } from './operation.ts';

const release = z.object({
  /** The job that has made it. */
  version: z.string(),
  sha256: z.string(),
  size: z.number(),
  build_job_id: z.string(),
  /** ISO 8601. */
  released_at: z.string(),
});
export type Release = z.output<typeof release>;

const place = z.object({
  /** The job that deploys here, or was the last to. */
  holder: z.string(),
  current: release.nullable(),
  /** What was current before, for as long as `current` may have to make way for it again. */
  previous: release.nullable(),
});
type Place = z.output<typeof place>;

type Context = StepContext<DeployInput>;

/** Each lost race reads the place again: more than these are no accident. */
const TRIES = 5;

export function releaseKey({ project, environment }: DeployInput, version: string): string {
  return `releases/${environment}/${project}/${version}.tar.gz`;
}

/**
 * Takes the place for this job, until it ends.
 * @returns the version that is there
 * @throws OperationError DEPLOY_IN_PROGRESS while another job has it
 */
export async function hold(context: Context): Promise<string | null> {
  const { jobId, jobs } = context;
  const held = await change(context, async (found) => {
    if (found && found.holder !== jobId && (await jobs.isOpen(found.holder)))
      throw taken(context, found.holder);
    return found?.holder === jobId
      ? found
      : { holder: jobId, current: found?.current ?? null, previous: null };
  });
  return held.current?.version ?? null;
}

/** Makes a version the current one. Done again by a later attempt, it changes nothing. */
export async function flip(context: Context, next: Release): Promise<Place> {
  return change(context, async (found) => {
    const mine = own(context, found);
    return mine.current?.version === next.version ? mine : { ...mine, current: next, previous: mine.current };
  });
}

/** Makes the version before this job's the current one again. */
export async function rollBack(context: Context): Promise<Place> {
  return change(context, async (found) => {
    const mine = own(context, found);
    return mine.current?.version === context.jobId
      ? { ...mine, current: mine.previous, previous: null }
      : mine;
  });
}

/** What the job that holds the place finds there. */
export async function look(context: Context): Promise<Place> {
  const found = await context.workspace.read(placeKey(context.input), context.signal);
  return own(context, found && parse(found.text));
}

/** @throws OperationError DEPLOY_IN_PROGRESS for a job that has lost its place: it had ended, in everybody else's eyes */
function own(context: Context, found: Place | undefined): Place {
  if (found?.holder === context.jobId) return found;
  throw taken(context, found?.holder ?? 'nobody');
}

async function change(
  { input, workspace, signal }: Context,
  to: (found: Place | undefined) => Promise<Place>,
): Promise<Place> {
  const key = placeKey(input);
  for (let tries = 0; tries < TRIES; tries++) {
    const found = await workspace.read(key, signal);
    const before = found && parse(found.text);
    const after = await to(before);
    if (after === before) return after;
    if (await workspace.replace(key, JSON.stringify(after), found?.version, signal)) return after;
  }
  throw new OperationError('CONFLICT', `${key} is being changed by somebody else all the time.`, {
    retryable: true,
  });
}

function placeKey({ project, environment }: DeployInput): string {
  return `releases/${environment}/${project}/current.json`;
}

function parse(text: string): Place {
  return place.parse(JSON.parse(text));
}

function taken({ input: { project, environment } }: Context, jobId: string): OperationError {
  return new OperationError(
    'DEPLOY_IN_PROGRESS',
    `${project} is being deployed to ${environment} by the job ${jobId}. Wait for it to end, or cancel it, and start again.`,
    { retryable: true, details: { job_id: jobId } },
  );
}
