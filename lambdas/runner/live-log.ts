/**
 * Uploads the log of a running step in parts, so that readers see a line within ten seconds.
 *
 * It writes to S3 at most once in eight seconds, and only when the step has printed since. Each write replaces the last part,
 * until that has 4 MiB. So a step that ends within eight seconds writes no part, a step of 14 minutes at most 105, and the longest
 * log (50 MB) adds 12. A million jobs of two minutes with four steps that print all the time write 12 parts each: $60.
 */
import type { StepLog } from '../definition/step-context.ts';
import { type Job, stepLogPartKey } from '../jobs/job.ts';
import { sizeOf } from '../workspace/logs/pieces.ts';
import { filesOf, findWrittenLogs } from '../workspace/logs/step-logs.ts';
import type { WorkspaceLinks } from '../workspace/workspace-links.ts';
import type { FileStepLog } from './step-log.ts';

/** With one second for the upload, and one to spare. */
const INTERVAL_MS = 8_000;
/** One upload is in memory. */
const PART_BYTES = 4 * 1024 * 1024;
const UPLOAD_TIMEOUT_MS = 10_000;
/** For all of an earlier log. */
const READ_TIMEOUT_MS = 10_000;

export interface LiveLogOptions {
  readonly log: Pick<FileStepLog, 'append' | 'endsLine' | 'read' | 'size' | 'write'>;
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

  constructor(options: LiveLogOptions) {
    this.#options = options;
  }

  /**
   * Continues the log of earlier attempts; without one it starts a new log. An earlier attempt that still runs has lost its lease and
   * stops within seconds, before the first part of this attempt.
   * @param heading the line between the attempts
   */
  async resume(heading: string): Promise<void> {
    const { log, files, job, step } = this.#options;
    const { jobId } = job;
    try {
      const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
      const [written] = await findWrittenLogs(files, job, [step], signal);
      if (!written) return;
      for (const { key, size } of filesOf(written)) {
        for (let start = 0; start < size; start += PART_BYTES) {
          log.append(await files.read(key, start, Math.min(size, start + PART_BYTES), signal));
        }
      }
      const { parts } = written;
      const full = parts.filter(({ size }) => size >= PART_BYTES);
      this.#part = { index: full.length, start: sizeOf(full) };
      this.#uploaded = sizeOf(parts);
      if (log.size > 0) this.#heading = `${log.endsLine ? '' : '\n'}${heading}\n`;
    } catch (error) {
      // The step matters more than its log: parts of this attempt would not follow those of the earlier ones.
      console.warn({ message: 'Failed to continue a log; it shows when the step ends', jobId, step, error });
      this.#stop.abort();
    }
  }

  write(text: string): void {
    const { log } = this.#options;
    if (this.#heading) log.append(Buffer.from(this.#heading));
    this.#heading = '';
    log.write(text);
    this.#schedule();
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
    const { log, files, job, step } = this.#options;
    try {
      const end = log.size;
      while (this.#uploaded < end && !this.#stop.signal.aborted) {
        const { index, start } = this.#part;
        const bytes = await log.read(start, Math.min(end, start + PART_BYTES));
        // The disk is full: the file has no more.
        if (start + bytes.length <= this.#uploaded) return;
        const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)]);
        await files.putText(stepLogPartKey(job.jobId, step, index), bytes, signal);
        this.#uploaded = start + bytes.length;
        if (bytes.length === PART_BYTES) this.#part = { index: index + 1, start: this.#uploaded };
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) console.warn({ message: 'Failed to upload a part of a log', error });
      this.#schedule();
    }
  }

  #schedule(): void {
    const { log, intervalMs = INTERVAL_MS } = this.#options;
    if (this.#stop.signal.aborted || log.size === this.#uploaded) return;
    this.#timer ??= setTimeout(() => void this.flush(), intervalMs);
  }
}
