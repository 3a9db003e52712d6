/** Defines the name of a project and the location of its source in the workspace. */

import type { RequiredObject } from 'mcp-async-operations/operation';
import * as z from 'zod';

/** Names that are safe as a segment of object keys and paths. The lookahead rejects `..` anywhere. */
const PROJECT_NAME = /^(?!.*\.\.)[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
const PROJECT_REMEDY =
  'project must be 1 to 100 characters: letters, digits, ".", "_" and "-", starting with a letter or a digit and ' +
  'without "..", such as "hello-service".';

/** Creates the schema of a project argument. @param description start of the argument's description */
export function projectName(description: string) {
  return z
    .string({ error: PROJECT_REMEDY })
    .min(1, PROJECT_REMEDY)
    .max(100, PROJECT_REMEDY)
    .regex(PROJECT_NAME, PROJECT_REMEDY)
    .describe(`${description} Its source is \`projects/<project>.tar.gz\` in the workspace.`);
}

/** @returns the key of a project's source, with the error for a missing one */
export function sourceOf(project: string): RequiredObject {
  const key = `projects/${project}.tar.gz`;
  return {
    key,
    code: 'PROJECT_NOT_FOUND',
    message: `The workspace has no project "${project}". Upload its source as ${key} (npm run add-project -- DIR).`,
  };
}
