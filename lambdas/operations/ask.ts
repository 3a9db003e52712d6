/** How a step asks: its attempt ends, and the step begins anew once everything is answered. */
import * as z from 'zod';
import type { InputRequest, Job } from '../jobs/job.ts';
import { INPUT_REQUIRED, type StepDefinition } from './define-operation.ts';
import type { Asked, Question, StepContext } from './step.ts';

/** The questions as the state hands them on. */
export type Questions = Readonly<Record<string, InputRequest>>;

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

/** @param job as it was when the attempt began */
export function createRequestInput(
  step: string,
  { inputTimeoutMs }: StepDefinition,
  job: Pick<Job, 'inputRequests' | 'answers'>,
): StepContext['requestInput'] {
  return <Form extends Readonly<Record<string, Question>>>(form: Form): Asked<Form> => {
    if (inputTimeoutMs === undefined) {
      throw new Error(`Step ${step} asks, and has no inputTimeoutMs: give its definition one.`);
    }
    const questions: Questions = Object.fromEntries(
      Object.entries(form).map(([key, { message, schema }]) => {
        const asker = job.inputRequests?.[key]?.step ?? step;
        if (asker !== step) throw new Error(`Step ${step} asks "${key}", which ${asker} has asked before.`);
        return [key, { step, message, schema: formSchema(key, schema) }];
      }),
    );
    const { answers = {} } = job;
    if (Object.keys(form).some((key) => !Object.hasOwn(answers, key))) {
      const bytes = Buffer.byteLength(JSON.stringify(questions));
      if (bytes <= MAX_QUESTIONS_BYTES) throw new InputRequired(questions);
      throw new Error(`Step ${step} asks ${bytes} bytes of questions; ${MAX_QUESTIONS_BYTES} is the limit.`);
    }
    return Object.fromEntries(
      Object.entries(form).map(([key, { schema }]) => {
        const answer = answers[key];
        return [
          key,
          answer?.action === 'accept' ? { ...answer, content: schema.parse(answer.content) } : answer,
        ];
      }),
    ) as Asked<Form>;
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
      return question && (answer.action !== 'accept' || question.schema.safeParse(answer.content).success);
    }),
  );
}

/** @throws Error for what no client could make a form of */
function formSchema(key: string, schema: z.ZodObject): InputRequest['schema'] {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  for (const [field, property] of Object.entries(json.properties ?? {})) {
    if (typeof property === 'object' && FORM_TYPES.includes(property.type)) continue;
    throw new Error(`Question "${key}" asks for ${field}, which is no text, number, boolean or choice.`);
  }
  return json as InputRequest['schema'];
}
