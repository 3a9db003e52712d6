/** How a step asks: its attempt ends, and the step begins anew once everything is answered. */
import * as z from 'zod';
import type { StepDefinition } from '../definition/operation-definition.ts';
import type { Questions } from '../definition/questions.ts';
import { INPUT_REQUIRED } from '../definition/state-names.ts';
import type { Asked, Question, StepContext } from '../definition/step-context.ts';
import type { AcceptedAnswer, FormRequest, Job, QuestionRequest, UploadedFile } from '../jobs/job.ts';
import { uploadKey } from '../jobs/upload-key.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { formatBytes } from '../shared/format-bytes.ts';

/** The way out of a step that needs answers: its state goes to where they are waited for. Not a failure. */
export class InputRequired extends Error {
  override readonly name = INPUT_REQUIRED;
  readonly questions: Questions;

  constructor(questions: Questions) {
    // All that a state learns of an error is its name and its message.
    super(JSON.stringify(questions));
    this.questions = questions;
  }
}

/** Step Functions cuts a cause off at 32,768 characters. */
const MAX_QUESTIONS_BYTES = 16 * 1024;
/** As MCP's elicitation has it: what a form can be made of. */
const FORM_TYPES: readonly unknown[] = ['string', 'number', 'integer', 'boolean'];

/** The key of the file that a job waits for: it waits for one in its life. */
const FILE = 'file';

/** What is known of the job, or of the call that may become one. */
type Known = Pick<Job, 'inputRequests' | 'answers'>;

export function createRequestInput(
  step: string,
  definition: StepDefinition,
  known: Known,
): StepContext['requestInput'] {
  const ask = createAsk(step, definition, known);
  return <Form extends Readonly<Record<string, Question>>>(form: Form): Asked<Form> => {
    const questions = Object.entries(form).map(([key, question]) => [key, toRequest(step, key, question)]);
    const answers = ask(Object.fromEntries(questions));
    return Object.fromEntries(
      Object.entries(form).map(([key, question]) => {
        const answer = answers[key];
        return [
          key,
          answer?.action === 'accept'
            ? { ...answer, content: contentSchema(question).parse(answer.content) }
            : answer,
        ];
      }),
    ) as Asked<Form>;
  };
}

/** @param job as it was when the attempt began */
export function createRequests(
  step: string,
  definition: StepDefinition,
  job: Job,
): Pick<StepContext, 'requestInput' | 'requestUpload'> {
  const ask = createAsk(step, definition, job);
  return {
    requestInput: createRequestInput(step, definition, job),
    requestUpload: ({ message, ...limits }) => {
      const key = uploadKey(job);
      const { [FILE]: answer } = ask({ [FILE]: { step, message, upload: { key, ...limits } } });
      const { size, version } = (answer as AcceptedAnswer).content as UploadedFile;
      if (size <= limits.maxBytes) return { key, size, version };
      throw new AppError(
        ErrorCode.uploadTooLarge,
        `The file has ${size} bytes; ${formatBytes(limits.maxBytes)} is the limit.`,
        { details: { size, limit_bytes: limits.maxBytes } },
      );
    },
  };
}

/** @returns a function that gives the answers on record, and ends the attempt while one is missing */
function createAsk(step: string, { inputTimeoutMs }: StepDefinition, job: Known) {
  return (questions: Questions): NonNullable<Job['answers']> => {
    if (inputTimeoutMs === undefined) {
      throw new Error(`Step ${step} asks, and has no inputTimeoutMs: give its definition one.`);
    }
    for (const key of Object.keys(questions)) {
      const asker = job.inputRequests?.[key]?.step ?? step;
      if (asker !== step) throw new Error(`Step ${step} asks "${key}", which ${asker} has asked before.`);
    }
    const { answers = {} } = job;
    if (Object.keys(questions).every((key) => Object.hasOwn(answers, key))) return answers;
    const bytes = Buffer.byteLength(JSON.stringify(questions));
    if (bytes <= MAX_QUESTIONS_BYTES) throw new InputRequired(questions);
    throw new Error(`Step ${step} asks ${bytes} bytes of questions; ${MAX_QUESTIONS_BYTES} is the limit.`);
  };
}

/** Those of the answers that are of the shape that a form asks for: of callers who have not been compared with it yet. */
export function fitting(
  form: Readonly<Record<string, Question>>,
  answers: NonNullable<Job['answers']>,
): NonNullable<Job['answers']> {
  return Object.fromEntries(
    Object.entries(answers).filter(([key, answer]) => {
      const question = Object.hasOwn(form, key) ? form[key] : undefined;
      return (
        question && (answer.action !== 'accept' || contentSchema(question).safeParse(answer.content).success)
      );
    }),
  );
}

function contentSchema(question: Question): z.ZodObject {
  return 'url' in question ? z.strictObject({}) : question.schema;
}

function toRequest(step: string, key: string, question: Question): QuestionRequest {
  const { message } = question;
  return 'url' in question
    ? { step, message, url: pageUrl(key, question.url) }
    : { step, message, schema: formSchema(key, question.schema) };
}

/** @throws Error for what a client would not open, or should not */
function pageUrl(key: string, url: string): string {
  const { protocol, username, password, href } = new URL(url);
  if (protocol === 'https:' && !username && !password) return href;
  throw new Error(`Question "${key}" has a url that is not HTTPS, or has a user's name or password in it.`);
}

/** @throws Error for what no client could make a form of */
function formSchema(key: string, schema: z.ZodObject): FormRequest['schema'] {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  for (const [field, property] of Object.entries(json.properties ?? {})) {
    if (typeof property === 'object' && FORM_TYPES.includes(property.type)) continue;
    throw new Error(`Question "${key}" asks for ${field}, which is no text, number, boolean or choice.`);
  }
  return json as FormRequest['schema'];
}
