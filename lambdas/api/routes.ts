/** Lists the routes of the management API, for the construct that creates them and the function that handles them. */
import { Scope } from '../shared/caller.ts';

type Route = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: `/${string}`;
} & (
  | {
      /** The scope that a caller's token needs. */
      readonly scope: Scope;
    }
  | {
      /** Anyone may call the route: the gateway requires no credential. The path may contain one. */
      readonly isPublic: true;
    }
);

export const routes = [
  { method: 'GET', path: '/jobs', scope: Scope.jobsRead },
  { method: 'GET', path: '/jobs/{job_id}', scope: Scope.jobsRead },
  { method: 'POST', path: '/jobs/{job_id}/answers', scope: Scope.jobsWrite },
  { method: 'GET', path: '/jobs/{job_id}/deliveries', scope: Scope.jobsRead },
  { method: 'POST', path: '/endpoints', scope: Scope.webhooksManage },
  { method: 'GET', path: '/endpoints', scope: Scope.webhooksManage },
  { method: 'GET', path: '/endpoints/{endpoint_id}', scope: Scope.webhooksManage },
  { method: 'PATCH', path: '/endpoints/{endpoint_id}', scope: Scope.webhooksManage },
  { method: 'DELETE', path: '/endpoints/{endpoint_id}', scope: Scope.webhooksManage },
  { method: 'POST', path: '/endpoints/{endpoint_id}/test', scope: Scope.webhooksManage },
  { method: 'POST', path: '/endpoints/{endpoint_id}/secret', scope: Scope.webhooksManage },
  { method: 'GET', path: '/endpoints/{endpoint_id}/deliveries', scope: Scope.jobsRead },
  { method: 'POST', path: '/endpoints/{endpoint_id}/replay', scope: Scope.webhooksManage },
  { method: 'POST', path: '/callback-secret', scope: Scope.webhooksManage },
  { method: 'GET', path: '/deliveries/{delivery_id}', scope: Scope.jobsRead },
  { method: 'POST', path: '/deliveries/{delivery_id}/replay', scope: Scope.webhooksManage },
  { method: 'GET', path: '/answers/{token}', isPublic: true },
  { method: 'POST', path: '/answers/{token}', isPublic: true },
  { method: 'GET', path: '/.well-known/webhook-keys', isPublic: true },
] as const satisfies readonly Route[];

type NameOf<R> = R extends { readonly method: infer M extends string; readonly path: infer P extends string }
  ? `${M} ${P}`
  : never;

/** `GET /jobs` */
export type RouteName = NameOf<(typeof routes)[number]>;
