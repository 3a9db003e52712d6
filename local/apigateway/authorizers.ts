/** Runs Lambda authorizers of type REQUEST as API Gateway does, with its cache by identity. */
import type { APIGatewayAuthorizerResult, APIGatewayProxyEvent } from 'aws-lambda';
import { FunctionError } from '../lambda/function-instance.ts';
import type { LambdaFunction } from '../lambda/functions.ts';
import { arn, functionNameOf } from '../shared/aws-names.ts';
import type { TemplateResource } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import type { GatewayResponseType } from './gateway-responses.ts';

/** The value of `requestContext.authorizer` in function events. Every value is a string. */
export type AuthorizerContext = Readonly<Record<string, string>>;

/** The decision of an authorizer: a context when the request is authorized, else the gateway response to send. */
export type AuthorizerDecision =
  | { readonly context: AuthorizerContext }
  | {
      readonly refusal: Extract<
        GatewayResponseType,
        'ACCESS_DENIED' | 'UNAUTHORIZED' | `AUTHORIZER_${string}`
      >;
    };

interface AuthorizerProperties {
  readonly Type: string;
  readonly AuthorizerUri: string;
  readonly IdentitySource?: string;
  readonly AuthorizerResultTtlInSeconds?: number;
}

interface CachedResult {
  readonly result: APIGatewayAuthorizerResult;
  readonly expiresAtMs: number;
}

/** API Gateway's default. */
const TTL_SECONDS = 300;
const AUTHORIZER_URI = /\/functions\/([^/]+)\/invocations$/;

/** @returns authorizers by their `Ref`. @throws Error for types and identity sources that the local gateway does not support */
export function readAuthorizers(
  resources: Readonly<Record<string, TemplateResource>>,
  resolve: Resolve,
  functions: ReadonlyMap<string, LambdaFunction>,
): Map<string, Authorizer> {
  const found = Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::ApiGateway::Authorizer');
  return new Map(
    found.map(([logicalId, { Properties }]) => {
      const properties = resolve(Properties) as AuthorizerProperties;
      const [, target] = AUTHORIZER_URI.exec(properties.AuthorizerUri) ?? [];
      const lambda = functions.get(functionNameOf(target ?? ''));
      if (properties.Type !== 'REQUEST' || !lambda) {
        throw new Error(
          `${logicalId} is a ${properties.Type} authorizer of ${properties.AuthorizerUri}: use a REQUEST authorizer with a function of the stack.`,
        );
      }
      return [String(resolve({ Ref: logicalId })), new Authorizer(logicalId, properties, lambda)];
    }),
  );
}

export class Authorizer {
  readonly #lambda: LambdaFunction;
  readonly #identity: readonly ((event: APIGatewayProxyEvent) => string | undefined)[];
  readonly #ttlMs: number;
  readonly #cache = new Map<string, CachedResult>();

