/** What a step is handed and may use: the whole world of an operation's own code. */
import type * as z from 'zod';
import type { InputAnswer, Job, UploadedFile } from '../jobs/job.ts';
import type { Json } from '../shared/json.ts';
import type { ApiCall, LastCall } from './api-call.ts';
import type { StepsOperation } from './operation-definition.ts';

/** Files of the workspace bucket. Keys have no leading slash: `projects/<project>.tar.gz`. */
export interface FileTransfer {
  /**
   * Copies an object into a file.
   * @throws AppError with the code given in `missing` when there is no such object, in `tooLarge` when it has more than
   *   `maxBytes` bytes (then nothing is downloaded).
   */
  download(
    key: string,
    file: string,
    options: {
      readonly signal: AbortSignal;
      readonly maxBytes: number;
      readonly missing: Error;
      readonly tooLarge: Error;
    },
  ): Promise<FileDigest>;
  /** Copies a file into an object, replacing it. */
  upload(
    key: string,
    file: string,
    options: { readonly signal: AbortSignal; readonly contentType: string },
  ): Promise<FileDigest>;
}

export interface Workspace extends FileTransfer {
  /** Bytes of an object; undefined when there is none. */
  size(key: string, signal: AbortSignal): Promise<number | undefined>;
  /** A small text, and the version of it; undefined when there is none. */
  read(key: string, signal: AbortSignal): Promise<VersionedText | undefined>;
  /** The bytes of an object as they come: nothing of it is kept. @throws `changed` */
  open(object: VersionedObject, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Copies an object of up to 5 GiB to another key, replacing what is there. @throws `changed` */
  copy(
    object: VersionedObject,
    to: string,
    options: { readonly signal: AbortSignal; readonly contentType: string },
  ): Promise<void>;
  /**
   * Replaces a small text, if it is still as it was read.
   * @param version undefined: there must be none
   * @returns its new version; undefined when somebody else was first
   */
  replace(
    key: string,
    text: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

export interface VersionedObject {
  readonly key: string;
  /** As S3 calls it: the `ETag`. */
  readonly version: string;
  /** Thrown when there is another version, or none any more. */
  readonly changed: Error;
}

export interface VersionedText {
  readonly text: string;
  readonly version: string;
}

export interface FileDigest {
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Collects what a step prints. The whole goes to the workspace bucket, the last lines to the job. */
export interface StepLog {
  write(text: string): void;
}

export interface StepContext<Input = unknown, Results = Readonly<Record<string, Json>>> {
  readonly jobId: string;
  readonly owner: string;
  /** The operation's input, already validated. */
  readonly input: Input;
  /** What earlier steps returned, by step name; a later step's result is undefined. */
  readonly results: Results;
  /** What the call before this job has handed over (`call.handOver`); undefined when there was none (`sync_first`). */
  readonly handedOver?: Json;
  /** 0 on the first try. */
  readonly attempt: number;
  /** Aborts when the job is cancelled or otherwise ended, and when the step's time is over. */
  readonly signal: AbortSignal;
  /** Says how far this step is, 0..1. Cheap to call often: writes are throttled. */
  progress(fraction: number, message?: string): void;
  /**
   * Asks whoever follows the job, of a step that has `inputTimeoutMs`. While an answer is missing it ends the attempt: the
   * step begins anew when all are here, and then this returns them. So ask before doing what must not be done twice.
   * @param questions by keys that no other step uses
   */
  requestInput<Form extends Readonly<Record<string, Question>>>(questions: Form): Asked<Form>;
  /**
   * Has whoever follows the job put a file into the workspace, one a job; of a step that has `inputTimeoutMs`. Until it is
   * there, this ends the attempt as `requestInput` does.
   * @throws AppError UPLOAD_TOO_LARGE once it is there
   */
  requestUpload(wanted: WantedFile): ArrivedFile;
  /** APIs of the operator's, for a step that has `calls`. */
  readonly apis: Apis;
  /** Other jobs, which this one may depend on. */
  readonly jobs: OtherJobs;
  readonly log: StepLog;
  readonly workspace: Workspace;
  /** There while a caller waits for the result, and there is no job yet (`sync_first`). */
  readonly call?: Call;
}

export type Question = FormQuestion | UrlQuestion;

export interface FormQuestion {
  /** For people: what is asked, and why. */
  readonly message: string;
  /** Texts, numbers, booleans and choices; each with a description. */
  readonly schema: z.ZodObject;
}

/** For what must not pass through a client, such as a password. To accept means to have gone there: what came of it, the step asks the page's owner. */
export interface UrlQuestion {
  /** For people: what is to be done there, and why. */
  readonly message: string;
  /** HTTPS, for whoever follows the job: it is on record, so that nobody may come in by it alone. */
  readonly url: string;
}

export interface WantedFile {
  /** For people: which file, and what for. */
  readonly message: string;
  /** Bytes, at most the 5 GiB that S3 takes in one PUT. */
  readonly maxBytes: number;
  /** Bytes that it has to have, if that is known: S3 takes no other. */
  readonly size?: number;
}

/** Whoever has put it may put another in its place: read it by its version. */
export type ArrivedFile = UploadedFile & { readonly key: string };

type ContentOf<Asking extends Question> = Asking extends FormQuestion
  ? z.output<Asking['schema']>
  : Readonly<Record<string, never>>;

/** The answers to a form, each checked against its question's schema. */
export type Asked<Form extends Readonly<Record<string, Question>>> = {
  readonly [Key in keyof Form]:
    | Exclude<InputAnswer, { action: 'accept' }>
    | { readonly action: 'accept'; readonly content: ContentOf<Form[Key]> };
};

export interface Apis {
  /** The call after which this attempt began, and what came of it; undefined when there was none yet. */
  readonly last?: LastCall;
  /**
   * Ends the attempt, and its log: Step Functions calls, and the step begins anew with what comes back.
   * @throws AppError STEP_TIMED_OUT when the step has called as often, or as long, as it may
   */
  call(next: ApiCall): never;
}

export interface OtherJobs {
  /** One of the same owner; undefined when there is none, or no more. */
  find(jobId: string): Promise<Job | undefined>;
  /** Whether a job, whoever's it is, has not ended yet. */
  isOpen(jobId: string): Promise<boolean>;
}

export interface Call {
  /** Whether the caller's patience is nearly over. */
  isDue(): boolean;
  /**
   * Ends the call, and has a job go on: it finds this in `handedOver`.
   * @param done JSON of 16 KiB at most: more goes into the workspace
   */
  handOver(done: Json): never;
}

/** What a step in a sandbox gets: no owner, no other jobs, and the files that `sandbox` of its definition names. */
export type SandboxContext<Input = unknown, Results = Readonly<Record<string, Json>>> = Omit<
  StepContext<Input, Results>,
  'owner' | 'call' | 'handedOver' | 'workspace' | 'requestInput' | 'requestUpload' | 'apis' | 'jobs'
> & {
  readonly workspace: FileTransfer;
};

/**
 * Does the work of one step and returns JSON, at most 16 KiB unless it is the last step.
 * @throws OperationError to fail the job with its code; anything else fails it with `INTERNAL_ERROR`.
 */
export type Step<Input = unknown, Results = Readonly<Record<string, Json>>, Result = Json> = (
  context: StepContext<Input, Results>,
) => Promise<Result>;
export type SandboxedStep<Input = unknown, Results = Readonly<Record<string, Json>>, Result = Json> = (
  context: SandboxContext<Input, Results>,
) => Promise<Result>;

type ResultOf<Options> = Options extends { readonly output: infer Output extends z.ZodType }
  ? z.output<Output>
  : Json;

/** What the steps of a definition return, by name: typed for those that have an `output`. */
export type ResultsOf<Definition extends StepsOperation> = {
  readonly [Name in keyof Definition['steps']]: ResultOf<Definition['steps'][Name]>;
};

/**
 * The function of one step of a definition, for a step that has a file of its own.
 * @example
 * ```ts
 * export const resize: StepOf<typeof thumbnail, 'resize'> = async ({ results, workspace }) => {
 *   const { key } = results.fetch;
 * ```
 */
export type StepOf<Definition extends StepsOperation, Name extends keyof Definition['steps']> = Step<
  z.output<Definition['input']>,
  ResultsOf<Definition>,
  ResultOf<Definition['steps'][Name]>
>;
export type SandboxedStepOf<
  Definition extends StepsOperation,
  Name extends keyof Definition['steps'],
> = SandboxedStep<z.output<Definition['input']>, ResultsOf<Definition>, ResultOf<Definition['steps'][Name]>>;

/** One function for each step of a definition, checked by the compiler. */
export type StepsOf<Definition extends StepsOperation> = {
  readonly [Name in keyof Definition['steps']]: StepOf<Definition, Name>;
};
export type SandboxedStepsOf<Definition extends StepsOperation> = {
  readonly [Name in keyof Definition['steps']]: SandboxedStepOf<Definition, Name>;
};
