/** Lists the deliveries of one job, to its `callback_url` and to endpoints: a part of the job page, read when it is opened. */
import { useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import { DeliveryList } from './delivery-list.tsx';
import './webhooks.css';

export function JobDeliveries({ api, jobId }: { readonly api: Api; readonly jobId: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const path = `/jobs/${encodeURIComponent(jobId)}/deliveries`;
  return (
    <details class="panel job-deliveries" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>Webhook deliveries</summary>
      {isOpen && (
        <DeliveryList
          api={api}
          path={path}
          pageAt={(cursor) => `${path}?${new URLSearchParams({ cursor })}`}
          emptyText="No webhook has an event of this job."
          showsTarget
        />
      )}
    </details>
  );
}
