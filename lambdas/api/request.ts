/** Represents a request to the management API. Each part is validated when a handler reads it. */
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import * as z from 'zod';
import { type Caller, callerOf } from '../shared/caller.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { refuseUnsafeJson } from '../shared/refuse-unsafe-json.ts';
import { validationMessage } from '../shared/validation-message.ts';
import { wellFormedJson } from '../shared/well-formed.ts';

const MAX_BODY_BYTES = 64 * 1024;
const EMPTY = z.strictObject({});

export class ApiRequest {
  readonly #event: APIGatewayProxyEvent;
  readonly #context: Pick<Context, 'getRemainingTimeInMillis'>;

  constructor(event: APIGatewayProxyEvent, context: Pick<Context, 'getRemainingTimeInMillis'>) {
    this.#event = event;
    this.#context = context;
  }

  /** @throws AppError UNAUTHENTICATED without a caller: the gateway authenticates all callers unless it is misconfigured */
  get caller(): Caller {
    const caller = callerOf(this.#event);
    if (caller) return caller;
    throw new AppError(
      ErrorCode.unauthenticated,
      'The request has no authenticated caller. Send one Authorization header: an access token, or a signature (SigV4).',
    );
  }

  /** @throws AppError UNAUTHENTICATED */
  get owner(): string {
    return this.caller.owner;
  }

  /** Milliseconds until the function times out. */
  readonly remainingMs = (): number => this.#context.getRemainingTimeInMillis();

  get method(): string {
    return this.#event.httpMethod;
  }

  /** The path as the client sent it, with the stage. */
  get path(): string {
    return this.#event.requestContext.path;
  }

  /**
   * Base URL of this API, without a trailing slash. API Gateway sets it: the domain is never a client's text. Only the local cloud
   * serves http, on loopback (SEP-2127, discovery.md, "Transport Security").
   */
  get baseUrl(): string {
    const { domainName = 'localhost', stage, path } = this.#event.requestContext;
    const scheme = /^(127\.0\.0\.1|localhost|\[::1\])(:|$)/.test(domainName) ? 'http' : 'https';
    // A custom domain has no stage in its paths.
    return `${scheme}://${domainName}${path.startsWith(`/${stage}/`) ? `/${stage}` : ''}`;
  }

  /** Returns a path parameter as the client sent it, without a slash; '' when absent. */
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

  /** A repeated parameter becomes a list, which no schema accepts. @throws AppError INVALID_ARGUMENTS */
  query<T>(shape: z.ZodType<T>): T {
    const parameters = Object.entries(this.#event.multiValueQueryStringParameters ?? {});
    return read(
      shape,
      Object.fromEntries(
        parameters.map(([name, values]) => [name, values?.length === 1 ? values[0] : values]),
      ),
      'Invalid query parameters',
    );
  }

  /** For a route without query parameters. @throws AppError INVALID_ARGUMENTS */
  expectNoParameters(): void {
    this.query(EMPTY);
  }

  /** For a route without query parameters and body. @throws AppError as `body` does */
  expectNoInput(): void {
    this.body(EMPTY);
  }

  /**
   * For a route with a body, and so without query parameters. A missing body counts as an empty object, so the error names
   * the missing properties.
   * @throws AppError INVALID_ARGUMENTS, INPUT_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE
   */
  body<T>(shape: z.ZodType<T>): T {
    this.expectNoParameters();
    const { body, isBase64Encoded } = this.#event;
    const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
    if (bytes.length === 0) return read(shape, {}, 'Invalid body');
    if (bytes.length > MAX_BODY_BYTES) {
      throw new AppError(
        ErrorCode.inputTooLarge,
        `The body has ${bytes.length} bytes; ${MAX_BODY_BYTES} is the limit. Send less.`,
        { details: { bytes: bytes.length, max: MAX_BODY_BYTES } },
      );
    }
    if (!/^application\/json\s*(;|$)/i.test(this.header('content-type') ?? '')) {
      throw new AppError(
        ErrorCode.unsupportedMediaType,
        'The content type of the body is not JSON. Send content-type: application/json.',
      );
    }
    const given = parseJson(bytes.toString());
    refuseUnsafeJson(given);
    return read(shape, given, 'Invalid body');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(wellFormedJson(text));
  } catch (cause) {
    throw new AppError(ErrorCode.invalidArguments, 'The body is not valid JSON. Send a JSON object.', {
      cause,
    });
  }
}

function read<T>(shape: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError(
    ErrorCode.invalidArguments,
    `${what}: ${validationMessage(parsed.error)} See docs/openapi.yaml for the expected shape.`,
  );
}
