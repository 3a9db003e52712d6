/** Defines the context of a step: everything that the code of an operation gets and can use. */
import type * as z from 'zod';
import type { InputAnswer, Job, UploadedFile } from '../jobs/job.ts';
import type { Json } from '../shared/json.ts';
import type { TraceContext } from '../shared/observability/trace-context.ts';
import type { ApiCall, LastCall } from './api-call.ts';
import type { StepsOperation } from './operation-definition.ts';

/** Transfers files from and to the workspace bucket. Keys have no leading slash: `projects/<project>.tar.gz`. */
export interface FileTransfer {
  /**
   * Downloads an object into a file.
   * @returns size and SHA-256 of the file
   * @throws `missing` when the object does not exist; `tooLarge` when it has more than `maxBytes` bytes, before the download; the
   *   signal's reason; or AppError WORKSPACE_UNAVAILABLE. No file remains then.
   * @example
   * ```ts
   * await workspace.download(key, file, {
   *   signal,
   *   maxBytes: 10 * 1024 * 1024,
   *   missing: new OperationError('IMAGE_NOT_FOUND', `There is no image ${key}. Upload it first.`),
   *   tooLarge: new OperationError('IMAGE_TOO_LARGE', `The image ${key} exceeds 10 MiB. Upload a smaller one.`),
   * });
   * ```
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
  /**
   * Uploads a file to an object and replaces the object.
   * @returns size and SHA-256 of the file
   * @throws the signal's reason, or AppError WORKSPACE_UNAVAILABLE
   */
  upload(
    key: string,
    file: string,
    options: { readonly signal: AbortSignal; readonly contentType: string },
  ): Promise<FileDigest>;
}

/**
 * The workspace bucket. All methods throw the signal's reason when it aborts, and a retryable AppError WORKSPACE_UNAVAILABLE
 * when S3 fails.
 */
