/** Reads the routes of the REST API: which function, or mock response, serves a method and a path. */

import { functionNameOf } from '../shared/aws-names.ts';
import type { TemplateResource } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { staticText } from './static-text.ts';

export interface Method {
  readonly authorization: (typeof AUTHORIZATIONS)[number];
  /** Set when the authorization is `CUSTOM`. */
  readonly authorizerId: string | undefined;
  readonly integration: LambdaProxy | MockResponse;
}

export interface LambdaProxy {
  readonly functionName: string;
  /** Whether the gateway forwards the response while the function writes it. */
  readonly streaming: boolean;
  readonly timeoutMs: number;
}

/** The response of a mock integration, the same for every caller. */
export interface MockResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Route {
  /** `/jobs/{id}` */
  readonly path: string;
  readonly pattern: RegExp;
  /** By HTTP method, or `ANY`. */
  readonly methods: ReadonlyMap<string, Method>;
}

export interface Match {
  readonly path: string;
  readonly method: Method;
  readonly pathParameters: Readonly<Record<string, string>> | null;
}

interface MethodProperties {
  readonly HttpMethod: string;
  readonly ResourceId: string;
  readonly AuthorizationType?: string;
  readonly AuthorizerId?: string;
  readonly Integration?: Integration;
}

interface Integration {
  readonly Type?: string;
  readonly Uri?: string;
  readonly ResponseTransferMode?: string;
  readonly TimeoutInMillis?: number;
  readonly IntegrationResponses?: readonly {
    readonly StatusCode: string;
    readonly ResponseParameters?: Readonly<Record<string, string>>;
    readonly ResponseTemplates?: Readonly<Record<string, string>>;
  }[];
}

const AUTHORIZATIONS = ['AWS_IAM', 'CUSTOM', 'NONE'] as const;

/** API Gateway's default. */
const TIMEOUT_MS = 29_000;
const INTEGRATION_URI = /\/functions\/([^/]+)\/(?:invocations|response-streaming-invocations)$/;

/**
 * Returns the routes, the most specific path first.
 * @throws Error for an integration or an authorization that the local gateway does not support
 */
export function readRoutes(resources: Readonly<Record<string, TemplateResource>>, resolve: Resolve): Route[] {
  const methods = Map.groupBy(
    Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::ApiGateway::Method'),
    ([, { Properties }]) => String(resolve(Properties?.ResourceId)),
  );
  const routes = [...methods].map(([resourceId, entries]) => {
    const path = pathOf(resourceId);
    const parsed = entries.map(([logicalId, { Properties }]) =>
      readMethod(logicalId, resolve(Properties) as MethodProperties),
    );
    return { path, pattern: patternOf(path), methods: new Map(parsed) };
  });
  return routes.sort((a, b) => specificity(a.path).localeCompare(specificity(b.path)));

  function pathOf(resourceId: string): string {
    const { Type, Properties } = resources[resourceId] ?? {};
    if (Type !== 'AWS::ApiGateway::Resource') return '/';
    const parent = pathOf(String(resolve(Properties?.ParentId)));
    return `${parent.replace(/\/$/, '')}/${Properties?.PathPart}`;
  }
}

function readMethod(
  logicalId: string,
  { HttpMethod, AuthorizationType = 'NONE', AuthorizerId, Integration = {} }: MethodProperties,
): [string, Method] {
  const authorization = AUTHORIZATIONS.find((known) => known === AuthorizationType);
  if (!authorization) {
    throw new Error(
      `${logicalId} has authorization ${AuthorizationType}: use one that the local gateway supports, ${AUTHORIZATIONS.join(', ')}.`,
    );
  }
  const integration =
    Integration.Type === 'MOCK' ? readMock(logicalId, Integration) : readProxy(logicalId, Integration);
  return [HttpMethod, { authorization, authorizerId: AuthorizerId, integration }];
}

function readProxy(
  logicalId: string,
  { Type, Uri = '', ResponseTransferMode, TimeoutInMillis = TIMEOUT_MS }: Integration,
): LambdaProxy {
  const [, target] = INTEGRATION_URI.exec(Uri) ?? [];
  if (Type !== 'AWS_PROXY' || !target) {
    throw new Error(
      `${logicalId} has a ${Type} integration: use a Lambda proxy or a mock, which the local gateway supports.`,
    );
  }
  return {
    functionName: functionNameOf(target),
    streaming: ResponseTransferMode === 'STREAM',
    timeoutMs: TimeoutInMillis,
  };
}

function readMock(logicalId: string, { IntegrationResponses = [] }: Integration): MockResponse {
  const [mock, ...others] = IntegrationResponses;
  if (!mock || others.length > 0) {
    throw new Error(
      `${logicalId} mocks ${IntegrationResponses.length} responses: define one, which the local gateway supports.`,
    );
  }
  const { StatusCode, ResponseParameters = {}, ResponseTemplates = {} } = mock;
  const headers = Object.entries(ResponseParameters).map(([name, value]) => [
    name.replace(/^method\.response\.header\./, ''),
    staticText(logicalId, value),
  ]);
  const [contentType = 'application/json', body = ''] = Object.entries(ResponseTemplates)[0] ?? [];
  return {
    status: Number(StatusCode),
    headers: { 'Content-Type': contentType, ...Object.fromEntries(headers) },
    body,
  };
}

function patternOf(path: string): RegExp {
  const segments = path.split('/').map((segment) => {
    const [, name, greedy] = /^\{([^+}]+)(\+?)\}$/.exec(segment) ?? [];
    if (!name) return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return greedy ? '(.+)' : '([^/]+)';
  });
  return new RegExp(`^${segments.join('/')}$`);
}

/**
 * Chooses the most specific path, which must then have the method: exact before `{parameter}` before `{proxy+}`. Repeated and
 * trailing slashes count as none, as on AWS. The function receives the path and its parameters as the client sent them: encoded.
 */
export function matchRoute(
  routes: readonly Route[],
  httpMethod: string,
  sentPath: string,
): Match | undefined {
  const pathname = sentPath.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
  const route = routes.find(({ pattern }) => pattern.test(pathname));
  const method = route?.methods.get(httpMethod) ?? route?.methods.get('ANY');
  if (!route || !method) return undefined;
  const names = [...route.path.matchAll(/\{([^+}]+)\+?\}/g)].map(([, name]) => name ?? '');
  const values = route.pattern.exec(pathname)?.slice(1) ?? [];
  const parameters = names.map((name, index) => [name, values[index] ?? '']);
  return {
    path: route.path,
    method,
    pathParameters: names.length > 0 ? Object.fromEntries(parameters) : null,
  };
}

/** Returns one letter a segment. The path that sorts first is the most specific. */
function specificity(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment.endsWith('+}') ? 'c' : segment.startsWith('{') ? 'b' : 'a'))
    .join('');
}
