/** Creates the environment variables and options that connect AWS SDK clients to the local cloud. */
import { REGION } from './shared/aws-names.ts';
import { ADMINISTRATOR, type Credentials } from './shared/credentials.ts';

export type Service = 'DYNAMODB' | 'S3' | 'SQS' | 'SNS' | 'SFN' | 'SECRETS_MANAGER' | 'LAMBDA';

export interface Environment {
  /** Variables with the administrator's credentials. */
  readonly variables: Readonly<Record<string, string>>;
  /**
   * Returns the same for a client in this process, whose environment may point to a real account.
   * @param credentials of the caller. @default the administrator's
   */
  clientOptions(service: Service, credentials?: Credentials): ClientOptions;
}

export interface ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

export function createEnvironment(urls: Readonly<Record<Service, string>>): Environment {
  return {
    variables: {
      AWS_REGION: REGION,
      ...credentialVariables(ADMINISTRATOR),
      ...Object.fromEntries(
        Object.entries(urls).map(([service, url]) => [`AWS_ENDPOINT_URL_${service}`, url]),
      ),
    },
    clientOptions: (service, credentials = ADMINISTRATOR) => ({
      endpoint: urls[service],
      region: REGION,
      credentials,
    }),
  };
}

/** Returns the environment variables in which SDKs find credentials. */
export function credentialVariables({ accessKeyId, secretAccessKey, sessionToken }: Credentials) {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken && { AWS_SESSION_TOKEN: sessionToken }),
  };
}
