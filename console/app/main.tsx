/** Starts the console: signs in, and shows the page that the address names. */
import { type ComponentChild, render } from 'preact';
import '../shared/base.css';
import '../shared/controls.css';
import './app.css';
import { createApi } from './api.ts';
import { App } from './app.tsx';
import { Session, SignInFailed } from './auth/session.ts';
import { readSignInConfig } from './auth/sign-in-config.ts';
import { NoClient, Notice, ProviderUnavailable, SignedRequests, SignIn } from './auth/sign-in-pages.tsx';

// The page is at <stage>/console.
const base = new URL('.', document.baseURI).href;
const root = document.getElementById('app');
if (root) void start(root);
// The page that comes back from the browser's cache waits for a sign-in that it has left for.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

async function start(root: HTMLElement): Promise<void> {
  try {
    const config = await readSignInConfig(base);
    if (config.mode === 'none') return show(<App api={createApi(base)} />, root);
    if (config.mode === 'iam') return show(<SignedRequests base={base} />, root);
    const { client_id, authorization_server } = config;
    if (client_id === undefined) return show(<NoClient base={base} issuer={config.issuer} />, root);
    if (!authorization_server) return show(<ProviderUnavailable issuer={config.issuer} />, root);
    const session = new Session({ ...config, client_id, authorization_server }, base);
    const error = await complete(session);
    // A person who may not become an operator stays signed in.
    if (session.tokens) show(<App api={createApi(base, session)} session={session} problem={error} />, root);
    else show(<SignIn session={session} issuer={config.issuer} error={error} />, root);
  } catch (error) {
    show(<Notice title="The console could not start" message={(error as Error).message} />, root);
  }
}

/** Replaces the text of a page that loads, which Preact would leave. */
function show(page: ComponentChild, root: HTMLElement): void {
  root.querySelector(':scope > .loading')?.remove();
  render(page, root);
}

/** @returns why the sign-in failed; undefined when it succeeded, or none was under way */
async function complete(session: Session): Promise<string | undefined> {
  try {
    await session.complete();
    return undefined;
  } catch (error) {
    if (error instanceof SignInFailed) return error.message;
    throw error;
  }
}
