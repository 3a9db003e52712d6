/** Lambda authorizers of type REQUEST, as API Gateway runs them: asked once for each identity while it is remembered. */
import type { APIGatewayAuthorizerResult, APIGatewayProxyEvent } from 'aws-lambda';
import { FunctionError } from '../lambda/function-instance.ts';
import type { LambdaFunction } from '../lambda/functions.ts';
import { arn, functionNameOf } from '../shared/aws-names.ts';
import type { TemplateResource } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import type { GatewayResponseType } from './gateway-responses.ts';

/** What functions find as `requestContext.authorizer`: every value is text. */
export type AuthorizerContext = Readonly<Record<string, string>>;

/** Let in, with a context; or the answer of the gateway. */
export type Verdict =
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

interface Remembered {
  readonly result: APIGatewayAuthorizerResult;
  readonly untilMs: number;
}

/** API Gateway's default. */
const TTL_SECONDS = 300;
const AUTHORIZER_URI = /\/functions\/([^/]+)\/invocations$/;

/** @returns by what `Ref` gives. @throws Error for types and identity sources that the local gateway does not have. */
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
          `${logicalId} is a ${properties.Type} authorizer of ${properties.AuthorizerUri}: the local gateway has REQUEST authorizers with functions of the stack only.`,
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
  readonly #remembered = new Map<string, Remembered>();

  constructor(logicalId: string, properties: AuthorizerProperties, lambda: LambdaFunction) {
    const { IdentitySource = '', AuthorizerResultTtlInSeconds = TTL_SECONDS } = properties;
    this.#lambda = lambda;
    this.#ttlMs = AuthorizerResultTtlInSeconds * 1000;
    this.#identity = IdentitySource.split(',').flatMap((source) =>
      source.trim() === '' ? [] : [identitySource(logicalId, source.trim())],
    );
  }

  async authorize(event: APIGatewayProxyEvent): Promise<Verdict> {
    const identity = this.#identity.map((read) => read(event));
    if (identity.some((value) => !value)) return { refusal: 'UNAUTHORIZED' };
    const { httpMethod, path, requestContext } = event;
    const methodArn = arn(
      'execute-api',
      `${requestContext.apiId}/${requestContext.stage}/${httpMethod}${path}`,
    );
    const key = JSON.stringify(identity);
    try {
      const result = this.#recall(key) ?? (await this.#ask({ ...event, methodArn }));
      // Whatever the policy says: only failures are not remembered.
      if (this.#ttlMs > 0) this.#remember(key, result);
      const isAllowed = evaluate(result, methodArn);
      return isAllowed ? { context: contextOf(result) } : { refusal: 'ACCESS_DENIED' };
    } catch (error) {
      if (!(error instanceof FunctionError)) return { refusal: 'AUTHORIZER_CONFIGURATION_ERROR' };
      const { errorMessage } = JSON.parse(error.message) as { readonly errorMessage: string };
      return { refusal: errorMessage === 'Unauthorized' ? 'UNAUTHORIZED' : 'AUTHORIZER_FAILURE' };
    }
  }

  /** @throws FunctionError of the function's own; Error when what it answers is no policy. */
  async #ask(
    event: APIGatewayProxyEvent & { readonly methodArn: string },
  ): Promise<APIGatewayAuthorizerResult> {
    const { body: _body, isBase64Encoded: _isBase64Encoded, ...rest } = event;
    const result = JSON.parse(await this.#lambda.invoke(JSON.stringify({ type: 'REQUEST', ...rest })));
    evaluate(result, event.methodArn);
    contextOf(result);
    return result;
  }

  #recall(key: string): APIGatewayAuthorizerResult | undefined {
    const now = Date.now();
    for (const [each, { untilMs }] of this.#remembered) if (untilMs <= now) this.#remembered.delete(each);
    return this.#remembered.get(key)?.result;
  }

  #remember(key: string, result: APIGatewayAuthorizerResult): void {
    if (this.#remembered.has(key)) return;
    this.#remembered.set(key, { result, untilMs: Date.now() + this.#ttlMs });
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
    `${logicalId} identifies callers by ${source}: the local gateway has headers and parameters only.`,
  );
}

/** As IAM does: a statement that denies outweighs all that allow. @throws Error for what is no policy */
function evaluate({ policyDocument }: APIGatewayAuthorizerResult, methodArn: string): boolean {
  const statements = policyDocument.Statement.map((statement) => {
    const { Effect, Action, Resource } = statement as {
      readonly Effect: string;
      readonly Action: string | string[];
      readonly Resource: string | string[];
    };
    if ((Effect !== 'Allow' && Effect !== 'Deny') || 'Condition' in statement) {
      throw new Error('The local gateway evaluates Allow and Deny without conditions only.');
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

/** @throws Error for values that API Gateway does not pass on. */
function contextOf({ context, principalId }: APIGatewayAuthorizerResult): AuthorizerContext {
  const entries = Object.entries({ ...context, principalId }).map(([name, value]) => {
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw new Error(`The authorizer's context has ${name}, which is ${typeof value}.`);
    }
    return [name, String(value)];
  });
  return Object.fromEntries(entries);
}
