/** Tests when a session leaves for the identity provider, and when it must not. */
import { jest } from '@jest/globals';
import { type ReadyConfig, Session, SignInFailed, SignInNeeded } from '../../console/app/auth/session.ts';

const ISSUER = 'https://id.example.com';
const CONFIG: ReadyConfig = {
  mode: 'oidc',
  issuer: ISSUER,
  client_id: 'console',
  scopes: ['jobs:read'],
  operator_scope: 'jobs:operate',
  authorization_server: {
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/authorize`,
    token_endpoint: `${ISSUER}/token`,
    revocation_endpoint: `${ISSUER}/revoke`,
    end_session_endpoint: `${ISSUER}/logout`,
  },
};
const NAMES = ['location', 'sessionStorage', 'document'] as const;
const KEY = `console /v1/ ${ISSUER} console`;

const stored = new Map<string, string>();
const assign = jest.fn((_url: URL) => {});
let hasForm = false;
let before: (PropertyDescriptor | undefined)[];

beforeEach(() => {
  before = NAMES.map((name) => Object.getOwnPropertyDescriptor(globalThis, name));
  stored.clear();
  assign.mockClear();
  hasForm = false;
  const stubs = {
    location: { hash: '#/jobs', assign },
    sessionStorage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
      removeItem: (key: string) => stored.delete(key),
    },
    // A button has the focus, as after a click on it.
    document: { activeElement: { matches: () => false }, querySelector: () => (hasForm ? {} : null) },
  };
  for (const name of NAMES)
    Object.defineProperty(globalThis, name, { value: stubs[name], configurable: true, writable: true });
});

afterEach(() => {
  jest.restoreAllMocks();
  NAMES.forEach((name, index) => {
    const descriptor = before[index];
    if (descriptor) Object.defineProperty(globalThis, name, descriptor);
    else delete (globalThis as Record<string, unknown>)[name];
  });
});

/** Returns a session whose access token has expired. */
function expired(tokens: object = {}, config: ReadyConfig = CONFIG): Session {
  const all = { accessToken: 'old', expiresAt: 1, scopes: ['jobs:read'], isAccepted: true, ...tokens };
  stored.set(`console /v1/ ${config.issuer} console tokens`, JSON.stringify(all));
  return new Session(config, 'https://jobs.example.com/v1/');
}

/** Returns the value or the error of a promise; `pending` for one that waits while the page unloads. */
const outcomeOf = (promise: Promise<unknown>) =>
  Promise.race([
    promise.catch((error: unknown) => error),
    new Promise((resolve) => setTimeout(resolve, 500, 'pending')),
  ]);
/** Waits for the digest that precedes the way to the provider. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 30));

test('a request after the sign-out begins does not sign in again', async () => {
  const revoked = Promise.withResolvers<Response>();
  jest.spyOn(globalThis, 'fetch').mockReturnValue(revoked.promise);
  const session = expired({ refreshToken: 'r' });
  const ending = session.signOut();
  expect(await outcomeOf(session.accessToken(true))).toBeInstanceOf(SignInNeeded);
  expect(await outcomeOf(session.renew('old', true))).toBeInstanceOf(SignInNeeded);
  revoked.resolve(new Response());
  expect(await ending).toBe(`${ISSUER}/logout?client_id=console`);
  await settle();
  expect(assign).not.toHaveBeenCalled();
});

test('a refresh that ends after the sign-out stores no tokens', async () => {
  const token = Promise.withResolvers<Response>();
  jest.spyOn(globalThis, 'fetch').mockReturnValueOnce(token.promise).mockResolvedValue(new Response());
  const session = expired({ refreshToken: 'r' });
  const refreshed = outcomeOf(session.accessToken(true));
  await session.signOut();
  token.resolve(Response.json({ access_token: 'new', token_type: 'Bearer', refresh_token: 'r2' }));
  expect(await refreshed).toBeInstanceOf(SignInNeeded);
  expect(session.tokens).toBeUndefined();
  expect(assign).not.toHaveBeenCalled();
});

test('requests in parallel leave once, with the state that is expected back', async () => {
  const session = expired();
  void outcomeOf(session.accessToken(true));
  void outcomeOf(session.accessToken(true));
  void outcomeOf(session.renew('old', true));
  await settle();
  expect(assign).toHaveBeenCalledTimes(1);
  const pending = JSON.parse(stored.get(`${KEY} pending`) ?? '{}');
  expect(assign.mock.calls[0]?.[0].searchParams.get('state')).toBe(pending.state);
});

test('an operator remains one at the next sign-in', async () => {
  const session = expired({ scopes: ['jobs:read', 'jobs:operate'] });
  void outcomeOf(session.accessToken(true));
  await settle();
  expect(assign.mock.calls[0]?.[0].searchParams.get('scope')).toBe('jobs:read jobs:operate');
  expect(session.isOperator).toBe(true);
});

test('the browser stays while a form has entries, and after the person was told', async () => {
  hasForm = true;
  const session = expired();
  session.onNeeded = jest.fn();
  expect(await outcomeOf(session.accessToken(true))).toBeInstanceOf(SignInNeeded);
  hasForm = false;
  expect(await outcomeOf(session.accessToken(true))).toBeInstanceOf(SignInNeeded);
  expect(session.onNeeded).toHaveBeenCalled();
  expect(assign).not.toHaveBeenCalled();
});

test('a request with entries keeps the browser, also when another one wants to leave', async () => {
  const session = expired();
  const polled = outcomeOf(session.accessToken(true));
  expect(await outcomeOf(session.accessToken(false))).toBeInstanceOf(SignInNeeded);
  expect(await polled).toBeInstanceOf(SignInNeeded);
  expect(assign).not.toHaveBeenCalled();
});

test('a provider that refuses the refresh token is asked for a sign-in, and one that is silent is named', async () => {
  const refused = new Response('{}', { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } });
  const fetched = jest.spyOn(globalThis, 'fetch').mockResolvedValueOnce(refused);
  const session = expired({ refreshToken: 'r' });
  expect(await outcomeOf(session.accessToken(false))).toBeInstanceOf(SignInNeeded);
  fetched.mockRejectedValueOnce(new TypeError('Failed to fetch'));
  const other = expired({ refreshToken: 'r' });
  const failure = await outcomeOf(other.accessToken(false));
  expect(failure).toBeInstanceOf(SignInFailed);
  expect((failure as Error).message).toContain(ISSUER);
  expect(other.tokens?.refreshToken).toBe('r');
});

test('a Cognito pool with a domain of its own gets the address to come back to', async () => {
  const issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/pool';
  const server = { issuer, end_session_endpoint: 'https://login.example.com/logout' };
  const config = { ...CONFIG, issuer, authorization_server: server };
  const page = await expired({}, config).signOut();
  expect(new URL(page ?? '').searchParams.get('logout_uri')).toBe('https://jobs.example.com/v1/console');
});
