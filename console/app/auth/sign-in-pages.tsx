/** Shows what a person without a sign-in sees: a button, or why there is none and the remedy. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Session } from './session.ts';
import './sign-in-pages.css';

interface FrameProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

function Frame({ title, children }: FrameProps) {
  return (
    <main class="gate">
      <p class="gate-product">Async Operations</p>
      <h1>{title}</h1>
      {children}
    </main>
  );
}

export function Notice({ title, message }: { readonly title: string; readonly message: string }) {
  return (
    <Frame title={title}>
      <p role="alert">{message}</p>
      <button type="button" class="primary" onClick={() => location.reload()}>
        Reload
      </button>
    </Frame>
  );
}

interface SignInProps {
  readonly session: Pick<Session, 'signIn'>;
  readonly issuer: string;
  /** Why the last sign-in failed. */
  readonly error?: string | undefined;
}

export function SignIn({ session, issuer, error }: SignInProps) {
  return (
    <Frame title="Sign in">
      <p>See your jobs and webhooks as they move.</p>
      <SignInButton session={session} label="Sign in" error={error} />
      <p class="hint">With {issuer}</p>
    </Frame>
  );
}

/** For a signed-in person who opens the operator page. */
export function OperatorSignIn({ session }: { readonly session: Session }) {
  return (
    <section class="gate">
      <h1>Operator</h1>
      <p>
        This page shows the open jobs of all owners. It needs the scope <code>jobs:operate</code>, which your
        sign-in does not have.
      </p>
      <SignInButton session={session} label="Sign in as operator" asOperator />
      <p class="hint">
        If you come back to this page, the identity provider has not granted it: ask an operator to add you.
      </p>
    </section>
  );
}

interface SignInButtonProps {
  readonly session: Pick<Session, 'signIn'>;
  readonly label: string;
  readonly asOperator?: boolean;
  readonly error?: string | undefined;
}

function SignInButton({ session, label, asOperator = false, error: before }: SignInButtonProps) {
  const [isLeaving, setIsLeaving] = useState(false);
  const [error, setError] = useState(before);
  const signIn = async () => {
    setIsLeaving(true);
    try {
      await session.signIn({ asOperator });
    } catch (failure) {
      setError((failure as Error).message);
      setIsLeaving(false);
    }
  };
  return (
    <>
      {error && (
        <p class="gate-error" role="alert" dir="auto">
          {error}
        </p>
      )}
      <button type="button" class="primary" disabled={isLeaving} onClick={() => void signIn()}>
        {isLeaving ? 'Opening the sign-in…' : label}
      </button>
    </>
  );
}

export function SignedOut({ page }: { readonly page: string | undefined }) {
  return (
    <Frame title="Signed out">
      <p>This tab has no access any more.</p>
      <p class="buttons">
        <button type="button" class="primary" onClick={() => location.reload()}>
          Sign in again
        </button>
      </p>
      {page && (
        <p class="hint">
          Your session at the identity provider is still open. <a href={page}>Sign out there too</a>.
        </p>
      )}
    </Frame>
  );
}

export function NoClient({ base, issuer }: { readonly base: string; readonly issuer: string }) {
  return (
    <Frame title="The console has no client">
      <p>This deployment accepts tokens of {issuer}. The console needs a client of its own there.</p>
      <ol>
        <li>
          Register a public client (single-page app, authorization code with PKCE) with the redirect URL{' '}
          <code>{new URL('console', base).href}</code> and the scopes of this API.
        </li>
        <li>
          Deploy with its id: <code>npx cdk deploy -c consoleClientId=…</code>, or set{' '}
          <code>consoleClientId</code> of the option <code>authorization</code>.
        </li>
      </ol>
    </Frame>
  );
}

export function ProviderUnavailable({ issuer }: { readonly issuer: string }) {
  return (
    <Notice
      title="The identity provider is unavailable"
      message={`The metadata of ${issuer} could not be read. Wait some seconds, then reload. If that does not help, ask the operator to check the issuer.`}
    />
  );
}

export function SignedRequests({ base }: { readonly base: string }) {
  const region = /\.execute-api\.([\w-]+)\./.exec(base)?.[1] ?? 'us-east-1';
  return (
    <Frame title="This API takes signed requests">
      <p>
        The deployment authenticates callers with AWS credentials (<code>authorization=iam</code>). A browser
        has none, so this console cannot show anything. Use a program that signs requests, such as awscurl:
      </p>
      <pre class="command">{`awscurl --service execute-api --region ${region} ${new URL('jobs', base).href}`}</pre>
      <p>
        To use the console, deploy with a user pool (<code>authorization=cognito</code>) or with your identity
        provider (<code>authorization=oidc</code>).
      </p>
    </Frame>
  );
}