  constructor(logicalId: string, properties: AuthorizerProperties, lambda: LambdaFunction) {
    const { IdentitySource = '', AuthorizerResultTtlInSeconds = TTL_SECONDS } = properties;
    this.#lambda = lambda;
    this.#ttlMs = AuthorizerResultTtlInSeconds * 1000;
    this.#identity = IdentitySource.split(',').flatMap((source) =>
      source.trim() === '' ? [] : [identitySource(logicalId, source.trim())],
    );
  }

  async authorize(event: APIGatewayProxyEvent): Promise<AuthorizerDecision> {
    const identity = this.#identity.map((read) => read(event));
    if (identity.some((value) => !value)) return { refusal: 'UNAUTHORIZED' };
    const { httpMethod, path, requestContext } = event;
    const methodArn = arn(
      'execute-api',
      `${requestContext.apiId}/${requestContext.stage}/${httpMethod}${path}`,
    );
    const key = JSON.stringify(identity);
    try {
      const result = this.#cached(key) ?? (await this.#invoke({ ...event, methodArn }));
      // API Gateway caches every policy, and no failure.
      if (this.#ttlMs > 0) this.#addToCache(key, result);
      const isAllowed = evaluate(result, methodArn);
      return isAllowed ? { context: contextOf(result) } : { refusal: 'ACCESS_DENIED' };
    } catch (error) {
      if (!(error instanceof FunctionError)) return { refusal: 'AUTHORIZER_CONFIGURATION_ERROR' };
      const { errorMessage } = JSON.parse(error.message) as { readonly errorMessage: string };
      return { refusal: errorMessage === 'Unauthorized' ? 'UNAUTHORIZED' : 'AUTHORIZER_FAILURE' };
    }
  }

  /** @throws FunctionError when the function fails; Error when its result is not a policy */
  async #invoke(
    event: APIGatewayProxyEvent & { readonly methodArn: string },
  ): Promise<APIGatewayAuthorizerResult> {
    const { body: _body, isBase64Encoded: _isBase64Encoded, ...rest } = event;
    const result = JSON.parse(await this.#lambda.invoke(JSON.stringify({ type: 'REQUEST', ...rest })));
    evaluate(result, event.methodArn);
    contextOf(result);
    return result;
  }

  #cached(key: string): APIGatewayAuthorizerResult | undefined {
    const now = Date.now();
    for (const [each, { expiresAtMs }] of this.#cache) if (expiresAtMs <= now) this.#cache.delete(each);
    return this.#cache.get(key)?.result;
  }

  #addToCache(key: string, result: APIGatewayAuthorizerResult): void {
    if (this.#cache.has(key)) return;
    this.#cache.set(key, { result, expiresAtMs: Date.now() + this.#ttlMs });
  }
}

function identitySource(logicalId: string, source: string) {
  const [, kind, name = ''] = /^method\.request\.(header|querystring)\.(.+)$/.exec(source) ?? [];
  if (kind === 'header') {
    return ({ headers }: APIGatewayProxyEvent) =>
      Object.entries(headers).findLast(([given]) => given.toLowerCase() === name.toLowerCase())?.[1];
  }
  if (kind === 'querystring') return (event: APIGatewayProxyEvent) => event.queryStringParameters?.[name];
  throw new Error(
    `${logicalId} identifies callers by ${source}: use a header or a query parameter, which the local gateway supports.`,
  );
}

/** Evaluates a policy as IAM does: one Deny overrides every Allow. @throws Error for an invalid policy */
function evaluate({ policyDocument }: APIGatewayAuthorizerResult, methodArn: string): boolean {
  const statements = policyDocument.Statement.map((statement) => {
    const { Effect, Action, Resource } = statement as {
      readonly Effect: string;
      readonly Action: string | string[];
      readonly Resource: string | string[];
    };
    if ((Effect !== 'Allow' && Effect !== 'Deny') || 'Condition' in statement) {
      throw new Error(
        'The authorizer returned a condition or an unknown effect: use Allow and Deny without conditions.',
      );
    }
    const applies = matches(Action, 'execute-api:Invoke', 'i') && matches(Resource, methodArn, '');
    return { Effect, applies };
  });
  const applicable = statements.filter(({ applies }) => applies);
  return applicable.length > 0 && applicable.every(({ Effect }) => Effect === 'Allow');
}

/** `*` stands for any text, `?` for any character. */
function matches(patterns: string | readonly string[], text: string, flags: string): boolean {
  return [patterns].flat().some((pattern) => {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, flags).test(text);
  });
}

/** @throws Error for values that API Gateway does not forward */
function contextOf({ context, principalId }: APIGatewayAuthorizerResult): AuthorizerContext {
  const entries = Object.entries({ ...context, principalId }).map(([name, value]) => {
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw new Error(
        `The authorizer's context has ${name} of type ${typeof value}: use a string, number or boolean.`,
      );
    }
    return [name, String(value)];
  });
  return Object.fromEntries(entries);
}
