/**
 * Signs requests to AWS with a library of 6 KB, for functions that make few calls. The Lambda client adds 90 KB to every
 * cold start, the Secrets Manager client 30 KB.
 */
import { AwsClient } from 'aws4fetch';
import { requiredEnv } from '../env.ts';

/** Sends a signed request to a path of one service. */
export type SignedFetch = (path: string, init: RequestInit) => Promise<Response>;

/**
 * @param service the name in endpoints, such as `lambda`
 * @param options.hostPrefix for actions with a separate host. @default none
 * @param options.retries retries of throttled and failed requests, with growing pauses. @default 3
 */
export function signedFetch(
  service: string,
  { hostPrefix = '', retries = 3 }: { readonly hostPrefix?: string; readonly retries?: number } = {},
): SignedFetch {
  let client: AwsClient | undefined;
  return (path, init) => {
    client ??= awsClient(service, retries);
    const root = endpointOverride(service) ?? `https://${hostPrefix}${regionalHost(service)}`;
    const headers = new Headers(init.headers);
    // As AWS SDKs do: X-Ray's trace of this invocation continues in the service.
    const trace = process.env._X_AMZN_TRACE_ID;
    if (trace) headers.set('x-amzn-trace-id', trace);
    return client.fetch(`${root}${path}`, { ...init, headers });
  };
}

/** Uses the credentials of this function: Lambda gives one set to an instance. */
export function awsClient(service: string, retries = 3): AwsClient {
  return new AwsClient({
    accessKeyId: requiredEnv('AWS_ACCESS_KEY_ID'),
    secretAccessKey: requiredEnv('AWS_SECRET_ACCESS_KEY'),
    sessionToken: process.env.AWS_SESSION_TOKEN,
    region: requiredEnv('AWS_REGION'),
    service,
    retries,
  });
}

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
