/**
 * Reads and updates a place, the target of a deploy: one object with the current version and the job that changes it. Every
 * write is conditional on the version that was read, so that concurrent jobs apply one after the other.
 */

import { OperationError } from 'mcp-async-operations/operation';
import type { StepContext } from 'mcp-async-operations/steps';
import * as z from 'zod';
import type { DeployInput } from './operation.ts';

const release = z.object({
  /** Id of the job that released it. */
  version: z.string(),
  sha256: z.string(),
  size: z.number(),
  build_job_id: z.string(),
  /** ISO 8601. */
  released_at: z.string(),
});
export type Release = z.output<typeof release>;

const place = z.object({
  /** Id of the job that deploys here, or did so last. */
  holder: z.string(),
  current: release.nullable(),
  /** The version before, while a rollback is possible. */
  previous: release.nullable(),
});
type Place = z.output<typeof place>;

type Context = StepContext<DeployInput>;

/** Each lost race reads the place again. */
const TRIES = 5;

export function releaseKey({ project, environment }: DeployInput, version: string): string {
  return `releases/${environment}/${project}/${version}.tar.gz`;
}

/**
 * Claims the place for this job until it ends.
 * @returns the current version; null when there is none
 * @throws OperationError DEPLOY_IN_PROGRESS while another open job holds the place
 */
export async function claimPlace(context: Context): Promise<string | null> {
  const { jobId, jobs } = context;
  const held = await change(context, async (found) => {
    if (found && found.holder !== jobId && (await jobs.isOpen(found.holder)))
      throw deployInProgress(context, found.holder);
    return found?.holder === jobId
      ? found
      : { holder: jobId, current: found?.current ?? null, previous: null };
  });
  return held.current?.version ?? null;
}

/** Makes a release the current one. A repeated call changes nothing. */
export async function setCurrent(context: Context, next: Release): Promise<Place> {
  return change(context, async (found) => {
    const held = requireHeld(context, found);
    return held.current?.version === next.version ? held : { ...held, current: next, previous: held.current };
  });
}

/** Makes the version before this job the current one again. */
export async function rollBack(context: Context): Promise<Place> {
  return change(context, async (found) => {
    const held = requireHeld(context, found);
    return held.current?.version === context.jobId
      ? { ...held, current: held.previous, previous: null }
      : held;
  });
}

/** Reads the place that this job holds. */
export async function readPlace(context: Context): Promise<Place> {
  const found = await context.workspace.read(placeKey(context.input), context.signal);
  return requireHeld(context, found && parse(found.text));
}

/** @throws OperationError DEPLOY_IN_PROGRESS when the job has lost the place, because it had already ended */
function requireHeld(context: Context, found: Place | undefined): Place {
  if (found?.holder === context.jobId) return found;
  throw deployInProgress(context, found?.holder ?? 'nobody');
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
  throw new OperationError('CONFLICT', `${key} changes too often. Start the deploy again in a minute.`, {
    retryable: true,
  });
}

function placeKey({ project, environment }: DeployInput): string {
  return `releases/${environment}/${project}/current.json`;
}

function parse(text: string): Place {
  return place.parse(JSON.parse(text));
}

function deployInProgress({ input: { project, environment } }: Context, jobId: string): OperationError {
  return new OperationError(
    'DEPLOY_IN_PROGRESS',
    `The job ${jobId} is deploying ${project} to ${environment}. Wait until it ends or cancel it, then start again.`,
    { retryable: true, details: { job_id: jobId } },
  );
}
