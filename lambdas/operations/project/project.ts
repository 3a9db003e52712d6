/** Defines the name of a project and the location of its source in the workspace. */

import type { RequiredObject, WorkspaceListing } from 'mcp-async-operations/operation';
import * as z from 'zod';

/** Names that are safe as a segment of object keys and paths, without `..`. */
const PROJECT_NAME = /^[a-zA-Z0-9](\.?[a-zA-Z0-9_-])*\.?$/;
const PROJECT_REMEDY =
  'project must be 1 to 100 characters: letters, digits, ".", "_" and "-", starting with a letter or a digit and ' +
  'without "..", such as "hello-service".';

/** Schema of an argument that names a project. */
export const projectName = z
  .string({ error: PROJECT_REMEDY })
  .regex(PROJECT_NAME, PROJECT_REMEDY)
  // Not `max`: each listing of it costs tokens, and the remedy says it.
  .refine((name) => name.length <= 100, PROJECT_REMEDY);

export const newProjectName = projectName.describe('Replaces an existing project of this name.');

/** The projects in the workspace, which all callers share. */
export const projects: WorkspaceListing = {
  toolName: 'list_projects',
  title: 'List projects',
  description: 'Lists the projects in the workspace by name, with size and time.',
  items: 'projects',
  prefix: 'projects/',
  suffix: '.tar.gz',
};

/** @returns the key of a project's source, with the error for a missing one */
export function sourceOf(project: string): RequiredObject {
  const key = `${projects.prefix}${project}${projects.suffix}`;
  return {
    key,
    code: 'PROJECT_NOT_FOUND',
    message: `The workspace has no project "${project}". Upload its source as ${key} (npm run add-project -- DIR), or call list_projects for the names.`,
  };
}
