/** Reads the page and its parameters from an address: `#/jobs/<id>`, `#/jobs?status=failed`. */

export interface Route {
  /** The first part of the address: `jobs`, `webhooks`, `deliveries` or `operator`. */
  readonly page: string;
  /** The part after it, such as a job id. */
  readonly id?: string;
  /** What follows the question mark, such as filters. */
  readonly query: string;
}

export function parseRoute(hash: string): Route {
  const [path = '', ...rest] = hash.replace(/^#\/?/, '').split('?');
  const query = rest.join('?');
  const [page = '', id] = path.split('/');
  if (!id) return { page: page || 'jobs', query };
  try {
    return { page, id: decodeURIComponent(id), query };
  } catch {
    // A malformed escape names nothing that exists.
    return { page, id, query };
  }
}
