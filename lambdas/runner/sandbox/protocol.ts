/**
 * Defines the protocol of a sandboxed step: the event that starts it, and the reports that its sandbox posts.
 *
 *     POST <reports url>   { token, report }          report: gzip of JSON in Base64, so that no firewall reads log lines as attacks
 *     200                  { continue, next_ms, token }
 *
 * Each response has the token for the next report. A token states how many reports came before. A repeated report is processed again,
 * with the same effect.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import { MAX_MESSAGE_CHARACTERS } from '../../jobs/bound-record.ts';
import { ERROR_CODE, ErrorCode, MAX_ERROR_CODE_CHARACTERS } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { log } from '../../shared/observability/log.ts';
import type { TraceContext } from '../../shared/observability/trace-context.ts';

/** The event that a sandbox receives. */
export interface SandboxEvent {
  readonly step: string;
  readonly jobId: string;
  readonly input: Json;
  readonly results: Readonly<Record<string, Json>>;
  readonly attempt: number;
  readonly trace?: TraceContext;
  /** Milliseconds from the first report. */
  readonly limitMs: number;
  /** URLs by workspace key, of the files to read and of the files to write. */
  readonly reads: Readonly<Record<string, string>>;
  readonly writes: Readonly<Record<string, string>>;
  /** Where to post reports, and the token of the first one. */
  readonly reports: { readonly url: string; readonly token: string };
}

/** Code units of the log in one report. */
export const MAX_REPORT_CHARACTERS = 1024 * 1024;
/** Bytes of a result as JSON. A larger one would not fit into a report, or into the event of the runner that ends the attempt. */
export const MAX_RESULT_BYTES = 2 * 1024 * 1024;
/** Bytes of a report as JSON: of a part of the log, or of a result. */
const MAX_REPORT_BYTES = 8 * 1024 * 1024;
/** Bytes of the body of a request. Lambda accepts 6 MB. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Level of gzip: the fastest. Logs become five times smaller. */
const COMPRESSION = { level: 1 };

const errorCode = z.string().regex(ERROR_CODE).max(MAX_ERROR_CODE_CHARACTERS);

const ending = z.union([
  z.strictObject({ result: z.json() as z.ZodType<Json> }),
  z.strictObject({
    error: z.strictObject({
      code: errorCode,
      message: z.string().max(MAX_MESSAGE_CHARACTERS),
      retryable: z.boolean(),
      details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    }),
  }),
  /** Processes of the step did not end: the sandbox ends itself, and them. */
  z.strictObject({ crashed: z.literal(true) }),
  /** A response told the sandbox to stop. */
  z.strictObject({ stopped: z.literal(true) }),
]);

/** A report from a process that can run anything: validate it before use. */
const sandboxReport = z.strictObject({
  /** Only in the first report: names the delivery of the event that runs the step. */
  claim: z.uuid().optional(),
  /** What the step has printed since the report before. */
  log: z.string().optional(),
  /** Fraction of the step. */
  progress: z.number().optional(),
  message: z.string().max(MAX_MESSAGE_CHARACTERS).optional(),
  /** Only in the last report. */
  ending: ending.optional(),
});
export type SandboxReport = z.output<typeof sandboxReport>;
export type SandboxEnding = z.output<typeof ending>;
export type SandboxError = Extract<SandboxEnding, { readonly error: unknown }>['error'];

/** What the sandbox does next. */
export interface ReportResponse {
  /** False: the job has ended or another attempt runs. Stop the step. */
  readonly continue: boolean;
  /** Milliseconds to the next report. */
  readonly next_ms?: number;
  /** Of the next report. */
  readonly token?: string;
}

/** Codes of refused reports. */
export const ReportCode = {
  invalid: 'REPORT_INVALID',
  limitExceeded: 'REPORT_LIMIT_EXCEEDED',
  outOfOrder: 'REPORT_OUT_OF_ORDER',
  tokenInvalid: 'REPORT_TOKEN_INVALID',
  tooLarge: 'REPORT_TOO_LARGE',
  unavailable: 'REPORTS_UNAVAILABLE',
} as const;
export type ReportCode = (typeof ReportCode)[keyof typeof ReportCode];

/** @returns the ending; for a result that does not fit into a report, the error that replaces it */
export function fitEnding(ending: SandboxEnding): SandboxEnding {
  if (!('result' in ending)) return ending;
  try {
    const bytes = Buffer.byteLength(JSON.stringify(ending.result));
    if (bytes <= MAX_RESULT_BYTES) return ending;
    const message = `The result has ${bytes} bytes as JSON; the limit is ${MAX_RESULT_BYTES}. Write large data into a file of the workspace, and return its key.`;
    return { error: { code: ErrorCode.resultInvalid, message, retryable: false } };
  } catch (error) {
    log.error('The result of a step is not JSON', { error });
    return { error: { code: ErrorCode.internal, message: '', retryable: false } };
  }
}

/** @returns the body of a request */
export function writeReport(token: string, report: SandboxReport): string {
  return JSON.stringify({ token, report: gzipSync(JSON.stringify(report), COMPRESSION).toString('base64') });
}

export const envelope = z.strictObject({ token: z.string(), report: z.string() });

/** @returns undefined for another body */
export function readEnvelope(body: string): z.output<typeof envelope> | undefined {
  try {
    return envelope.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

/** @returns undefined for an invalid report */
export function readReport(report: string): SandboxReport | undefined {
  try {
    const text = gunzipSync(Buffer.from(report, 'base64'), { maxOutputLength: MAX_REPORT_BYTES });
    return sandboxReport.safeParse(JSON.parse(text.toString())).data;
  } catch {
    return undefined;
  }
}
