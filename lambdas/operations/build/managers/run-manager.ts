/** Runs a shipped package manager on a project's tree, without the function's environment variables. */
import { delimiter } from 'node:path';
import { cutText, OperationError } from 'mcp-async-operations/operation';
import { marked, type SandboxContext } from 'mcp-async-operations/steps';
import type { JobDirectory } from '../job-directory.ts';
import type { BuildInput } from '../operation.ts';
import { runProcess } from '../run-process.ts';
import { entryPoint, type ManagerName } from './commands.ts';

/** Variables with the network settings: proxies, certificates and the package registry. */
export const NETWORK_VARIABLES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'npm_config_registry',
];

/** A command of a package manager. */
export interface ManagerCommand {
  readonly manager: ManagerName;
  readonly args: readonly string[];
  /** Name for `details.script`: "npm ci", or the name of the script. */
  readonly name: string;
  /** Start of the error message. @default the name */
  readonly title?: string;
  /** Fraction of the step before the command, 0..1. The progress of the command itself is unknown. */
  readonly fraction: number;
  /** Whether the command is retried after a failure of the registry. Its install scripts then run again. */
  readonly usesRegistry?: boolean;
}

const MAX_MESSAGE_CHARACTERS = 200;

const NETWORK_ERRORS =
  'ECONNREFUSED|ECONNRESET|EAI_AGAIN|ENETUNREACH|ENOTFOUND|ERR_SOCKET_TIMEOUT|ESOCKETTIMEDOUT|ETIMEDOUT';

/** Error lines for transient failures of the registry or the network, by package manager. */
const TRANSIENT_ERRORS: Readonly<Record<ManagerName, RegExp>> = {
  npm: new RegExp(`^npm (?:error|ERR!) code (?:E429|E5\\d\\d|${NETWORK_ERRORS})$`, 'm'),
  pnpm: new RegExp(
    `^[^\\S\\n]*(?:ERR_PNPM_FETCH_(?:429|5\\d\\d)|ERR_PNPM_META_FETCH_FAIL|${NETWORK_ERRORS})\\s`,
    'm',
  ),
  yarn: new RegExp(
    `^error .*(?:\\b(?:${NETWORK_ERRORS})\\b|Request failed "(?:429|5\\d\\d) )|^ {2}responseCode: (?:429|5\\d\\d)\\b`,
    'm',
  ),
};

/** Lambda's image has no git. npm, pnpm and Yarn say so in these words. */
const GIT_MISSING = /syscall spawn git$|spawn git ENOENT|Couldn't find the binary git/m;

/**
 * Runs a command to its end. Its output goes to the step's log, and its last line to the job's progress.
 * @throws OperationError SCRIPT_FAILED, or the signal's reason after an abort.
 */
export async function runManager(
  { input, signal, log, progress }: SandboxContext<BuildInput>,
  directory: JobDirectory,
  { manager, args, name, title = name, fraction, usesRegistry = false }: ManagerCommand,
): Promise<void> {
  let retryable = false;
  let needsGit = false;
  const { exitCode, killedBy } = await runProcess({
    ...marked({
      command: process.execPath,
      args: [entryPoint(manager), ...args],
      env: scriptEnvironment(directory),
    }),
    cwd: directory.tree,
    signal,
    mergesErrors: true,
    onLines: (text) => {
      log.write(text);
      if (GIT_MISSING.test(text)) needsGit = true;
      if (usesRegistry && TRANSIENT_ERRORS[manager].test(text)) retryable = true;
      const line = lastLine(text);
      if (line) progress(fraction, cutText(line, MAX_MESSAGE_CHARACTERS));
      return log.drain();
    },
  });
  if (exitCode === 0) return;
  const command = `${title} of "${input.project}"`;
  if (needsGit) {
    throw new OperationError(
      'SCRIPT_FAILED',
      `${command} needs git, which the machine lacks. Replace git dependencies with published versions or URLs of archives.`,
      { details: { exit_code: Number(exitCode), script: name } },
    );
  }
  throw exitCode === null
    ? new OperationError('SCRIPT_FAILED', `${command} was killed by ${killedBy}. Read the log of the step.`, {
        details: { signal: String(killedBy), script: name },
      })
    : new OperationError(
        'SCRIPT_FAILED',
        `${command} exited with code ${exitCode}. Read the log of the step.`,
        {
          retryable,
          details: { exit_code: exitCode, script: name },
        },
      );
}

/** @returns the last line that is not blank, without space around it */
function lastLine(text: string): string {
  const end = text.trimEnd();
  return end.slice(end.lastIndexOf('\n') + 1).trim();
}

/** Runs a script of package.json, with its `pre` and `post` scripts. */
export function runScript(
  context: SandboxContext<BuildInput>,
  directory: JobDirectory,
  manager: ManagerName,
  script: string,
): Promise<void> {
  return runManager(context, directory, {
    manager,
    args: ['run', script],
    name: script,
    title: `The ${script} script`,
    fraction: 0.1,
  });
}

/**
 * Builds the environment of a project's scripts: what CI services set, and no settings of npm, which tests can depend on. It
 * omits the function's credentials, and so keeps them out of logs and artifacts. It is not a security boundary: scripts run as
 * the user of the function. The boundary is that the credentials have no permissions.
 */
function scriptEnvironment({ commands, home, scratch }: JobDirectory): Record<string, string> {
  // Only the network settings, and what Lambda's Node.js needs to start.
  const inherited = [...NETWORK_VARIABLES, 'LD_LIBRARY_PATH'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    PATH: [commands, process.env.PATH].filter(Boolean).join(delimiter),
    HOME: home,
    TMPDIR: scratch,
    LANG: 'C.UTF-8',
    // As on CI services: without it, test runners wait for changes of files, and package managers ask questions.
    CI: 'true',
  };
}
