/** The checks that every client goes through, and what each of them saw. */
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ClientProgram, Lacking, type Outcome, type Ready } from './client-program.ts';
import { type Service, SLOW_PROJECT } from './service.ts';
import type { Command } from './toolchains.ts';

/** The checks in the order of the table's columns. */
export const CHECKS = [
  'connect',
  'sign in',
  'list',
  'start',
  'poll',
  'files',
  'question',
  'progress',
  'cancel',
  'tasks',
  'task question',
  'resource',
  'errors',
  'events poll',
  'events push',
] as const;
export type Check = (typeof CHECKS)[number];

export type Verdict =
  | { readonly outcome: 'passed'; readonly detail?: string }
  /** The client has no API for it. */
  | { readonly outcome: 'lacking'; readonly detail: string }
  | { readonly outcome: 'failed'; readonly detail: string };

export interface Observation {
  /** Absent when the client has not connected. */
  readonly ready?: Ready;
  readonly verdicts: ReadonlyMap<Check, Verdict>;
}

const TOOLS = [
  'start_build',
  'start_deploy',
  'check_job',
  'list_jobs',
  'answer_job',
  'cancel_job',
  'get_file',
];
const JOB_MS = 150_000;
/** Between two polls of a job: the service allows one a second. */
const POLL_MS = 1_000;
/** Characters of a failure's detail. */
const MAX_DETAIL = 700;
/** Progress comes at each step, and at least each 5 s. */
const PROGRESS_WAIT_SECONDS = 12;
const ANSWER = { approve: { action: 'accept', content: { approve: true } } };

export interface ScenarioOptions {
  /** Project that is the client's own: one deploy of a project runs at a time. */
  readonly project: string;
  /** Seconds for which the client listens to a call. */
  readonly longestWait: number;
}

/** Runs a client against the service. */
export async function observe(
  command: Command,
  service: Service,
  options: ScenarioOptions,
): Promise<Observation> {
  const token = await service.token();
  const program = new ClientProgram(command, service.url, token);
  const scenario = new Scenario(program, options);
  try {
    const ready = await scenario.run(token !== undefined);
    return { ready, verdicts: scenario.verdicts };
  } finally {
    await program.close();
  }
}

class Scenario {
  readonly verdicts = new Map<Check, Verdict>();
  readonly #program: ClientProgram;
  readonly #project: string;
  readonly #longestWait: number;

  constructor(program: ClientProgram, { project, longestWait }: ScenarioOptions) {
    this.#program = program;
    this.#project = project;
    this.#longestWait = longestWait;
  }

  async run(auth: boolean): Promise<Ready | undefined> {
    const ready = await this.#check('connect', () => this.#program.connect());
    if (!ready) return undefined;
    if (auth) this.verdicts.set('sign in', { outcome: 'passed', detail: ready.sign_in ?? undefined });
    await this.#check('list', () => this.#list());
    const build = await this.#check('start', () => this.#start('start_build', { project: this.#project }));
    if (build) {
      const built = await this.#check('poll', () => this.#finish(build));
      if (built) {
        await this.#check('files', () => this.#downloadFile(build, built));
        await this.#check('question', () => this.#answerQuestion(build));
        await this.#check('resource', () => this.#readResult(build));
        await this.#check('task question', () => this.#taskWithQuestion(build));
      }
      await this.#check('tasks', () => this.#task('start_build', { project: this.#project }));
    }
    await this.#check('errors', () => this.#unknownJob());
    await this.#check('events poll', () => this.#receiveEvent('poll'));
    await this.#check('events push', () => this.#receiveEvent('push'));
    const slow = await this.#start('start_build', { project: SLOW_PROJECT }).catch(() => undefined);
    if (slow) {
      await this.#check('progress', () => this.#waitWithProgress(slow));
      await this.#check('cancel', () => this.#cancel(slow));
    }
    return ready;
  }

