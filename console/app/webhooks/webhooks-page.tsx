/** Shows the webhooks pages: the endpoints, one endpoint, or one delivery. */
import type { Api } from '../api.ts';
import type { Route } from '../route.ts';
import { DeliveryPage } from './delivery-page.tsx';
import { EndpointPage } from './endpoint-page.tsx';
import { EndpointsPage } from './endpoints-page.tsx';
import './webhooks.css';

export function WebhooksPage({ api, route }: { readonly api: Api; readonly route: Route }) {
  const { page, id } = route;
  if (id === undefined) return <EndpointsPage api={api} />;
  if (page === 'deliveries') return <DeliveryPage api={api} deliveryId={id} />;
  return <EndpointPage api={api} endpointId={id} route={route} />;
}
