/** Shows the status of a delivery, or the health of an endpoint, in words and with a color. */
import '../../shared/status-badge.css';
import { HEALTH_LABELS, type HealthState } from './health.ts';
import { type DeliveryStatus, STATUSES } from './views.ts';

const COLORS: Readonly<Record<DeliveryStatus | HealthState, string>> = {
  pending: 'running',
  delivered: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  held: 'pending',
  healthy: 'completed',
  failing: 'failed',
  disabled: 'cancelled',
  unused: 'pending',
  unknown: 'pending',
};

export function DeliveryBadge({ status }: { readonly status: DeliveryStatus }) {
  return <span class={`status status-${COLORS[status]}`}>{STATUSES[status] ?? status}</span>;
}

export function HealthBadge({ state }: { readonly state: HealthState }) {
  return <span class={`status status-${COLORS[state]}`}>{HEALTH_LABELS[state]}</span>;
}
