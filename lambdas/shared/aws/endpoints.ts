/** Finds the endpoints of AWS services. */
import { requiredEnv } from '../env.ts';

const ENDPOINT_NAMES: Readonly<Record<string, string>> = { secretsmanager: 'secrets_manager', states: 'sfn' };

/**
 * @returns the endpoint URL from the environment variables that all AWS SDKs read, without a trailing slash: that of the
 *   service, else that of all services. Undefined when neither is set, or AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is `true`
 */
export function endpointOverride(service: string): string | undefined {
  if (process.env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return undefined;
  const ofService = process.env[`AWS_ENDPOINT_URL_${(ENDPOINT_NAMES[service] ?? service).toUpperCase()}`];
  return (ofService || process.env.AWS_ENDPOINT_URL)?.replace(/\/+$/, '') || undefined;
}

/** @returns the host of a service in this function's region: `lambda.eu-west-1.amazonaws.com` */
export function regionalHost(service: string): string {
  const region = requiredEnv('AWS_REGION');
  return `${service}.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
}
