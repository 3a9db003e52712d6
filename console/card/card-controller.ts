/**
 * Follows one job through the host until its end, and acts on it for the user. It asks the host for one thing at a time, gives
 * up waiting after a while, and asks again with growing delays: a host that never answers costs a message a minute.
 */
import type { ErrorView } from '../shared/error-view.ts';
import { httpUrl } from '../shared/http-url.ts';
import type { Answer } from '../shared/question-fields.ts';
import { asObject, Host, HostError, type Port } from './host.ts';
import { type CardJob, findJobId, isEnded, readToolResult, unknownJob } from './job-state.ts';

type Params = Readonly<Record<string, unknown>>;

/** What the card shows. */
export interface CardState {
  /** `silent`: the host has not answered yet, and is asked again. */
  readonly connection: 'connecting' | 'silent' | 'connected';
  readonly job?: CardJob | undefined;
  /** The title of the tool, such as "Build". */
  readonly title?: string | undefined;
  /** A result about no job, in words. */
  readonly text?: string | undefined;
  /** Why the card does not follow the job (now). */
  readonly trouble?: ErrorView | undefined;
  /** The next try, when there is one. */
  readonly triesAgain?: boolean | undefined;
  /** What the user asked for and the service does now. */
  readonly busy?: Act | undefined;
  /** Why the service refused what the user asked for. */
  readonly refusal?: { readonly act: Act; readonly error: ErrorView } | undefined;
  /** An address that the host cannot open: the user has to copy it. */
  readonly link?: { readonly name: string; readonly url: string } | undefined;
  /** The host passes tool calls to the server. */
  readonly canCall: boolean;
}

/** Something that the user asks for; `answer:<key>` and `file:<name>` say which one. */
export type Act = 'cancel' | 'retry' | `answer:${string}` | `file:${string}` | 'page';

/** Milliseconds. */
export interface CardTimes {
  readonly connectTimeoutMs: number;
  readonly callTimeoutMs: number;
  /** Longer, because a host may ask its user first. */
  readonly actTimeoutMs: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  readonly shortestPollMs: number;
}

export const TIMES: CardTimes = {
  connectTimeoutMs: 10_000,
  callTimeoutMs: 30_000,
  actTimeoutMs: 120_000,
  firstDelayMs: 2_000,
  longestDelayMs: 60_000,
  shortestPollMs: 1_000,
};

/** When the service names no time for the next poll. */
const POLL_MS = 2_000;
const LONGEST_POLL_MS = 60_000;

export class CardController {
  readonly #host: Host;
  readonly #times: CardTimes;
  readonly #onChange: (state: CardState) => void;
  #state: CardState = { connection: 'connecting', canCall: false };
  #include: readonly string[] = ['details', 'log', 'timeline'];
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #next: (() => void) | undefined;
  #isChecking = false;
  /** Rises with every act: a check that began before it may be outdated. */
  #acts = 0;
  /** The model has the result of the call. */
  #hasResult = false;
  #isStopped = false;
  #isPaused = false;