export interface Workspace extends FileTransfer {
  /** @returns the size of an object in bytes; undefined when it does not exist */
  size(key: string, signal: AbortSignal): Promise<number | undefined>;
  /** Reads a small text. @returns the text with its version; undefined when it does not exist */
  read(key: string, signal: AbortSignal): Promise<VersionedText | undefined>;
  /** Streams the bytes of an object without a file. @throws `changed` of the object */
  open(object: VersionedObject, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Copies an object of up to 5 GiB to another key and replaces the target. @throws `changed` of the object */
  copy(
    object: VersionedObject,
    to: string,
    options: { readonly signal: AbortSignal; readonly contentType: string },
  ): Promise<void>;
  /**
   * Replaces a small text if it still has the given version (compare and swap).
   * @param version the version that was read; undefined when the text must not exist
   * @returns the new version; undefined when another writer was faster
   * @throws AppError WORKSPACE_UNAVAILABLE, after which the text may or may not be replaced
   */
  replace(
    key: string,
    text: string,
    version: string | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined>;
}

/** One version of a workspace object. */
export interface VersionedObject {
  /** Workspace key, without a leading slash. */
  readonly key: string;
  /** The `ETag` of S3. */
  readonly version: string;
  /** Error to throw when the object has another version or no longer exists. */
  readonly changed: Error;
}

/** A text of the workspace with its version. */
export interface VersionedText {
  readonly text: string;
  /** Pass it to `replace`. */
  readonly version: string;
}

/** Size and SHA-256 of a file. */
export interface FileDigest {
  /** Bytes. */
  readonly size: number;
  /** SHA-256, hexadecimal. */
  readonly sha256: string;
}

/** The log of a step, without control characters. The workspace bucket stores it completely, the job shows its last lines. */
export interface StepLog {
  /** Appends text. Add line ends yourself. */
  write(text: string): void;
  /**
   * Resolves when the log can take more text. A step that prints faster than its log can be stored fills the memory of its function,
   * so await it between the writes of a long output.
   * @example
   * ```ts
   * for await (const chunk of child.stdout) {
   *   log.write(chunk);
   *   await log.drain();
   * }
   * ```
   */
  drain(): Promise<void>;
}

/**
 * The context that a step receives.
 * @example
 * ```ts
 * export const resize: StepOf<typeof thumbnail, 'resize'> = async ({ input, results, progress, log }) => {
 *   progress(0.5, 'Resizing');
 *   log.write(`Resizing ${input.url}\n`);
 *   return { bytes: 4_096 };
 * };
 * ```
 */
export interface StepContext<Input = unknown, Results = Readonly<Record<string, Json>>> {
  /** Id of the job; in a synchronous call, of the job that the call may become. */
  readonly jobId: string;
  /** Owner of the job. */
  readonly owner: string;
  /** Validated input of the operation. */
  readonly input: Input;
  /** Results of earlier steps by step name; the result of a later step is undefined. */
  readonly results: Results;
  /** Value that the synchronous call passed to `call.handOver` (mode `sync_first`); undefined without one. */
  readonly handedOver?: Json;
  /** Number of the attempt: 0 on the first, plus one for every retry. */
  readonly attempt: number;
  /** Aborts when the job is cancelled or has ended, and when the step times out. */
  readonly signal: AbortSignal;
  /**
   * Reports the progress of this step. It is cheap to call: the engine writes every ten seconds, and every two while
   * somebody looks at the job.
   * @param fraction 0..1 of this step; a lower value than before has no effect
   * @param message progress message of the job; cut off at 1,000 characters
   */
  progress(fraction: number, message?: string): void;
  /**
   * Asks the caller questions, in a step with `inputTimeoutMs`. While an answer is missing, it ends the attempt by throwing. The
   * step starts again when all answers have arrived, and this method returns them. Ask before work that must not run twice.
   * @param questions questions by keys that no other step uses
   * @returns the answers by the same keys
   * @throws InputRequired while an answer is missing: do not catch it
   * @throws Error when the step has no `inputTimeoutMs`, another step uses a key, or the questions exceed 16 KiB
   * @example
   * ```ts
   * const { approve } = requestInput({
   *   approve: { message: 'Release to production?', schema: z.object({ yes: z.boolean().describe('Release it.') }) },
   * });
   * if (approve.action !== 'accept' || !approve.content.yes) throw new StepRefused('The release was declined.');
   * ```
   */
  requestInput<Form extends Readonly<Record<string, Question>>>(questions: Form): FormAnswers<Form>;
  /**
   * Requests a file from the caller, at most one per job, in a step with `inputTimeoutMs`. Until the file has arrived, it ends the
   * attempt like `requestInput`.
   * @returns the key, version and size of the file
   * @throws AppError UPLOAD_TOO_LARGE when the file exceeds `maxBytes`
   * @example
   * ```ts
   * const { key, version, size } = requestUpload({ message: 'The image, as PNG.', maxBytes: 10 * 1024 * 1024 });
   * ```
   */
  requestUpload(upload: RequestedUpload): ReceivedUpload;
  /** API calls, for a step with `calls`. */
  readonly apis: Apis;
  /** Other jobs, on which this one can depend. */
  readonly jobs: OtherJobs;
  /** Log of this attempt; a synchronous call discards it. */
  readonly log: StepLog;
  /** The workspace bucket. */
  readonly workspace: Workspace;
  /**
   * The trace of the job. Spread it into the headers of requests to other services, so that they continue it. Absent for a job
   * of version 0.2.
   */
  readonly trace?: TraceContext;
  /** Present during a synchronous call of mode `sync_first`, before a job exists. */
  readonly call?: Call;
}

/** A question of a step. */
export type Question = FormQuestion | UrlQuestion;

/** A question with a form. */
export interface FormQuestion {
  /** The question and its reason, for people. */
  readonly message: string;
  /** Fields of the form: strings, numbers, booleans and enums. Describe each one. */
  readonly schema: z.ZodObject;
}

/**
 * A page to visit, for secrets that must not pass through a client, such as a password. `accept` means that the user opened the
 * page. The step asks the page's server for the outcome.
 */
export interface UrlQuestion {
  /** The task on the page and its reason, for people. */
  readonly message: string;
  /** HTTPS URL without credentials. The job record stores it, so the URL alone must not grant access. */
  readonly url: string;
}

/** A file that a step requests. */
export interface RequestedUpload {
  /** The file and its purpose, for people. */
  readonly message: string;
  /** Maximum size in bytes; at most 5 GiB, the limit of one PUT to S3. */
  readonly maxBytes: number;
  /** Exact size in bytes; S3 rejects any other size. @default any size */
  readonly size?: number;
}

/** An uploaded file with its workspace key. The caller can replace the file, so read it by its version. */
export type ReceivedUpload = UploadedFile & { readonly key: string };

type ContentOf<Asked extends Question> = Asked extends FormQuestion
  ? z.output<Asked['schema']>
  : Readonly<Record<string, never>>;

/** Answers by question key. The content of an accepted answer matches the schema of its question. */
export type FormAnswers<Form extends Readonly<Record<string, Question>>> = {
  readonly [Key in keyof Form]:
    | Exclude<InputAnswer, { action: 'accept' }>
    | { readonly action: 'accept'; readonly content: ContentOf<Form[Key]> };
};

/**
 * Calls APIs that the operator allows. Step Functions makes the calls, so that no function runs meanwhile.
 * @example
 * ```ts
 * const { last } = apis;
 * if (!last) return apis.call({ request, seconds: 0, message: 'Calling crm.', memory: null });
 * return { status: last.response?.StatusCode ?? 0 };
 * ```
 */
export interface Apis {
  /** The call before this attempt, with its outcome; undefined before the first call. */
  readonly last?: LastCall;
  /**
   * Ends the attempt by throwing. Step Functions makes the call, then the step starts again with the outcome and continues its log.
   * @throws AppError STEP_TIMED_OUT when the call exceeds `calls` of the step
   * @throws Error when the step has no `calls`
   */
  call(next: ApiCall): never;
}

/** Reads other jobs. */
export interface OtherJobs {
  /** @returns a job of the same owner; undefined when it does not exist or has expired */
  find(jobId: string): Promise<Job | undefined>;
  /** @returns whether a job of any owner exists and has not ended */
  isOpen(jobId: string): Promise<boolean>;
}

/**
 * The synchronous call that a step serves (mode `sync_first`).
 * @example
 * ```ts
 * for (const [index, file] of files.entries()) {
 *   if (call?.isDue()) call.handOver({ next: index });
 *   await searchFile(file);
 * }
 * ```
 */
export interface Call {
  /** @returns true from two seconds before the limit of the call */
  isDue(): boolean;
  /**
   * Ends the call by throwing and starts a job, which finds the value in `handedOver`.
   * @param done intermediate result, at most 16 KiB of JSON; put larger data into the workspace
   * @throws Error when the value exceeds 16 KiB
   */
  handOver(done: Json): never;
}

/** The context of a sandboxed step. It has no owner and no other jobs, only the files that `sandbox` of the definition names. */
export type SandboxContext<Input = unknown, Results = Readonly<Record<string, Json>>> = Omit<
  StepContext<Input, Results>,
  'owner' | 'call' | 'handedOver' | 'workspace' | 'requestInput' | 'requestUpload' | 'apis' | 'jobs'
> & {
  readonly workspace: FileTransfer;
};

/**
 * The function of one step. It returns JSON, at most 16 KiB unless it is the last step.
 * @throws OperationError to fail the job with its code, StepRefused to cancel it. Any other error fails it with
 *   `INTERNAL_ERROR`.
 */
export type Step<Input = unknown, Results = Readonly<Record<string, Json>>, Result = Json> = (
  context: StepContext<Input, Results>,
) => Promise<Result>;
/** The function of one step that runs in a sandbox; otherwise like `Step`. */
export type SandboxedStep<Input = unknown, Results = Readonly<Record<string, Json>>, Result = Json> = (
  context: SandboxContext<Input, Results>,
) => Promise<Result>;

type ResultOf<Options> = Options extends { readonly output: infer Output extends z.ZodType }
  ? z.output<Output>
  : Json;

/** Results of a definition's steps by name: typed where a step has an `output`, else JSON. */
export type ResultsOf<Definition extends StepsOperation> = {
  readonly [Name in keyof Definition['steps']]: ResultOf<Definition['steps'][Name]>;
};

/**
 * The function of one step of a definition, for a step in its own file.
 * @example
 * ```ts
 * export const resize: StepOf<typeof thumbnail, 'resize'> = async ({ results, workspace, signal }) => {
 *   const { key } = results.fetch;
 *   return { bytes: (await workspace.size(key, signal)) ?? 0 };
 * };
 * ```
 */
export type StepOf<Definition extends StepsOperation, Name extends keyof Definition['steps']> = Step<
  z.output<Definition['input']>,
  ResultsOf<Definition>,
  ResultOf<Definition['steps'][Name]>
>;
/** The function of one sandboxed step of a definition. */
export type SandboxedStepOf<
  Definition extends StepsOperation,
  Name extends keyof Definition['steps'],
> = SandboxedStep<z.output<Definition['input']>, ResultsOf<Definition>, ResultOf<Definition['steps'][Name]>>;

/** One function for each step of a definition. */
export type StepsOf<Definition extends StepsOperation> = {
  readonly [Name in keyof Definition['steps']]: StepOf<Definition, Name>;
};
/** One function for each sandboxed step of a definition. */
export type SandboxedStepsOf<Definition extends StepsOperation> = {
  readonly [Name in keyof Definition['steps']]: SandboxedStepOf<Definition, Name>;
};
