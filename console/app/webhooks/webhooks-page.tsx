/** Shows the webhooks page. */
import type { Api } from '../api.ts';
import type { Route } from '../route.ts';

export function WebhooksPage({ route }: { readonly api: Api; readonly route: Route }) {
  return <h1>Webhooks {route.id}</h1>;
}
