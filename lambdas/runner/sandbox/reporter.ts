/** Posts the reports of a sandbox: gathers what the step prints and its progress, and stops the step when a response says so. */
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { SANDBOX_HEARTBEAT_MS } from '../../definition/state-names.ts';
import { log } from '../../shared/observability/log.ts';
import { LOG_LIMIT_NOTICE, MAX_LOG_BYTES } from '../step-log.ts';
import { GatheredText } from './gather-output.ts';
import {
  fitEnding,
  MAX_REPORT_CHARACTERS,
  type ReportResponse,
  type SandboxEnding,
  type SandboxEvent,
  type SandboxReport,
  writeReport,
} from './protocol.ts';
import { request } from './request.ts';

/** For one response. The last one waits until the log is stored. */
const RESPONSE_TIMEOUT_MS = 30_000;
/**
 * Time without an accepted report after which the step stops: before Step Functions gives the attempt up, because the next attempt
 * writes the same files. In the difference the step stops.
 */
const GIVE_UP_MS = SANDBOX_HEARTBEAT_MS - 10_000;
/** The same for the reports after the end of the step: the outcome counts until the next attempt has begun. */
const GIVE_UP_END_MS = 60_000;
/** The least time for a response. */
const MIN_RESPONSE_TIMEOUT_MS = 5_000;
const MAX_PAUSE_MS = 5_000;
const FIRST_PAUSE_MS = 250;
/** A larger ending has a report of its own, without a part of the log. */
const MAX_RESULT_BESIDE_LOG_CHARACTERS = 64 * 1024;

export class Reporter {
  readonly #url: string;
  readonly #stop = new AbortController();
  #token: string;
  #intervalMs = 0;
  /** Pieces of the log that no report has, and their code units. */
  #pieces: string[] = [];
  #characters = 0;
  #logBytes = 0;
  /** Resolves when a report has taken pieces. */
  #taken = Promise.withResolvers<void>();
  readonly #output = new GatheredText({ send: (piece) => this.#add(piece) });
  #progress: Pick<SandboxReport, 'progress' | 'message'> = {};
  #wake = Promise.withResolvers<void>();
  /** When the last accepted report was sent, in epoch milliseconds. Step Functions counts from then or later. */
  #acceptedAt = Date.now();
  /** Epoch milliseconds of the end of the step. */
  #endedAt: number | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor({ url, token }: SandboxEvent['reports']) {
    this.#url = url;
    this.#token = token;
    this.signal.addEventListener('abort', () => this.#taken.resolve());
  }

  /** Aborts when the step has to stop: its job has ended, another attempt runs, or the reports do not arrive. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Sends the first report. @returns whether this delivery of the event may run the step */
  async begin(): Promise<boolean> {
    const isFirst = await this.#send({ claim: randomUUID() });
    if (isFirst) this.#loop = this.#run();
    return isFirst;
  }

  /** Adds to the log. Text after its limit is dropped. */
  write(printed: string): void {
    this.#output.write(printed);
  }

  /** Resolves when the log can take more text. */
  drain(): Promise<void> {
    return this.#output.drain();
  }

