/** A request to the management API: who asks, and what they ask for, checked where it is read. */
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import * as z from 'zod';
import { type Caller, callerOf } from '../shared/caller.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { describeIssues } from '../shared/validation-message.ts';

const MAX_BODY_BYTES = 64 * 1024;
const NOTHING = z.strictObject({});

export class ApiRequest {
  readonly #event: APIGatewayProxyEvent;
  readonly #context: Pick<Context, 'getRemainingTimeInMillis'>;

  constructor(event: APIGatewayProxyEvent, context: Pick<Context, 'getRemainingTimeInMillis'>) {
    this.#event = event;
    this.#context = context;
  }

  /** @throws AppError UNAUTHENTICATED: the gateway lets nobody in who is not somebody, so it is set up wrongly. */
  get caller(): Caller {
    const caller = callerOf(this.#event);
    if (caller) return caller;
    throw new AppError(
      ErrorCode.unauthenticated,
      'The gateway named no caller. Send one Authorization header: an access token, or a signature (SigV4).',
    );
  }

  /** @throws AppError UNAUTHENTICATED */
  get owner(): string {
    return this.caller.owner;
  }

  /** Milliseconds until the function is stopped. */
  readonly remainingMs = (): number => this.#context.getRemainingTimeInMillis();

  /** A parameter of the route's path; any text that has no slash. */
  param(name: string): string {
    return this.#event.pathParameters?.[name] ?? '';
  }

  /** @param name in lower case */
  header(name: string): string | undefined {
    const values = Object.entries(this.#event.multiValueHeaders ?? {})
      .filter(([given]) => given.toLowerCase() === name)
      .flatMap(([, given]) => given ?? []);
    return values.length > 0 ? values.join(', ') : undefined;
  }

  /** A parameter that is given twice is a list, which no shape takes. @throws AppError INVALID_ARGUMENTS */
  query<T>(shape: z.ZodType<T>): T {
    const parameters = Object.entries(this.#event.multiValueQueryStringParameters ?? {});
    return read(
      shape,
      Object.fromEntries(
        parameters.map(([name, values]) => [name, values?.length === 1 ? values[0] : values]),
      ),
      'The query parameters',
    );
  }

  /** For a route that takes no parameters. @throws AppError INVALID_ARGUMENTS */
  takesNoParameters(): void {
    this.query(NOTHING);
  }

  /** For a route that takes neither parameters nor a body. @throws AppError as `body` does */
  takesNothing(): void {
    this.body(NOTHING);
  }

  /**
   * For a route that takes a body, and so no parameters. No body is read as an empty object: what it lacks is named
   * like any other fault.
   * @throws AppError INVALID_ARGUMENTS, INPUT_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
   */
  body<T>(shape: z.ZodType<T>): T {
    this.takesNoParameters();
    const { body, isBase64Encoded } = this.#event;
    const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
    if (bytes.length === 0) return read(shape, {}, 'The body');
    if (bytes.length > MAX_BODY_BYTES) {
      throw new AppError(
        ErrorCode.inputTooLarge,
        `The body has ${bytes.length} bytes; ${MAX_BODY_BYTES} is the limit.`,
        { details: { bytes: bytes.length, max: MAX_BODY_BYTES } },
      );
    }
    if (!/^application\/json\s*(;|$)/i.test(this.header('content-type') ?? '')) {
      throw new AppError(
        ErrorCode.unsupportedMediaType,
        'The body is not declared as JSON. Send it with content-type: application/json.',
      );
    }
    return read(shape, parseJson(bytes.toString()), 'The body');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError(ErrorCode.invalidArguments, 'The body is not JSON: it cannot be parsed.', { cause });
  }
}

function read<T>(shape: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError(
    ErrorCode.invalidArguments,
    `${what} cannot be taken: ${describeIssues(parsed.error)} docs/openapi.yaml says what can.`,
  );
}
