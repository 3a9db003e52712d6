/** Lists the routes of the management API, for the construct that creates them and the function that handles them. */
import { Scope, SENDING_SCOPES } from '../shared/caller.ts';

type Route = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: `/${string}`;
} & (
  | {
      /** The scopes that a caller's token needs. */
      readonly scopes: readonly Scope[];
    }
  | {
      /** Anyone may call the route: the gateway requires no credential. The path may contain one. */
      readonly isPublic: true;
      /** The gateway's resource, when that passes every method and each path below it to the function. @default `path` */
      readonly resource?: string;
      /** A document that pages of any site may read: `HEAD` and `OPTIONS` work too. */
      readonly isDocument?: true;
    }
);

/** All documents below `/.well-known` share a resource: clients look for unknown ones too, and must get a 404. */
const WELL_KNOWN = '/.well-known/{proxy+}';
/** SEP-2127, discovery.md, "Hosted Server Card Location": the reserved path is the endpoint's, with this behind it. */
const SERVER_CARD = '/mcp/server-card';
const DOCUMENT = { method: 'GET', isPublic: true, isDocument: true } as const;

export const routes = [
  { method: 'GET', path: '/jobs', scopes: [Scope.jobsRead] },
  { method: 'GET', path: '/jobs/{job_id}', scopes: [Scope.jobsRead] },
  { method: 'GET', path: '/jobs/{job_id}/input', scopes: [Scope.jobsRead] },
  { method: 'POST', path: '/jobs/{job_id}/answers', scopes: [Scope.jobsWrite] },
  { method: 'POST', path: '/jobs/{job_id}/cancel', scopes: [Scope.jobsWrite] },
  { method: 'POST', path: '/jobs/{job_id}/retry', scopes: [Scope.jobsWrite] },
  { method: 'GET', path: '/jobs/{job_id}/log', scopes: [Scope.jobsRead] },
  { method: 'GET', path: '/jobs/{job_id}/deliveries', scopes: [Scope.jobsRead] },
  { method: 'POST', path: '/endpoints', scopes: SENDING_SCOPES },
  { method: 'GET', path: '/endpoints', scopes: [Scope.webhooksManage] },
  { method: 'GET', path: '/endpoints/{endpoint_id}', scopes: [Scope.webhooksManage] },
  { method: 'PATCH', path: '/endpoints/{endpoint_id}', scopes: SENDING_SCOPES },
  { method: 'DELETE', path: '/endpoints/{endpoint_id}', scopes: [Scope.webhooksManage] },
  { method: 'POST', path: '/endpoints/{endpoint_id}/test', scopes: [Scope.webhooksManage] },
  { method: 'POST', path: '/endpoints/{endpoint_id}/secret', scopes: [Scope.webhooksManage] },
  { method: 'GET', path: '/endpoints/{endpoint_id}/deliveries', scopes: [Scope.jobsRead] },
  { method: 'GET', path: '/endpoints/{endpoint_id}/health', scopes: [Scope.webhooksManage] },
  { method: 'POST', path: '/endpoints/{endpoint_id}/replay', scopes: SENDING_SCOPES },
  { method: 'POST', path: '/callback-secret', scopes: [Scope.webhooksManage] },
  { method: 'GET', path: '/deliveries/{delivery_id}', scopes: [Scope.jobsRead] },
  { method: 'POST', path: '/deliveries/{delivery_id}/replay', scopes: SENDING_SCOPES },
  { method: 'GET', path: '/operator/jobs', scopes: [Scope.jobsOperate] },
  { method: 'GET', path: '/operator/jobs/{job_id}', scopes: [Scope.jobsOperate] },
  { method: 'POST', path: '/operator/jobs/{job_id}/cancel', scopes: [Scope.jobsOperate] },
  { method: 'GET', path: '/operator/dead-letters', scopes: [Scope.jobsOperate] },
  { method: 'GET', path: '/operator/findings', scopes: [Scope.jobsOperate] },
  { method: 'POST', path: '/operator/deliveries/{delivery_id}/replay', scopes: [Scope.jobsOperate] },
  { method: 'GET', path: '/answers/{token}', isPublic: true },
  { method: 'POST', path: '/answers/{token}', isPublic: true },
  { method: 'GET', path: '/.well-known/webhook-keys', isPublic: true, resource: WELL_KNOWN },
  { ...DOCUMENT, path: SERVER_CARD, resource: SERVER_CARD },
  // AI Catalog, "Well-Known URI"; ARD v0.91, section 5.1.
  { ...DOCUMENT, path: '/.well-known/ai-catalog.json', resource: WELL_KNOWN },
  { ...DOCUMENT, path: '/.well-known/ard.json', resource: WELL_KNOWN },
  { method: 'GET', path: '/operations', scopes: [Scope.jobsRead] },
  { method: 'GET', path: '/console', isPublic: true },
  { method: 'GET', path: '/console/config', isPublic: true },
  { method: 'GET', path: '/console/{file}', isPublic: true },
] as const satisfies readonly Route[];

/** The gateway's resources that pass every method to the function, without a credential. */
export const OPEN_RESOURCES: ReadonlySet<string> = new Set([WELL_KNOWN, SERVER_CARD]);

type NameOf<R> = R extends { readonly method: infer M extends string; readonly path: infer P extends string }
  ? `${M} ${P}`
  : never;

/** `GET /jobs` */
export type RouteName = NameOf<(typeof routes)[number]>;

/** The error of a path or method that does not exist. The gateway responds with it too. */
export const UNKNOWN_ROUTE = {
  code: 'NOT_FOUND',
  message: 'This path or method does not exist. Check both.',
  retryable: false,
} as const;

/** A route of operators. A function of its own serves them: it alone may read the jobs of all owners. */
export type OperatorRouteName = Extract<RouteName, `${string} /operator/${string}`>;
export type OwnerRouteName = Exclude<RouteName, OperatorRouteName>;