  /** Waits while a whole report waits, unless the step has ended. */
  async #add(piece: string): Promise<void> {
    if (this.#logBytes > MAX_LOG_BYTES) return;
    this.#logBytes += Buffer.byteLength(piece);
    // The receiver cleans the text. It may keep less than the limit, and then adds no notice itself.
    const kept = this.#logBytes > MAX_LOG_BYTES ? piece + LOG_LIMIT_NOTICE : piece;
    this.#pieces.push(kept);
    this.#characters += kept.length;
    if (this.#characters < MAX_REPORT_CHARACTERS) return;
    this.#wake.resolve();
    if (this.#endedAt === undefined && !this.signal.aborted) await this.#taken.promise;
  }

  progress(fraction: number, message?: string): void {
    const { message: before } = this.#progress;
    const latest = message ?? before;
    // Code without types may give another value.
    const within = Math.min(1, Math.max(0, Number(fraction) || 0));
    this.#progress = { progress: within, ...(latest !== undefined && { message: latest }) };
  }

  /** Sends the rest of the log and the last report. */
  async end(ending: SandboxEnding): Promise<void> {
    this.#endedAt = Date.now();
    this.#wake.resolve();
    this.#taken.resolve();
    await this.#loop;
    await this.#output.flush();
    const fitted = fitEnding(ending);
    const isLarge = JSON.stringify(fitted).length > MAX_RESULT_BESIDE_LOG_CHARACTERS;
    const most = isLarge ? 0 : MAX_REPORT_CHARACTERS;
    while (this.#characters > most && !this.signal.aborted) {
      await this.#sendLog({});
    }
    // The job of a step that had to stop shows its last lines.
    const last = this.signal.aborted ? ({ stopped: true } as const) : fitted;
    const rest = this.#takeLog();
    await this.#send({ ...(rest && { log: rest }), ending: last });
  }

  async #run(): Promise<void> {
    while (this.#endedAt === undefined && !this.signal.aborted) {
      if (this.#characters < MAX_REPORT_CHARACTERS) await this.#pause();
      if (this.#endedAt !== undefined) return;
      const progress = this.#progress;
      this.#progress = {};
      await this.#sendLog(progress);
    }
  }

  /** Waits until the next report is due, much of the log has gathered, or the step has ended. */
  async #pause(): Promise<void> {
    this.#wake = Promise.withResolvers();
    if (this.#endedAt !== undefined) return;
    const timer = setTimeout(() => this.#wake.resolve(), this.#intervalMs);
    await this.#wake.promise;
    clearTimeout(timer);
  }

  #takeLog(): string {
    let characters = 0;
    const end = this.#pieces.findIndex((piece) => {
      characters += piece.length;
      return characters > MAX_REPORT_CHARACTERS;
    });
    const taken = this.#pieces.splice(0, end < 0 ? this.#pieces.length : end).join('');
    this.#characters -= taken.length;
    this.#taken.resolve();
    this.#taken = Promise.withResolvers();
    return taken;
  }

  /** Sends a report with the next part of the log, which stays for the last report when this one is not taken. */
  async #sendLog(report: SandboxReport): Promise<void> {
    const printed = this.#takeLog();
    if (await this.#send({ ...report, ...(printed && { log: printed }) })) return;
    this.#pieces.unshift(printed);
    this.#characters += printed.length;
  }

  /** Repeats a report until a response has it. @returns whether the step may continue */
  async #send(report: SandboxReport): Promise<boolean> {
    const body = writeReport(this.#token, report);
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)) {
      const sentAt = Date.now();
      const response = await this.#post(body, this.#giveUpAt() - sentAt);
      if (response) {
        this.#acceptedAt = sentAt;
        this.#token = response.token ?? this.#token;
        this.#intervalMs = response.next_ms ?? this.#intervalMs;
        if (!response.continue) this.#stop.abort(new Error('The attempt has to stop.'));
        return response.continue;
      }
      if (Date.now() > this.#giveUpAt()) {
        this.#stop.abort(new Error('The reports do not arrive.'));
        return false;
      }
      await delay(pauseMs * (0.5 + Math.random() / 2));
    }
  }

  /** @returns epoch milliseconds */
  #giveUpAt(): number {
    if (this.#endedAt === undefined) return this.#acceptedAt + GIVE_UP_MS;
    return Math.max(this.#acceptedAt, this.#endedAt) + GIVE_UP_END_MS;
  }

  /** @returns undefined when the report has to be sent again */
  async #post(body: string, leftMs: number): Promise<ReportResponse | undefined> {
    try {
      const response = await request(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(Math.min(RESPONSE_TIMEOUT_MS, Math.max(MIN_RESPONSE_TIMEOUT_MS, leftMs))),
      });
      const content = await text(response);
      const { statusCode: status = 0 } = response;
      if (status === 200) return JSON.parse(content) as ReportResponse;
      if (status >= 500 || status === 429) return undefined;
      log.warn('A report was refused; the step stops', { status, response: content });
      return { continue: false };
    } catch (error) {
      log.debug('A report failed; it is sent again', { error });
      return undefined;
    }
  }
}
