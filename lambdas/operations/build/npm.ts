/** Runs the npm that is shipped with the function on a project's tree, with nothing of the function's own environment. */
import { delimiter, dirname, join } from 'node:path';
import { OperationError } from 'mcp-async-operations/operation';
import type { SandboxContext } from 'mcp-async-operations/steps';
import type { JobDirectory } from './job-directory.ts';
import type { BuildInput } from './operation.ts';
import { runProcess } from './run-process.ts';

/** By which a machine tells programs how to reach the network: proxies, certificates, the package registry. */
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

export interface NpmCommand {
  readonly args: readonly string[];
  /** In a caller's words and in `details.script`: "npm ci", or the script's name. */
  readonly name: string;
  /** How the sentence about its failure begins. */
  readonly title: string;
  /** Share of the step that was done before, 0..1: how far a script is, nobody knows. */
  readonly fraction: number;
  /** Whether a failure of the registry may be tried again. A project's own script is never run twice for failing. */
  readonly usesRegistry?: boolean;
  /** Takes the standard output, line by line, out of the log. */
  readonly onStdout?: (line: string) => void;
}

const MAX_MESSAGE_CHARACTERS = 200;

/** npm's last word on failures of the registry or of the way there, which another try may not meet. */
const TRANSIENT_NPM_ERROR =
  /^npm (?:error|ERR!) code (E429|E5\d\d|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ENETUNREACH|ENOTFOUND|ERR_SOCKET_TIMEOUT|ETIMEDOUT)$/;

/**
 * Runs npm to its end. What it prints goes to the step's log, and its last line to the job's progress.
 * @throws OperationError SCRIPT_FAILED, or the signal's reason when the step is aborted.
 */
export async function runNpm(
  { input, signal, log, progress }: SandboxContext<BuildInput>,
  directory: JobDirectory,
  { args, name, title, fraction, usesRegistry = false, onStdout }: NpmCommand,
): Promise<void> {
  let retryable = false;
  const { exitCode, killedBy } = await runProcess({
    command: process.execPath,
    args: [npmCli(), ...args],
    cwd: directory.tree,
    env: npmEnvironment(directory),
    signal,
    onLine: (line, stream) => {
      if (stream === 'stdout' && onStdout) {
        onStdout(line);
        return;
      }
      log.write(`${line}\n`);
      if (usesRegistry && TRANSIENT_NPM_ERROR.test(line)) retryable = true;
      if (line.trim()) progress(fraction, line.trim().slice(0, MAX_MESSAGE_CHARACTERS));
    },
  });
  if (exitCode === 0) return;
  const of = `${title} of "${input.project}"`;
  throw exitCode === null
    ? new OperationError('SCRIPT_FAILED', `${of} was killed by ${killedBy}.`, {
        details: { signal: String(killedBy), script: name },
      })
    : new OperationError('SCRIPT_FAILED', `${of} exited with code ${exitCode}.`, {
        retryable,
        details: { exit_code: exitCode, script: name },
      });
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

function npmCli(): string {
  const root = process.env.LAMBDA_TASK_ROOT;
  if (!root) throw new Error('LAMBDA_TASK_ROOT is not set: npm is expected in its directory npm/.');
  return join(root, 'npm', 'bin', 'npm-cli.js');
}

/**
 * The environment of a project's scripts. It keeps the function's credentials out of it, and so out of logs and
 * artifacts; it is no wall, for scripts run as the function's own user. The wall is what those credentials cannot do.
 */
function npmEnvironment({ home, scratch, npmCache }: JobDirectory): Record<string, string> {
  // What the network needs, and Lambda's own Node to start; everything else of the function stays here.
  const inherited = [...NETWORK_VARIABLES, 'LD_LIBRARY_PATH'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    // Scripts that call `node` get the Node that runs npm.
    PATH: [dirname(process.execPath), process.env.PATH].filter(Boolean).join(delimiter),
    HOME: home,
    TMPDIR: scratch,
    LANG: 'C.UTF-8',
    CI: 'true',
    NO_COLOR: '1',
    npm_config_cache: npmCache,
    npm_config_userconfig: join(home, '.npmrc'),
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_progress: 'false',
    npm_config_logs_max: '0',
  };
}
