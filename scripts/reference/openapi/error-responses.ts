/** Describes the responses with an error: those that a route names, and those that follow from what it is. */
import * as headers from '../../../lambdas/api/reference/headers.ts';
import type { Header, RouteDescription } from '../../../lambdas/api/reference/route-description.ts';
import { errorBody, gatewayError, iamError } from '../../../lambdas/api/reference/schemas/common.ts';
import { STATUSES } from '../../../lambdas/api/response.ts';
import type { routes } from '../../../lambdas/api/routes.ts';
import { engineErrors } from '../../../lambdas/shared/error-meanings.ts';
import { ErrorCode } from '../../../lambdas/shared/errors.ts';
import type { SchemaCollection } from '../json-schema.ts';
import { errorExamples } from './error-examples.ts';
import { referTo } from './headers.ts';

export type Route = (typeof routes)[number];

/** Builds responses, and collects those that routes share. */
export class ErrorResponses {
  readonly #schemas: SchemaCollection;
  readonly #responses = new Map<string, unknown>();

  constructor(schemas: SchemaCollection) {
    this.#schemas = schemas;
  }

  /** The shared responses, in the order of their names. */
  get shared(): Record<string, unknown> {
    return Object.fromEntries([...this.#responses].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** @returns the responses with an error, by status */
  of(route: Route, description: RouteDescription): Record<string, unknown> {
    const errors = Object.entries(errorsOf(route, description)) as RouteError[];
    const byStatus = Map.groupBy(errors, ([code]) => STATUSES[code] ?? 500);
    const needsToken = 'scopes' in route;
    if (needsToken && !byStatus.has(503)) byStatus.set(503, []);
    return Object.fromEntries(
      [...byStatus]
        .sort(([a], [b]) => a - b)
        .map(([status, codes]) => {
          const response = this.#errorResponse(status, codes, needsToken, description.errorHeaders);
          const isShared =
            codes.length <= 2 && codes.every(([, text]) => text === true) && !description.errorHeaders;
          return [status, isShared ? this.#share(codes, response) : response];
        }),
    );
  }

  /** @returns a reference to a response whose texts are the meanings of its codes */
  #share(codes: readonly RouteError[], response: object) {
    const name = codes.map(([code]) => pascalCase(code)).join('Or') || 'AuthorizationUnavailable';
    this.#responses.set(name, response);
    return { $ref: `#/components/responses/${name}` };
  }

  #errorResponse(
    status: number,
    codes: readonly RouteError[],
    needsToken: boolean,
    given: RouteDescription['errorHeaders'] = {},
  ) {
    const texts = codes.map(
      ([code, text]) => `\`${code}\`: ${text === true ? engineErrors[code].meaning : text}`,
    );
    const gateway = needsToken ? GATEWAY_ERRORS[status] : undefined;
    const schemas = [...(codes.length > 0 ? [errorBody] : []), ...(gateway?.schemas ?? [])].map((schema) =>
      this.#schemas.convert(schema),
    );
    const examples = Object.fromEntries(
      codes.flatMap(([code]) => {
        const example = errorExamples[code];
        return example ? [[code, { value: { error: { code, ...example } } }]] : [];
      }),
    );
    const all = { ...headersOf(status, needsToken), ...given };
    return {
      description: [...texts, ...(gateway ? [gateway.text] : [])].join('\n\n'),
      ...(Object.keys(all).length > 0 && { headers: referTo(all) }),
      content: {
        'application/json': {
          schema: schemas.length === 1 ? schemas[0] : { anyOf: schemas },
          ...(Object.keys(examples).length > 0 && { examples }),
        },
      },
    };
  }
}

/** A code, and what it means for the route when it is not the general meaning. */
type RouteError = readonly [code: ErrorCode, text: true | string];

/** The errors of a route: those of its description, and those that follow from what it is. */
function errorsOf(route: Route, { errors, query, body, anyQuery }: RouteDescription) {
  const takesBody = body !== undefined || route.method === 'POST' || route.method === 'PATCH';
  const hasCursor = query !== undefined && Object.hasOwn(query.schema.shape, 'cursor');
  const implied: Partial<Record<ErrorCode, true | string>> = {
    ...(!anyQuery && { [ErrorCode.invalidArguments]: true }),
    ...(hasCursor && { [ErrorCode.invalidCursor]: true }),
    ...('scopes' in route && { [ErrorCode.unauthenticated]: true, [ErrorCode.insufficientScope]: true }),
    ...(takesBody && { [ErrorCode.inputTooLarge]: true, [ErrorCode.unsupportedMediaType]: true }),
    ...(route.path.startsWith('/operator/') && {
      [ErrorCode.resourceExhausted]: 'The operator sends more than five requests a second, again and again.',
    }),
    [ErrorCode.internal]: true,
  };
  return { ...implied, ...errors };
}

/** What the gateway adds to the errors of a status, for routes that need authentication. */
const GATEWAY_ERRORS: Readonly<
  Record<number, { readonly text: string; readonly schemas: (typeof gatewayError | typeof iamError)[] }>
> = {
  401: {
    text: '`UNAUTHORIZED`: There is no valid access token for this API. Send it in one `Authorization` header.',
    schemas: [gatewayError],
  },
  403: {
    text: '`FORBIDDEN`: The access token has none of the scopes of this API. Without a code: the request is not signed, its signature is wrong, or IAM does not allow it.',
    schemas: [gatewayError, iamError],
  },
  503: {
    text: '`AUTHORIZATION_UNAVAILABLE`: The access token could not be verified, because the identity provider did not respond. Try again.',
    schemas: [gatewayError],
  },
};

function headersOf(status: number, needsToken: boolean): Record<string, Header> {
  if (needsToken && (status === 401 || status === 403))
    return { 'WWW-Authenticate': headers.wwwAuthenticate };
  return status === 429 ? { 'Retry-After': headers.retryAfter } : {};
}

function pascalCase(code: string): string {
  return code
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