  /**
   * @param onChange gets each state
   * @param onContext gets the host's theme and styles
   */
  constructor(
    port: Port,
    onChange: (state: CardState) => void,
    onContext: (context: Params) => void = () => {},
    times: CardTimes = TIMES,
  ) {
    this.#onChange = onChange;
    this.#times = times;
    this.#host = new Host(port, {
      onToolInput: (args) => this.#startFrom(findJobId(args)),
      onToolResult: (result) => this.#readFirstResult(result),
      onToolCancelled: () => {
        if (!this.#state.job)
          this.#set({ text: 'The call was cancelled. Its job, if one began, continues.' });
      },
      onContext: (context) => {
        this.#readTitle(asObject(asObject(context.toolInfo).tool));
        onContext(context);
      },
      onTeardown: () => this.stop(),
    });
  }

  start(): void {
    void this.#connect();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Checks nothing while the user does not see the card, and at once when they do. */
  pause(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) clearTimeout(this.#timer);
    else if (this.#next) this.tryNow();
  }

  /** Tells the host how large the card is, in CSS pixels. @returns false before the host knows the card */
  resize(width: number, height: number): boolean {
    if (this.#state.connection !== 'connected') return false;
    this.#host.notify('ui/notifications/size-changed', { width, height });
    return true;
  }

  /** Does at once what waits for its time. */
  tryNow(): void {
    const next = this.#next;
    if (!next) return void this.#check();
    clearTimeout(this.#timer);
    this.#next = undefined;
    next();
  }

  async cancel(): Promise<void> {
    await this.#act('cancel', 'cancel_job', {}, 'cancelled');
  }

  /** Follows the new job then. @param step the step to begin with. @default the service chooses */
  async retry(step?: string): Promise<void> {
    await this.#act('retry', 'retry_job', step === undefined ? {} : { from_step: step }, 'retried');
  }

  async answer(key: string, answer: Answer): Promise<void> {
    await this.#act(`answer:${key}`, 'answer_job', { answers: { [key]: answer } }, 'answered a question of');
  }

  /** Opens a file of the job, whose address the service creates for this. */
  async openFile(name: string): Promise<void> {
    const { job } = this.#state;
    if (!job || this.#state.busy) return;
    const act: Act = `file:${name}`;
    this.#set({ busy: act, refusal: undefined, link: undefined });
    try {
      const result = await this.#host.callTool(
        'get_file',
        { job_id: job.jobId, name },
        this.#times.callTimeoutMs,
      );
      const { files, error } = asObject(result.structuredContent);
      const url = httpUrl(asObject(Array.isArray(files) ? files[0] : undefined).url);
      if (url) return await this.#open(act, name, url);
      const { error: told } = readToolResult({ ...result, structuredContent: { error } });
      this.#refuse(
        act,
        told ?? { code: 'NO_ADDRESS', message: `The service gave no address for ${name}. Try again.` },
      );
    } catch (error) {
      this.#refuse(act, describe(error));
    } finally {
      this.#set({ busy: undefined });
    }
  }

  /** Opens a page of HTTP or HTTPS in the browser of the user. */
  async openPage(url: string): Promise<void> {
    await this.#open('page', url, url);
  }

  async #open(act: Act, name: string, url: string): Promise<void> {
    if (!this.#host.can('openLinks')) return this.#set({ link: { name, url } });
    try {
      const { isError } = await this.#host.request('ui/open-link', { url }, this.#times.actTimeoutMs);
      if (isError === true) this.#set({ link: { name, url } });
    } catch (error) {
      this.#refuse(act, describe(error));
      this.#set({ link: { name, url } });
    }
  }

  async #connect(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#host.connect(this.#times.connectTimeoutMs);
        this.#failures = 0;
        const canCall = this.#host.can('serverTools');
        this.#set({ connection: 'connected', canCall, trouble: undefined, triesAgain: false });
        return this.#schedule(0);
      } catch (error) {
        this.#set({ connection: 'silent', trouble: describe(error), triesAgain: true });
        await new Promise<void>((resolve) => this.#later(resolve, this.#delay()));
      }
    }
  }

  /** A tool that names a job, such as check_job, may take long to return: the card follows the job meanwhile. */
  #startFrom(jobId: string | undefined): void {
    if (jobId === undefined || this.#state.job) return;
    this.#set({ job: unknownJob(jobId) });
    this.#schedule(0);
  }

  #readFirstResult(result: Params): void {
    this.#hasResult = true;
    const { job, error, text } = readToolResult(result, this.#state.job);
    // Some hosts pass only the text of a result.
    const named = job ? undefined : findJobId(text);
    if (job) this.#set({ job });
    else if (error) this.#set({ trouble: error, triesAgain: false });
    else if (named) this.#startFrom(named);
    else if (!this.#state.job) this.#set({ text });
    if (job) this.#schedule(0);
  }

  #readTitle({ name, title }: Params): void {
    // The tools of the engine are about any operation.
    if (typeof name === 'string' && !/_job$/.test(name) && typeof title === 'string') this.#set({ title });
  }

  /** Checks the job after a time, when there is something left to learn. */
  #schedule(ms: number): void {
    const { job, canCall, connection } = this.#state;
    if (!job || !canCall || connection !== 'connected' || (isEnded(job) && job.isWhole)) return;
    this.#later(() => void this.#check(), ms);
  }

  #later(next: () => void, ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#next = next;
    if (this.#isPaused) return;
    this.#timer = setTimeout(() => {
      this.#next = undefined;
      next();
    }, ms);
  }

  /** @returns 2 s, 4 s, 8 s, …, at most a minute */
  #delay(): number {
    const { firstDelayMs, longestDelayMs } = this.#times;
    return Math.min(firstDelayMs * 2 ** this.#failures++, longestDelayMs);
  }

  async #check(): Promise<void> {
    const { job, canCall } = this.#state;
    if (!job || !canCall || this.#isChecking || this.#isStopped) return;
    const acts = this.#acts;
    this.#isChecking = true;
    try {
      const args = { job_id: job.jobId, include: this.#include };
      const result = await this.#host.callTool('check_job', args, this.#times.callTimeoutMs);
      if (acts === this.#acts) this.#readCheck(result, job);
      else this.#schedule(0);
    } catch (error) {
      this.#set({ trouble: describe(error), triesAgain: true });
      this.#schedule(this.#delay());
    } finally {
      this.#isChecking = false;
    }
  }

  #readCheck(result: Params, before: CardJob): void {
    const { job, error, text } = readToolResult(result, before);
    if (job) this.#showChecked(job, before);
    // A host can show a newer card than the service that it calls.
    else if (error?.code === 'INVALID_ARGUMENTS' && this.#include.includes('timeline')) {
      this.#include = this.#include.filter((part) => part !== 'timeline');
      this.#schedule(0);
    } else {
      const trouble = error ?? {
        code: 'UNREADABLE',
        message: text || 'The result names no job.',
        retryable: true,
      };
      const triesAgain = trouble.retryable === true;
      this.#set({ trouble, triesAgain });
      if (triesAgain) this.#schedule(this.#delay());
    }
  }

  #showChecked(job: CardJob, before: CardJob): void {
    this.#failures = 0;
    // Whatever it had: asking again would give no more.
    this.#set({ job: { ...job, isWhole: true }, trouble: undefined, triesAgain: false });
    if (this.#hasResult && isEnded(job) && !isEnded(before))
      this.#tellModel(`Job ${job.jobId} has ended: ${job.status}.`);
    const pollMs = Math.max(job.pollAfterMs ?? POLL_MS, this.#times.shortestPollMs);
    this.#schedule(Math.min(pollMs, LONGEST_POLL_MS));
  }

  /** @param done what the user has done with the job, for the model */
  async #act(act: Act, tool: string, args: Params, done: string): Promise<void> {
    const { job, busy } = this.#state;
    if (!job || busy) return;
    this.#set({ busy: act, refusal: undefined, link: undefined });
    try {
      const all = { job_id: job.jobId, ...args };
      const result = await this.#host.callTool(tool, all, this.#times.actTimeoutMs);
      const { job: changed, error, text } = readToolResult(result, this.#state.job);
      this.#acts++;
      if (changed) {
        this.#set({ job: changed, trouble: undefined });
        const follows = changed.jobId === job.jobId ? '' : ` as job ${changed.jobId}`;
        this.#tellModel(`The user ${done} job ${job.jobId}${follows}.`);
      } else {
        this.#refuse(
          act,
          error ?? { code: 'UNREADABLE', message: text || 'The result names no job. Try again.' },
        );
      }
    } catch (error) {
      this.#refuse(act, describe(error));
    } finally {
      this.#failures = 0;
      this.#set({ busy: undefined });
      this.#schedule(0);
    }
  }

  #refuse(act: Act, error: ErrorView): void {
    this.#set({ refusal: { act, error } });
  }

  /** Tells the model, for its next turn, what it did not do itself. */
  #tellModel(text: string): void {
    if (!this.#host.can('updateModelContext')) return;
    const content = [{ type: 'text', text: `${text} Call check_job for its state and result.` }];
    this.#host.request('ui/update-model-context', { content }, this.#times.callTimeoutMs).catch(() => {
      // The model learns it when it checks the job.
    });
  }

  #set(change: Partial<CardState>): void {
    if (this.#isStopped) return;
    this.#state = { ...this.#state, ...change };
    this.#onChange(this.#state);
  }
}

function describe(error: unknown): ErrorView {
  if (!(error instanceof HostError)) throw error;
  return {
    code: error.isTimeout ? 'HOST_SILENT' : 'HOST_REFUSED',
    message: error.isTimeout
      ? `${error.message} The job continues without the card; ask for it in the conversation.`
      : error.message,
  };
}
