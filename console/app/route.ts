/** Reads the page and its parameters from the address: `#/jobs/<id>`, `#/jobs?status=failed`. */
import { useEffect, useState } from 'preact/hooks';

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

/** Renders again when the address changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const update = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', update);
    addEventListener('popstate', update);
    return () => {
      removeEventListener('hashchange', update);
      removeEventListener('popstate', update);
    };
  }, []);
  return route;
}

/** Changes the query of the address without a new entry in the history, such as for a filter. */
export function replaceQuery(route: Route, query: string): void {
  const path = `#/${route.page}${route.id === undefined ? '' : `/${encodeURIComponent(route.id)}`}`;
  history.replaceState(null, '', query === '' ? path : `${path}?${query}`);
  dispatchEvent(new PopStateEvent('popstate'));
}