  async #check<T>(name: Check, run: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await run();
      this.verdicts.set(name, { outcome: 'passed' });
      return result;
    } catch (error) {
      const outcome = error instanceof Lacking ? 'lacking' : 'failed';
      this.verdicts.set(name, { outcome, detail: oneLine((error as Error).message) });
      return undefined;
    }
  }

  async #list(): Promise<void> {
    const { tools } = await this.#program.command('list');
    const missing = TOOLS.filter((name) => !(tools as string[]).includes(name));
    if (missing.length > 0) throw new Error(`The list lacks ${missing.join(', ')}.`);
  }

  #call(name: string, args: object): Promise<Outcome> {
    return this.#program.command('call', { name, arguments: args });
  }

  /** @returns the job's id */
  async #start(name: string, args: object): Promise<string> {
    const outcome = await this.#call(name, args);
    const jobId = fieldOf(outcome, 'job_id', /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/);
    if (outcome.failed || jobId === undefined) throw new Error(`No job: ${show(outcome)}`);
    return jobId;
  }

  /** Polls a job until it has another status than these. @returns the last result of check_job */
  async #pollWhile(jobId: string, ...statuses: string[]): Promise<Outcome> {
    const giveUpAt = Date.now() + JOB_MS;
    for (;;) {
      const outcome = await this.#call('check_job', { job_id: jobId, wait_seconds: this.#longestWait });
      const status = statusOf(outcome);
      if (!outcome.failed && status && !statuses.includes(status)) return outcome;
      if (outcome.failed || Date.now() > giveUpAt)
        throw new Error(`The job does not get where it should: ${show(outcome)}`);
      await delay(POLL_MS);
    }
  }

  async #finish(jobId: string): Promise<Outcome> {
    const outcome = await this.#pollWhile(jobId, 'pending', 'running');
    if (statusOf(outcome) !== 'completed') throw new Error(`The build is not completed: ${show(outcome)}`);
    const list = await this.#call('list_jobs', { limit: 20 });
    if (!show(list, Number.POSITIVE_INFINITY).includes(jobId))
      throw new Error(`list_jobs lacks the job: ${show(list)}`);
    return outcome;
  }

  async #downloadFile(jobId: string, built: Outcome): Promise<void> {
    const name = `${this.#project}.tar.gz`;
    if (!show(built, Number.POSITIVE_INFINITY).includes(name))
      throw new Error(`The result names no file: ${show(built)}`);
    const outcome = await this.#call('get_file', { job_id: jobId, name });
    const [file] = (structuredOf(outcome).files ?? []) as { url: string; sha256: string }[];
    const url = file?.url ?? /https?:\/\/\S+/.exec(String(outcome.text))?.[0];
    if (!url) throw new Error(`get_file gives no URL: ${show(outcome)}`);
    const response = await fetch(url);
    const bytes = Buffer.from(await response.arrayBuffer());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (!response.ok || (file && file.sha256 !== sha256))
      throw new Error(`${url} answers ${response.status}, ${bytes.length} bytes, SHA-256 ${sha256}.`);
  }

  async #answerQuestion(build: string): Promise<void> {
    const deploy = await this.#start('start_deploy', this.#production(build));
    const asked = await this.#pollWhile(deploy, 'pending', 'running');
    if (statusOf(asked) !== 'input_required') throw new Error(`The deploy does not ask: ${show(asked)}`);
    const answered = await this.#call('answer_job', { job_id: deploy, answers: ANSWER });
    if (answered.failed) throw new Error(`The answer is refused: ${show(answered)}`);
    const ended = await this.#pollWhile(deploy, 'pending', 'running', 'input_required');
    if (statusOf(ended) !== 'completed') throw new Error(`The deploy is not completed: ${show(ended)}`);
  }

  async #readResult(jobId: string): Promise<void> {
    const { text } = await this.#program.command('read', { uri: `job://${jobId}/result` });
    if (typeof JSON.parse(String(text)).artifact !== 'string') throw new Error(`Another result: ${text}`);
  }

  async #task(name: string, args: object): Promise<Outcome> {
    const outcome = await this.#program.command('task', { name, arguments: args });
    if (outcome.status !== 'completed' || outcome.failed)
      throw new Error(`The task failed: ${show(outcome)}`);
    return outcome;
  }

  async #taskWithQuestion(build: string): Promise<void> {
    const outcome = await this.#task('start_deploy', this.#production(build));
    if (outcome.questions !== 1)
      throw new Error(`The client was asked ${outcome.questions} times: ${show(outcome)}`);
  }

  #production(build: string) {
    return { project: this.#project, build_job_id: build, environment: 'production' };
  }

  /** Subscribes to an event, causes it, and waits for it. */
  async #receiveEvent(mode: 'poll' | 'push'): Promise<void> {
    const name = 'job.created';
    await this.#program.command('subscribe', { mode, name });
    const job = await this.#start('start_build', { project: this.#project });
    const event = await this.#program.command('event', { job_id: job });
    if (event.name !== name || !String(event.event_id).startsWith(job))
      throw new Error(`Another event: ${show(event)}`);
  }

  async #unknownJob(): Promise<void> {
    const outcome = await this.#call('check_job', { job_id: randomUUID() });
    if (!outcome.failed || !show(outcome).includes('JOB_NOT_FOUND'))
      throw new Error(`No error: ${show(outcome)}`);
  }

  async #waitWithProgress(jobId: string): Promise<void> {
    const wait = Math.min(PROGRESS_WAIT_SECONDS, this.#longestWait);
    const outcome = await this.#call('check_job', { job_id: jobId, wait_seconds: wait });
    if (outcome.progress === undefined) throw new Lacking('its API has no progress');
    if (outcome.failed || Number(outcome.progress) < 1)
      throw new Error(`${outcome.progress} notifications in ${wait} s: ${show(outcome)}`);
  }

  async #cancel(jobId: string): Promise<void> {
    await this.#call('cancel_job', { job_id: jobId });
    const outcome = await this.#call('check_job', { job_id: jobId });
    if (statusOf(outcome) !== 'cancelled') throw new Error(`The job is not cancelled: ${show(outcome)}`);
  }
}

/** Returns an error on one line, short enough to read. */
function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, ' ').slice(0, MAX_DETAIL);
}

function structuredOf({ structured }: Outcome): Readonly<Record<string, unknown>> {
  return structured && typeof structured === 'object' ? (structured as Record<string, unknown>) : {};
}

/** Reads a field of the structured result, or of the text of a client that shows the text alone. */
function fieldOf(outcome: Outcome, name: string, inText: RegExp): string | undefined {
  const value = structuredOf(outcome)[name];
  return typeof value === 'string' ? value : inText.exec(String(outcome.text ?? ''))?.[0];
}

function statusOf(outcome: Outcome): string | undefined {
  const status = fieldOf(
    outcome,
    'status',
    /\b(?:pending|running|waits for answers|completed|failed|cancelled)\b/,
  );
  return status === 'waits for answers' ? 'input_required' : status;
}

function show(outcome: Outcome, length = 600): string {
  return JSON.stringify(outcome).slice(0, length);
}
