/** Validates the common part of all definitions: name, arguments and wait limits. */
import { RESERVED_SUBJECTS } from '../jobs/job-view.ts';
import { JOB_ARGUMENTS } from './job-arguments.ts';
import { type ExecutionPolicy, LONGEST_CALL_MS, type OperationBase } from './operation-definition.ts';

/** snake_case, valid in names of tools, states, folders, log keys and environment variables. */
export const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** Valid in query parameters without escapes. */
const SUBJECT = /^[A-Za-z]\w{0,63}$/;

/** The longest name that all hosts take, some of which put the server's name before it. */
const MAX_TOOL_NAME = 48;

/** `maxWaitMs` may be a minute: callers are offered 50 s of it. */
const LONGEST_MS: Readonly<Record<string, number>> = { limitMs: LONGEST_CALL_MS, maxWaitMs: 60_000 };

/** @throws Error with the field, the value and the remedy */
export function validateDefinition({
  name,
  toolName,
  aliases = [],
  listing,
  input,
  subject,
  execution,
}: OperationBase & { readonly execution: ExecutionPolicy }): void {
  if (!NAME.test(name) || name.length > 48) {
    throw new Error(
      `Operation name "${name}" is invalid. Use snake_case and at most 48 characters, such as "build".`,
    );
  }
  for (const tool of [toolName, ...aliases, listing?.toolName]) {
    if (tool === undefined || (NAME.test(tool) && tool.length <= MAX_TOOL_NAME)) continue;
    throw new Error(
      `Operation "${name}" has the tool name "${tool}". Use snake_case and at most ${MAX_TOOL_NAME} characters, such as "import_project".`,
    );
  }
  const reserved = JOB_ARGUMENTS.find((argument) => Object.hasOwn(input.shape, argument));
  if (reserved) {
    throw new Error(
      `Operation "${name}" has the input "${reserved}", which every start tool already has. Rename it.`,
    );
  }
  if (subject !== undefined && !Object.hasOwn(input.shape, subject)) {
    throw new Error(
      `Operation "${name}" has the subject "${subject}", which is not a property of its input. Use one of: ${Object.keys(input.shape).join(', ')}.`,
    );
  }
  if (subject !== undefined && (RESERVED_SUBJECTS.has(subject) || !SUBJECT.test(subject))) {
    throw new Error(
      `Operation "${name}" has the subject "${subject}", a name that jobs use already or that is not a word. Rename the property, or leave subject out.`,
    );
  }
  for (const [field, ms] of Object.entries(execution)) {
    const longestMs = LONGEST_MS[field] ?? 0;
    if (typeof ms === 'number' && !(ms >= 0 && ms <= longestMs && ms % 1_000 === 0)) {
      throw new Error(
        `Operation "${name}" has ${field} ${ms}. Set whole seconds in milliseconds, at most ${longestMs}.`,
      );
    }
  }
}
