/** Signs in at the pages of a user pool, as an invited person does in a browser. */
import assert from 'node:assert/strict';
import { ACCOUNT } from '../ministack.ts';

const MAX_PAGES = 6;

interface Mail {
  readonly To: readonly string[];
  readonly BodyText: string;
}

/** Returns the password of the invitation that Cognito sent. ministack keeps e-mails, and sends none. */
export async function invitationPassword(email: string): Promise<string> {
  const response = await fetch(`${process.env.AWS_ENDPOINT_URL}/_ministack/ses/messages`);
  const { messages } = (await response.json()) as {
    readonly messages: Readonly<Record<string, readonly Mail[]>>;
  };
  const mails = messages[ACCOUNT] ?? [];
  const invitation = mails.find(({ To }) => To.includes(email))?.BodyText ?? '';
  const password = /temporary password is (\S+)\.$/.exec(invitation)?.[1];
  assert.ok(password, JSON.stringify(messages));
  return password;
}

export interface Credentials {
  readonly email: string;
  /** Of the invitation. */
  readonly password: string;
  readonly newPassword: string;
}

/**
 * Fills in the forms of the pages.
 * @param redirectUrl of the client, which does not listen
 * @returns the parameters with which the last page redirects to the client
 */
export async function signInAtPages(
  authorizationUrl: URL,
  redirectUrl: string,
  { email, password, newPassword }: Credentials,
): Promise<URLSearchParams> {
  const answers: Readonly<Record<string, string>> = {
    username: email,
    password,
    new_password: newPassword,
    confirm_password: newPassword,
  };
  const { pathname, search } = authorizationUrl;
  let response = await visit(`${pathname}${search}`);
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const location = response.headers.get('location');
    if (location) {
      assert.ok(location.startsWith(`${redirectUrl}?`), location);
      return new URL(location).searchParams;
    }
    const page = await response.text();
    const fields = inputsOf(page).map(([name, value]): [string, string] => [name, answers[name] ?? value]);
    const [, action] = /<form method="POST" action="([^"]+)"/.exec(page) ?? [];
    assert.ok(action, page);
    response = await visit(action, { method: 'POST', body: new URLSearchParams(fields) });
  }
  throw new Error(`The sign-in has more than ${MAX_PAGES} pages.`);
}

function visit(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${process.env.AWS_ENDPOINT_URL}${path}`, { ...init, redirect: 'manual' });
}

/** @returns name and value of each input of a form */
function inputsOf(page: string): readonly (readonly [string, string])[] {
  return [...page.matchAll(/<input [^>]*>/g)].map(([input]) => [
    / name="([^"]*)"/.exec(input)?.[1] ?? '',
    / value="([^"]*)"/.exec(input)?.[1] ?? '',
  ]);
}
