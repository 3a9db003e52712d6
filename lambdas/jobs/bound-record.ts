/** Bounds the texts and objects of a job's record, and cleans them: steps, sandboxes and APIs write them. */
import { cleanShortText } from '../shared/clean-text.ts';
import { MAX_ERROR_CODE_CHARACTERS } from '../shared/errors.ts';
import type { Job, JobError, JobSubject } from './job.ts';
import { shortenTimeline, type TimelineEvent, timelineBytes } from './timeline.ts';

/** Characters of a message. */
export const MAX_MESSAGE_CHARACTERS = 1_000;
/** Bytes of the details of an error, as JSON. */
export const MAX_DETAILS_BYTES = 8 * 1024;
/** Characters of a name that is not checked elsewhere: the state of an external state machine. */
const MAX_NAME_CHARACTERS = 128;
/** Characters of what a job is about, such as the name of a project. */
const MAX_SUBJECT_CHARACTERS = 256;
/** Lines of a log on the job: enough for a model to find the cause of a failure, and small in its context. */
export const TAIL_LINES = 20;
export const TAIL_LINE_CHARACTERS = 200;
/** Characters of the message of a failed attempt. */
const MAX_ATTEMPT_MESSAGE_CHARACTERS = 200;

const DETAIL_TYPES: readonly string[] = ['string', 'number', 'boolean', 'bigint'];

type Details = NonNullable<JobError['details']>;

/** Bounds those attributes of a record whose text comes from elsewhere. Repeating it changes nothing. */
export function boundRecord<Attributes extends Partial<Job>>(attributes: Attributes): Attributes {
  const { message, step, error, logTail, subject, timeline } = attributes;
  return {
    ...attributes,
    ...(message !== undefined && { message: boundMessage(message) }),
    ...(step !== undefined && { step: cleanShortText(step, MAX_NAME_CHARACTERS) }),
    ...(error && { error: boundError(error) }),
    ...(logTail && { logTail: boundTail(logTail) }),
    ...(subject && { subject: boundSubject(subject) }),
    ...(timeline && boundWholeTimeline(timeline)),
  };
}

/** Bounds each event. `shortenTimeline` bounds their number. */
export function boundTimelineEvents(events: readonly TimelineEvent[]): readonly TimelineEvent[] {
  return events.map((event) => ({
    ...event,
    step: cleanShortText(event.step, MAX_NAME_CHARACTERS),
    ...('failed' in event && boundAttemptError(event)),
  }));
}

/** Bounds the error of an attempt. */
export function boundAttemptError({ code, message }: Pick<JobError, 'code' | 'message'>) {
  return {
    code: cleanShortText(code, MAX_ERROR_CODE_CHARACTERS),
    message: cleanShortText(String(message), MAX_ATTEMPT_MESSAGE_CHARACTERS),
  };
}

function boundWholeTimeline(events: readonly TimelineEvent[]): Pick<Job, 'timeline' | 'timelineBytes'> {
  const timeline = shortenTimeline(boundTimelineEvents(events));
  return { timeline, timelineBytes: timelineBytes(timeline) };
}

/** Bounds the value, and makes it one line. Filters compare bounded values. */
export function boundSubject({ name, value }: JobSubject): JobSubject {
  return { name, value: cleanShortText(value, MAX_SUBJECT_CHARACTERS).replace(/\s+/g, ' ').trim() };
}

/** Bounds the error of a job or of a call. */
export function boundError<Reported extends Omit<JobError, 'step'>>(error: Reported): Reported {
  const { code, message, details } = error;
  return {
    ...error,
    code: cleanShortText(code, MAX_ERROR_CODE_CHARACTERS),
    message: boundMessage(message),
    ...(details && { details: boundDetails(details) }),
  };
}

function boundMessage(message: string): string {
  // Code without types may give another value.
  return cleanShortText(String(message), MAX_MESSAGE_CHARACTERS);
}

/** Keeps the first details that fit. Cuts off a text that does not fit, and leaves out other values. Unsafe numbers become texts. */
function boundDetails(details: Details): Details {
  const kept: Record<string, Details[string]> = {};
  // For the braces.
  let left = MAX_DETAILS_BYTES - 2;
  for (const [name, value] of Object.entries(details)) {
    const key = cleanShortText(name, MAX_NAME_CHARACTERS);
    const bound = boundDetail(value, left - jsonBytes(key) - 2);
    if (bound === undefined) continue;
    left -= jsonBytes(key) + jsonBytes(bound) + 2;
    kept[key] = bound;
  }
  return kept;
}

/** @returns the value in at most so many bytes of JSON; undefined when nothing of it fits */
function boundDetail(value: Details[string], maxBytes: number): Details[string] | undefined {
  // Two quotes are the least that fits.
  if (maxBytes < 2) return undefined;
  // Code without types may give another value.
  if (!DETAIL_TYPES.includes(typeof value)) return undefined;
  if (typeof value === 'bigint' || (typeof value === 'number' && !isStorable(value))) {
    return boundDetail(String(value), maxBytes);
  }
  if (typeof value !== 'string') return jsonBytes(value) <= maxBytes ? value : undefined;
  for (let characters = MAX_DETAILS_BYTES; characters > 0; characters = Math.floor(characters * 0.9)) {
    const text = cleanShortText(value, characters);
    if (jsonBytes(text) <= maxBytes) return text;
  }
  return undefined;
}

/** DynamoDB's client refuses numbers that it cannot keep exactly, and DynamoDB those closer to zero. */
function isStorable(value: number): boolean {
  return value === 0 || (Math.abs(value) <= Number.MAX_SAFE_INTEGER && Math.abs(value) >= 1e-130);
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

function boundTail(lines: readonly string[]): readonly string[] {
  return lines.slice(-TAIL_LINES).map((line) => cleanShortText(line, TAIL_LINE_CHARACTERS));
}
