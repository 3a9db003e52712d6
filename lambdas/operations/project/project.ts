/** A project of the workspace: how it is called, and where its source is. */

import type { RequiredObject } from 'mcp-async-operations/operation';
import * as z from 'zod';

/** Names that are safe as one segment of an object key and of a path. The lookahead refuses `..` anywhere. */
const PROJECT_NAME = /^(?!.*\.\.)[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
const PROJECT_REMEDY =
  'project must be 1 to 100 characters: letters, digits, ".", "_" and "-", starting with a letter or a digit and ' +
  'without "..", such as "hello-service".';

/** The argument that names one. @param description what it is named for */
export function projectName(description: string) {
  return z
    .string({ error: PROJECT_REMEDY })
    .min(1, PROJECT_REMEDY)
    .max(100, PROJECT_REMEDY)
    .regex(PROJECT_NAME, PROJECT_REMEDY)
    .describe(`${description} Its source is \`projects/<project>.tar.gz\` in the workspace.`);
}

/** Where the source of a project is, and the error when there is none. */
export function sourceOf(project: string): RequiredObject {
  const key = `projects/${project}.tar.gz`;
  return {
    key,
    code: 'PROJECT_NOT_FOUND',
    message: `There is no project "${project}" in the workspace: upload its source as ${key} (npm run add-project -- DIR).`,
  };
}
