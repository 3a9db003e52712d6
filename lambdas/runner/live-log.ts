/**
 * Uploads the log of a running step in parts, so that readers see a line within ten seconds.
 *
 * It writes to S3 at most once in eight seconds, and only when the step has printed since. Each write replaces the last part,
 * until that has 4 MiB. So a step that ends within eight seconds writes no part, and a step of 14 minutes at most 105 parts. The longest
 * log (50 MB) adds 12 parts. Jobs of two minutes with four steps that print all the time write 12 parts each: $60 a million.
 *
 * A step that calls APIs also writes before a call that will take longer than the rest of the eight seconds, when it has printed
 * since: one write a call at most. The state of the log goes through the execution, so the attempt after the call lists and reads
 * nothing. Only when the last part has more than its last 4 KiB, a write first reads that part, at most 1 MiB. The end of the
 * step reads the parts once. 1,000 calls that print take at most 1,000 writes, 1,064 reads and one list: $0.006. Silent ones
 * take none.
 */
import type { PrintedLog } from '../definition/finished-step.ts';
import type { StepLog } from '../definition/step-context.ts';
import { type Job, stepLogPartKey } from '../jobs/job.ts';
import { log } from '../shared/observability/log.ts';
import { countStored } from '../workspace/count-stored.ts';
import { sizeOf } from '../workspace/logs/pieces.ts';
import { filesOf, findWrittenLogs } from '../workspace/logs/step-logs.ts';
import type { WorkspaceLinks } from '../workspace/workspace-links.ts';
import type { FileStepLog } from './step-log.ts';

/** With one second for the upload, and one to spare. */
const INTERVAL_MS = 8_000;
/** One upload is in memory. */
const PART_BYTES = 4 * 1024 * 1024;
/** A part of this size is not continued after an API call: so a step has at most 64 parts. */
const SEALED_BYTES = 1024 * 1024;
/** The end of a log that goes through the execution. */
const END_BYTES = 4 * 1024;
const UPLOAD_TIMEOUT_MS = 10_000;
/** For all of an earlier log. */
const READ_TIMEOUT_MS = 10_000;

/** Returns the line before what a later attempt prints. @param attempt 1 for the second attempt */
export function attemptHeading(attempt: number): string {
  return `-- attempt ${attempt + 1} --`;
}

export interface LiveLogOptions {
  readonly log: Pick<
    FileStepLog,
    'append' | 'drain' | 'drop' | 'endsLine' | 'fill' | 'read' | 'size' | 'skip' | 'write'
  >;
  readonly files: Pick<WorkspaceLinks, 'list' | 'read' | 'putText'>;
  readonly job: Pick<Job, 'jobId' | 'startedAt'>;
  readonly step: string;
  /** Milliseconds from a line to the upload that has it. @default 8,000 */
  readonly intervalMs?: number;
}

export class LiveLog implements StepLog {
  readonly #options: LiveLogOptions;
  readonly #stop = new AbortController();
  /** Printed before the first line of this attempt. */
  #heading = '';
  #timer: NodeJS.Timeout | undefined;
  #upload: Promise<void> = Promise.resolve();
  /** The index of the last part, and the offset of its first byte. */
  #part = { index: 0, start: 0 };
  /** Bytes in parts. */
  #uploaded = 0;
  /** Epoch milliseconds. */
  #uploadedAt = 0;
  /** So many bytes at the start are in parts and not in the file. */
  #missing = 0;

  constructor(options: LiveLogOptions) {
    this.#options = options;
  }

