/** Lists the deliveries of one job, to its `callback_url` and to endpoints: a part of the job page. */
import type { Api } from '../api.ts';
import { DeliveryList } from './delivery-list.tsx';
import './webhooks.css';

export function JobDeliveries({ api, jobId }: { readonly api: Api; readonly jobId: string }) {
  const path = `/jobs/${encodeURIComponent(jobId)}/deliveries`;
  return (
    <section aria-labelledby="deliveries-title">
      <h2 id="deliveries-title">Deliveries</h2>
      <DeliveryList
        api={api}
        path={path}
        pageAt={(cursor) => `${path}?${new URLSearchParams({ cursor })}`}
        emptyText="No webhook has an event of this job."
        showsTarget
      />
    </section>
  );
}
