/** Shows the jobs page. */
import type { Api } from '../api.ts';
import type { Route } from '../route.ts';

export function JobsPage({ route }: { readonly api: Api; readonly route: Route }) {
  return <h1>Jobs {route.id}</h1>;
}
