/** Runs the npm of the function package on a project's tree, without the function's environment variables. */
import { delimiter, join } from 'node:path';
import { OperationError } from 'mcp-async-operations/operation';
import { marked, type SandboxContext } from 'mcp-async-operations/steps';
import { entryPoint } from './commands.ts';
import type { JobDirectory } from './job-directory.ts';
import type { BuildInput } from './operation.ts';
import { runProcess } from './run-process.ts';

/** Variables with the network settings: proxies, certificates and the package registry. */
const NETWORK_VARIABLES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'npm_config_registry',
] as const;

/** An npm command. */
export interface NpmCommand {
  readonly args: readonly string[];
  /** Name for `details.script`: "npm ci", or the name of the script. */
  readonly name: string;
  /** Start of the error message. */
  readonly title: string;
  /** Fraction of the step before the command, 0..1. The progress of the command itself is unknown. */
  readonly fraction: number;
  /** Whether registry failures are retryable. A failed script of the project never runs twice. */
  readonly usesRegistry?: boolean;
  /** Receives the lines of standard output, which then do not appear in the log. */
  readonly onStdout?: (line: string) => void;
}

const MAX_MESSAGE_CHARACTERS = 200;

/** npm's error codes for transient failures of the registry or the network. */
const TRANSIENT_NPM_ERROR =
  /^npm (?:error|ERR!) code (E429|E5\d\d|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ENETUNREACH|ENOTFOUND|ERR_SOCKET_TIMEOUT|ETIMEDOUT)$/;

/** Lambda's image has no git, and npm says only ENOENT. */
const GIT_MISSING = 'npm error syscall spawn git';

/**
 * Runs npm to its end. Its output goes to the step's log, and its last line to the job's progress.
 * @throws OperationError SCRIPT_FAILED, or the signal's reason after an abort.
 */
export async function runNpm(
  { input, signal, log, progress }: SandboxContext<BuildInput>,
  directory: JobDirectory,
  { args, name, title, fraction, usesRegistry = false, onStdout }: NpmCommand,
): Promise<void> {
  let retryable = false;
  let needsGit = false;
  const { exitCode, killedBy } = await runProcess({
    ...marked({
      command: process.execPath,
      args: [entryPoint('npm'), ...args],
      env: npmEnvironment(directory),
    }),
    cwd: directory.tree,
    signal,
    onLine: (line, stream) => {
      if (stream === 'stdout' && onStdout) {
        onStdout(line);
        return;
      }
      log.write(`${line}\n`);
      if (line === GIT_MISSING) needsGit = true;
      if (usesRegistry && TRANSIENT_NPM_ERROR.test(line)) retryable = true;
      if (line.trim()) progress(fraction, line.trim().slice(0, MAX_MESSAGE_CHARACTERS));
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

/** Runs a script of package.json, with its `pre` and `post` scripts. */
export function runScript(
  context: SandboxContext<BuildInput>,
  directory: JobDirectory,
  script: string,
): Promise<void> {
  return runNpm(context, directory, {
    args: ['run', script],
    name: script,
    title: `The ${script} script`,
    fraction: 0.1,
  });
}

/**
 * Builds the environment of a project's scripts. It omits the function's credentials, and so keeps them out of logs and
 * artifacts. It is not a security boundary: scripts run as the user of the function. The boundary is that the credentials have
 * no permissions.
 */
function npmEnvironment({ commands, home, scratch, npmCache }: JobDirectory): Record<string, string> {
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
    CI: 'true',
    npm_config_cache: npmCache,
    npm_config_userconfig: join(home, '.npmrc'),
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_progress: 'false',
    npm_config_logs_max: '0',
  };
}
