/** Requests answers and files for a step: ends its attempt, and starts the step again when everything has arrived. */
import * as z from 'zod';
import type { StepDefinition } from '../definition/operation-definition.ts';
import { unportablePart } from '../definition/portable-pattern.ts';
import type { Questions } from '../definition/questions.ts';
import { fitsCause, StateError } from '../definition/state-error.ts';
import { INPUT_REQUIRED } from '../definition/state-names.ts';
import type { FormAnswers, Question, StepContext } from '../definition/step-context.ts';
import type {
  AcceptedAnswer,
  FormRequest,
  InputAnswer,
  Job,
  QuestionRequest,
  UploadedFile,
} from '../jobs/job.ts';
import { uploadKey } from '../jobs/upload-key.ts';
import { cleanText } from '../shared/clean-text.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { formatBytes } from '../shared/format-bytes.ts';
import { normalizeArguments } from '../shared/normalize-arguments.ts';
import { toJson } from '../shared/well-formed.ts';

/** Ends the attempt of a step that needs answers; its state changes to the one that waits for them. Not a failure. */
export class InputRequired extends StateError {
  override readonly name = INPUT_REQUIRED;
  readonly questions: Questions;

  constructor(questions: Questions) {
    // A state sees only the name and the message of an error.
    super(toJson(questions));
    this.questions = questions;
  }
}

const MAX_QUESTIONS_BYTES = 16 * 1024;
/** Field types of MCP elicitation forms. */
const FORM_TYPES: readonly unknown[] = ['string', 'number', 'integer', 'boolean'];

/** Key of the upload request; a job has at most one. */
const FILE = 'file';

/** Questions and answers of a job, or of a call that may become one. */
type RecordedInput = Pick<Job, 'inputRequests' | 'answers'>;

/** Creates `requestInput` of a step context. */
export function createRequestInput(
  step: string,
  definition: StepDefinition,
  recorded: RecordedInput,
): StepContext['requestInput'] {
  const readAnswers = createAnswerReader(step, definition, recorded);
  return <Form extends Readonly<Record<string, Question>>>(form: Form): FormAnswers<Form> => {
    const questions = Object.entries(form).map(([key, question]) => [key, toRequest(step, key, question)]);
    const answers = readAnswers(Object.fromEntries(questions));
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
    ) as FormAnswers<Form>;
  };
}

/** Creates the input methods of a step context. @param job as read when the attempt began */
export function createInputRequests(
  step: string,
  definition: StepDefinition,
  job: Job,
): Pick<StepContext, 'requestInput' | 'requestUpload'> {
  const readAnswers = createAnswerReader(step, definition, job);
  return {
    requestInput: createRequestInput(step, definition, job),
    requestUpload: ({ message, ...limits }) => {
      const key = uploadKey(job);
      const { [FILE]: answer } = readAnswers({
        [FILE]: { step, message: cleanText(message), upload: { key, ...limits } },
      });
      const { size, version } = (answer as AcceptedAnswer).content as UploadedFile;
      if (size <= limits.maxBytes) return { key, size, version };
      throw new AppError(
        ErrorCode.uploadTooLarge,
        `The file has ${size} bytes; the limit is ${formatBytes(limits.maxBytes)}. Start again with a smaller file.`,
        { details: { size, limit_bytes: limits.maxBytes } },
      );
    },
  };
}

/** @returns a function that returns the recorded answers, or throws InputRequired while one is missing */
function createAnswerReader(step: string, { inputTimeoutMs }: StepDefinition, recorded: RecordedInput) {
  return (questions: Questions): NonNullable<Job['answers']> => {
    if (inputTimeoutMs === undefined) {
      throw new Error(
        `Step ${step} requests input but has no inputTimeoutMs. Add inputTimeoutMs to its definition.`,
      );
    }
    for (const key of Object.keys(questions)) {
      const asker = recorded.inputRequests?.[key]?.step ?? step;
      if (asker !== step)
        throw new Error(
          `Step ${step} asks "${key}", a key that step ${asker} already uses. Choose another key.`,
        );
    }
    const { answers = {} } = recorded;
    if (Object.keys(questions).every((key) => Object.hasOwn(answers, key))) return answers;
    const bytes = Buffer.byteLength(JSON.stringify(questions));
    if (bytes <= MAX_QUESTIONS_BYTES && fitsCause(INPUT_REQUIRED, questions))
      throw new InputRequired(questions);
    throw new Error(
      `The questions of step ${step} take ${bytes} bytes; the limit is ${MAX_QUESTIONS_BYTES}, or a little less with many quotes. Shorten them.`,
    );
  };
}

/** @returns the answers that match the questions of a form, from answers that nobody has validated yet */
export function validAnswers(
  form: Readonly<Record<string, Question>>,
  answers: NonNullable<Job['answers']>,
): NonNullable<Job['answers']> {
  const valid: Record<string, InputAnswer> = {};
  for (const [key, answer] of Object.entries(answers)) {
    const question = Object.hasOwn(form, key) ? form[key] : undefined;
    if (!question) continue;
    if (answer.action !== 'accept') {
      valid[key] = answer;
      continue;
    }
    const schema = contentSchema(question);
    const content = normalizeArguments(schema, answer.content) as AcceptedAnswer['content'];
    if (schema.safeParse(content).success) valid[key] = { ...answer, content };
  }
  return valid;
}

function contentSchema(question: Question): z.ZodObject {
  return 'url' in question ? z.strictObject({}) : question.schema;
}

function toRequest(step: string, key: string, question: Question): QuestionRequest {
  const message = cleanText(question.message);
  return 'url' in question
    ? { step, message, url: pageUrl(key, question.url) }
    : { step, message, schema: formSchema(key, question.schema) };
}

/** @throws Error for a URL that a client would not or should not open */
function pageUrl(key: string, url: string): string {
  const { protocol, username, password, href } = new URL(url);
  if (protocol === 'https:' && !username && !password) return href;
  throw new Error(
    `Question "${key}" has a url without HTTPS or with credentials. Use an https URL without a user name and password.`,
  );
}

/** @throws Error for a schema that clients cannot show as a form */
function formSchema(key: string, schema: z.ZodObject): FormRequest['schema'] {
  const { $schema: _, '~standard': __, ...json } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  const properties = Object.entries(json.properties ?? {}).map(
    ([field, property]) => [field, formField(key, field, property)] as const,
  );
  return { ...json, properties: Object.fromEntries(properties) } as FormRequest['schema'];
}

/** Answers are validated by the returned schema: it omits nothing but the pattern of a format. */
function formField(key: string, field: string, property: z.core.JSONSchema._JSONSchema) {
  if (typeof property !== 'object' || !FORM_TYPES.includes(property.type)) {
    throw new Error(
      `Question "${key}" has the field ${field} of an unsupported type. Use a string, a number, a boolean or an enum.`,
    );
  }
  const { pattern, ...rest } = property;
  if (pattern === undefined || rest.format !== undefined) return rest;
  const problem = unportablePart(pattern);
  if (problem === undefined) return property;
  throw new Error(
    `Question "${key}" has the field ${field} with a pattern that not every client compiles: ${problem}. Use a simpler pattern.`,
  );
}
