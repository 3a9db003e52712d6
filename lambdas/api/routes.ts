/** The routes of the management API: read by the construct that makes them and by the function that answers them. */

interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: `/${string}`;
  /** Anybody may call it: the gateway asks for no signature. */
  readonly isPublic?: true;
}

export const routes = [
  { method: 'GET', path: '/jobs' },
  { method: 'GET', path: '/jobs/{job_id}' },
  { method: 'GET', path: '/jobs/{job_id}/deliveries' },
  { method: 'POST', path: '/endpoints' },
  { method: 'GET', path: '/endpoints' },
  { method: 'GET', path: '/endpoints/{endpoint_id}' },
  { method: 'PATCH', path: '/endpoints/{endpoint_id}' },
  { method: 'DELETE', path: '/endpoints/{endpoint_id}' },
  { method: 'POST', path: '/endpoints/{endpoint_id}/test' },
  { method: 'POST', path: '/endpoints/{endpoint_id}/secret' },
  { method: 'GET', path: '/endpoints/{endpoint_id}/deliveries' },
  { method: 'POST', path: '/endpoints/{endpoint_id}/replay' },
  { method: 'POST', path: '/callback-secret' },
  { method: 'GET', path: '/deliveries/{delivery_id}' },
  { method: 'POST', path: '/deliveries/{delivery_id}/replay' },
  { method: 'GET', path: '/.well-known/webhook-keys', isPublic: true },
] as const satisfies readonly Route[];

type NameOf<R> = R extends { readonly method: infer M extends string; readonly path: infer P extends string }
  ? `${M} ${P}`
  : never;

/** `GET /jobs` */
export type RouteName = NameOf<(typeof routes)[number]>;