  /**
   * Continues the log of earlier attempts; without one it starts a new log. An earlier attempt that still runs has lost its lease and
   * stops within seconds, before the first part of this attempt.
   * @param heading the line between the attempts
   * @param printed what the step had printed before an API call
   */
  async resume(heading: string, printed?: Omit<PrintedLog, 'questions'>): Promise<void> {
    const { log: stepLog, files, job, step } = this.#options;
    try {
      const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
      const [written] = await findWrittenLogs(files, job, [step], signal);
      if (!written) return;
      // Parts before the last one stay as they are.
      const last = written.parts.at(-1);
      const full = last && last.size < PART_BYTES ? written.parts.slice(0, -1) : written.parts;
      this.#part = { index: full.length, start: sizeOf(full) };
      this.#uploaded = sizeOf(written.parts);
      for (const { key, size } of filesOf(written)) {
        for (let start = 0; start < size; start += PART_BYTES) {
          stepLog.append(await files.read(key, start, Math.min(size, start + PART_BYTES), signal));
        }
      }
      if (printed) {
        const end = Buffer.from(printed.end, 'base64');
        const known = stepLog.size - (printed.size - end.length);
        if (known >= 0) stepLog.append(end.subarray(known));
      }
      this.#introduce(heading);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /**
   * Continues the log after an API call or a report of a sandbox, without a request.
   * @param heading the line between the attempts; undefined within an attempt
   */
  async continue(heading: string | undefined, printed: Omit<PrintedLog, 'questions'>): Promise<void> {
    const { log: stepLog, intervalMs = INTERVAL_MS } = this.#options;
    const { part, start, uploaded, uploadedAt, size } = printed;
    try {
      const end = Buffer.from(printed.end, 'base64');
      const missing = size - end.length;
      if (missing > 0) await stepLog.skip(missing);
      stepLog.append(end);
      this.#missing = missing;
      const isSealed = uploaded - start >= SEALED_BYTES;
      this.#part = isSealed ? { index: part + 1, start: uploaded } : { index: part, start };
      this.#uploaded = uploaded;
      this.#uploadedAt = uploadedAt;
      if (heading !== undefined) this.#introduce(heading);
      this.#schedule(Math.max(0, uploadedAt + intervalMs - Date.now()));
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /**
   * Ends the uploads before an API call. Uploads what is new, unless the attempt after the call can do so in time.
   * @param seconds from now to the call
   * @returns for `continue`; undefined when the next attempt has to read the log
   */
  async pause(seconds: number): Promise<Omit<PrintedLog, 'questions'> | undefined> {
    const { log: stepLog, intervalMs = INTERVAL_MS } = this.#options;
    const isInTime = Date.now() + seconds * 1_000 < this.#uploadedAt + intervalMs;
    if (!isInTime || stepLog.size - this.#uploaded > END_BYTES) await this.flush();
    const isStopped = this.#stop.signal.aborted;
    await this.stop();
    const { size } = stepLog;
    const from = Math.max(0, size - END_BYTES);
    if (isStopped || this.#uploaded < from) return undefined;
    const end = size > 0 ? (await stepLog.read(from, size)).toString('base64') : '';
    const { index: part, start } = this.#part;
    return { part, start, uploaded: this.#uploaded, uploadedAt: this.#uploadedAt, size, end };
  }

  /** Reads what is only in parts, so that the file has the whole log. When that fails, the file has the rest. */
  async readEarlier(): Promise<void> {
    const { log: stepLog, files, job, step } = this.#options;
    const missing = this.#missing;
    if (missing === 0) return;
    this.#missing = 0;
    try {
      const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
      const [written] = await findWrittenLogs(files, job, [step], signal);
      let at = 0;
      for (const { key, size } of written?.parts ?? []) {
        const end = Math.min(size, missing - at);
        if (end <= 0) break;
        await stepLog.fill(at, await files.read(key, 0, end, signal));
        at += end;
      }
      if (at < missing) throw new Error(`The parts of the log have ${at} bytes instead of ${missing}.`);
    } catch (error) {
      log.warn('Failed to read a log; its start is lost', { error });
      await stepLog.drop(missing);
    }
  }

  #introduce(heading: string): void {
    const { log: stepLog } = this.#options;
    if (stepLog.size > 0) this.#heading = `${stepLog.endsLine ? '' : '\n'}${heading}\n`;
  }

  /** The step matters more than its log: parts of this attempt would not follow those of the earlier ones. */
  #giveUp(error: unknown): void {
    log.warn('Failed to continue a log; it shows when the step ends', { error });
    this.#stop.abort();
  }

  write(text: string): void {
    const { log: stepLog } = this.#options;
    if (this.#heading) stepLog.append(Buffer.from(this.#heading));
    this.#heading = '';
    stepLog.write(text);
    this.#schedule();
  }

  drain(): Promise<void> {
    return this.#options.log.drain();
  }

  /** Uploads what is new, now. Failures are logged: the next upload has the same lines. @param timeoutMs of each part */
  flush(timeoutMs = UPLOAD_TIMEOUT_MS): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#upload = this.#upload.then(() => this.#send(timeoutMs));
    return this.#upload;
  }

  /** Ends the uploads: the whole log follows. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort();
    await this.#upload;
  }

  async #send(timeoutMs: number): Promise<void> {
    const { log: stepLog, files, job, step } = this.#options;
    try {
      const end = stepLog.size;
      while (this.#uploaded < end && !this.#stop.signal.aborted) {
        const { index, start } = this.#part;
        const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)]);
        const key = stepLogPartKey(job.jobId, step, index);
        if (start < this.#missing) {
          await stepLog.fill(start, await files.read(key, 0, this.#missing - start, signal));
          this.#missing = start;
        }
        const bytes = await stepLog.read(start, Math.min(end, start + PART_BYTES));
        // The disk is full: the file has no more.
        if (start + bytes.length <= this.#uploaded) return;
        await files.putText(key, bytes, signal);
        this.#uploadedAt = Date.now();
        // The part takes the place of its earlier, shorter text.
        countStored(key, start + bytes.length - this.#uploaded);
        this.#uploaded = start + bytes.length;
        if (bytes.length === PART_BYTES) this.#part = { index: index + 1, start: this.#uploaded };
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) log.warn('Failed to upload a part of a log', { error });
      this.#schedule();
    }
  }

  #schedule(ms = this.#options.intervalMs ?? INTERVAL_MS): void {
    const { log: stepLog } = this.#options;
    if (this.#timer || this.#stop.signal.aborted || stepLog.size === this.#uploaded) return;
    this.#timer = setTimeout(() => void this.flush(), ms);
  }
}
