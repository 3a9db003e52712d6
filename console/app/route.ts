/** Follows the address of the page: `#/jobs/<id>`, `#/jobs?status=failed`. */
import { useLayoutEffect, useState } from 'preact/hooks';
import { parseRoute, type Route } from './parse-route.ts';

export type { Route } from './parse-route.ts';

/** Renders again when the address changes. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  // Before the page can be used: an effect after the paint would miss an address that changes at once.
  useLayoutEffect(() => {
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
