/** Reads the page and its parameter from the address: `#/jobs/<id>`. */
import { useEffect, useState } from 'preact/hooks';

export interface Route {
  /** The first part of the address: `jobs`, `webhooks`, `deliveries` or `operator`. */
  readonly page: string;
  /** The part after it, such as a job id. */
  readonly id?: string;
}

export function parseRoute(hash: string): Route {
  const [page = '', id] = hash.replace(/^#\/?/, '').split('/');
  if (!id) return { page: page || 'jobs' };
  try {
    return { page, id: decodeURIComponent(id) };
  } catch {
    // A malformed escape names nothing that exists.
    return { page, id };
  }
}

/** Renders again when the address changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const update = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return route;
}
