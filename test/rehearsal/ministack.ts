/** Starts ministack, an implementation of AWS that is independent of this project, with authorization and TLS on. */
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Authority } from '../support/certificates.ts';
import { startServer } from './programs.ts';

export const REGION = 'eu-west-1';
export const ACCOUNT = '123456789012';
/** What ministack serves at these hosts of AWS, besides its own: APIs, and the sign-in of user pools. */
const HOSTS = [`*.execute-api.${REGION}.amazonaws.com`, `*.auth.${REGION}.amazoncognito.com`];

export interface Ministack {
  /** Environment variables for an operator's programs: endpoint, credentials of the account's root, and the authority. */
  readonly environment: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/**
 * @param python that has the packages
 * @param directory for its state, its certificates and its log
 */
export async function startMinistack(python: string, directory: string): Promise<Ministack> {
  const authority = new Authority('rehearsal');
  const { cert, key } = authority.issue({ hosts: ['127.0.0.1', ...HOSTS] });
  const files = {
    authority: join(directory, 'authority.pem'),
    certificate: join(directory, 'server.pem'),
    key: join(directory, 'server.key'),
    temporary: join(directory, 'tmp'),
  };
  await mkdir(files.temporary, { recursive: true });
  await writeFile(files.authority, authority.cert);
  await writeFile(files.certificate, cert);
  await writeFile(files.key, key, { mode: 0o600 });
  const trust = { NODE_EXTRA_CA_CERTS: files.authority, AWS_CA_BUNDLE: files.authority };
  const { port, stop } = await startServer(
    python,
    [fileURLToPath(new URL('./python/ministack_server.py', import.meta.url)), files.certificate, files.key],
    {
      logFile: join(directory, 'ministack.log'),
      cwd: directory,
      env: {
        ...operatorEnvironment(),
        ...trust,
        PYTHONUNBUFFERED: '1',
        AUTH: 'true',
        USE_SSL: '1',
        MINISTACK_SSL_CERT: files.certificate,
        MINISTACK_SSL_KEY: files.key,
        MINISTACK_HOST: '127.0.0.1',
        MINISTACK_REGION: REGION,
        MINISTACK_ACCOUNT_ID: ACCOUNT,
        LAMBDA_EXECUTOR: 'local',
        // Without these, more ports are opened.
        IOT_MTLS_ENABLED: '0',
        SFTP_ENABLED: '0',
        STATE_DIR: join(directory, 'state'),
        TMPDIR: files.temporary,
        NODE_OPTIONS: `--disable-warning=DEP0169 --require=${fileURLToPath(new URL('./function-runtime.cjs', import.meta.url))}`,
        // The receiver of the rehearsal's webhooks listens on loopback.
        ALLOW_LOOPBACK_WEBHOOKS: 'true',
      },
    },
  );
  const endpoint = `https://127.0.0.1:${port}`;
  return {
    environment: {
      ...operatorEnvironment(),
      ...trust,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: REGION,
      CDK_HOME: join(directory, 'cdk-home'),
      TMPDIR: files.temporary,
    },
    stop,
  };
}

/** Removes everything from the account that this process uses. */
export async function emptyAccount(): Promise<void> {
  const { status } = await fetch(`${process.env.AWS_ENDPOINT_URL}/_ministack/reset`, { method: 'POST' });
  if (status !== 200) throw new Error(`ministack responded with ${status} to a reset.`);
}

/** Returns this process's environment without what would lead to a real AWS account, or through a proxy. */
function operatorEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|CDK_|MINISTACK_|LOCALSTACK_|npm_|NODE_OPTIONS$|(https?|all)_proxy$)/i.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    // Functions, the CDK CLI and the app run with the Node of this program.
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };
}
