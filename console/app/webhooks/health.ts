/** Sums up the health of an endpoint in one word and one sentence. */
import type { EndpointHealthView, EndpointView } from './views.ts';

export type HealthState = 'disabled' | 'unused' | 'healthy' | 'failing' | 'unknown';

export const HEALTH_LABELS: Readonly<Record<HealthState, string>> = {
  disabled: 'Disabled',
  unused: 'No attempts yet',
  healthy: 'Healthy',
  failing: 'Failing',
  unknown: 'Health unknown',
};

/** @param health undefined while it loads, or when it could not be read */
export function healthState(
  { enabled }: Pick<EndpointView, 'enabled'>,
  health: EndpointHealthView | undefined,
): HealthState {
  if (!enabled) return 'disabled';
  if (!health) return 'unknown';
  const { last_success_at: success = '', last_failure: failure } = health;
  // The last attempt decides: an endpoint that recovers is healthy at once.
  if (failure && failure.at > success) return 'failing';
  return success ? 'healthy' : 'unused';
}

/** Returns the numbers in a sentence: `98 % of 102 delivered, 2 waiting.` */
export function healthSentence(health: EndpointHealthView): string {
  const { delivered, failed, pending, success_rate: rate } = health;
  const parts = [
    ...(rate === undefined ? [] : [`${percent(rate)} of ${delivered + failed} delivered`]),
    ...(pending > 0 ? [`${pending} waiting`] : []),
  ];
  return parts.length > 0 ? `${parts.join(', ')}.` : '';
}

/** Rounds down, so that only an endpoint without failures has 100 %. */
function percent(rate: number): string {
  return `${Math.floor(rate * 100 + 1e-9)} %`;
}
