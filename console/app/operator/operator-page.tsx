/** Shows the operator page. */
import type { Api } from '../api.ts';
import type { Route } from '../route.ts';

export function OperatorPage({ route }: { readonly api: Api; readonly route: Route }) {
  return <h1>Operator {route.id}</h1>;
}
