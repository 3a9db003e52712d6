/** The routes of the REST API: which function a method and a path lead to. */
import type { TemplateResource } from './assembly.ts';
import { functionNameOf } from './aws-names.ts';
import type { Resolve } from './intrinsics.ts';

export interface Method {
  readonly functionName: string;
  /** Whether the function's response is passed on while it is being written. */
  readonly streaming: boolean;
  readonly authorization: 'AWS_IAM' | 'NONE';
  readonly timeoutMs: number;
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
  readonly Integration?: {
    readonly Type?: string;
    readonly Uri?: string;
    readonly ResponseTransferMode?: string;
    readonly TimeoutInMillis?: number;
  };
}

/** API Gateway's default. */
const TIMEOUT_MS = 29_000;
const INTEGRATION_URI = /\/functions\/([^/]+)\/(?:invocations|response-streaming-invocations)$/;

/** @throws Error for an integration or an authorization that the local gateway does not have. */
export function readRoutes(resources: Readonly<Record<string, TemplateResource>>, resolve: Resolve): Route[] {
  const methods = Map.groupBy(
    Object.entries(resources).filter(([, { Type }]) => Type === 'AWS::ApiGateway::Method'),
    ([, { Properties }]) => String(resolve(Properties?.ResourceId)),
  );
  return [...methods].map(([resourceId, entries]) => {
    const path = pathOf(resourceId);
    const parsed = entries.map(([logicalId, { Properties }]) =>
      readMethod(logicalId, resolve(Properties) as MethodProperties),
    );
    return { path, pattern: patternOf(path), methods: new Map(parsed) };
  });

  function pathOf(resourceId: string): string {
    const { Type, Properties } = resources[resourceId] ?? {};
    if (Type !== 'AWS::ApiGateway::Resource') return '/';
    const parent = pathOf(String(resolve(Properties?.ParentId)));
    return `${parent.replace(/\/$/, '')}/${Properties?.PathPart}`;
  }
}

function readMethod(
  logicalId: string,
  { HttpMethod, AuthorizationType, Integration }: MethodProperties,
): [string, Method] {
  const [, target] = INTEGRATION_URI.exec(Integration?.Uri ?? '') ?? [];
  if (Integration?.Type !== 'AWS_PROXY' || !target) {
    throw new Error(
      `${logicalId} has a ${Integration?.Type} integration: the local gateway has Lambda proxies only.`,
    );
  }
  const authorization = AuthorizationType ?? 'NONE';
  if (authorization !== 'AWS_IAM' && authorization !== 'NONE') {
    throw new Error(
      `${logicalId} has authorization ${authorization}: the local gateway has AWS_IAM and NONE only.`,
    );
  }
  return [
    HttpMethod,
    {
      functionName: functionNameOf(target),
      streaming: Integration.ResponseTransferMode === 'STREAM',
      authorization,
      timeoutMs: Integration.TimeoutInMillis ?? TIMEOUT_MS,
    },
  ];
}

function patternOf(path: string): RegExp {
  const segments = path.split('/').map((segment) => {
    const [, name, greedy] = /^\{([^+}]+)(\+?)\}$/.exec(segment) ?? [];
    if (!name) return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return greedy ? '(.+)' : '([^/]+)';
  });
  return new RegExp(`^${segments.join('/')}$`);
}

/** The most specific path wins, and then has to have the method: exact over `{parameter}` over `{proxy+}`. */
export function matchRoute(
  routes: readonly Route[],
  httpMethod: string,
  pathname: string,
): Match | undefined {
  const [route] = routes
    .filter(({ pattern }) => pattern.test(pathname))
    .sort((a, b) => specificity(a.path).localeCompare(specificity(b.path)));
  const method = route?.methods.get(httpMethod) ?? route?.methods.get('ANY');
  if (!route || !method) return undefined;
  const names = [...route.path.matchAll(/\{([^+}]+)\+?\}/g)].map(([, name]) => name ?? '');
  const values = route.pattern.exec(pathname)?.slice(1) ?? [];
  const parameters = names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]);
  return {
    path: route.path,
    method,
    pathParameters: names.length > 0 ? Object.fromEntries(parameters) : null,
  };
}

/** One letter a segment; the smaller the text, the more specific the path. */
function specificity(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment.endsWith('+}') ? 'c' : segment.startsWith('{') ? 'b' : 'a'))
    .join('');
}
