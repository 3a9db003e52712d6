/** Shows the frame of the console: navigation, the person who is signed in, and the page that the address names. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Api } from './api.ts';
import type { Session } from './auth/session.ts';
import { OperatorSignIn, SignedOut } from './auth/sign-in-pages.tsx';
import { JobPage } from './jobs/job-page.tsx';
import { JobsPage } from './jobs/jobs-page.tsx';
import { OperatorPage } from './operator/operator-page.tsx';
import { type Route, useRoute } from './route.ts';
import { WebhooksPage } from './webhooks/webhooks-page.tsx';

interface AppProps {
  readonly api: Api;
  /** Absent when the API needs no sign-in. */
  readonly session?: Session;
  /** Why the last sign-in failed, of a person who is signed in still. */
  readonly problem?: string | undefined;
}

/** The page `deliveries` belongs to the webhooks. */
const SECTIONS = [
  { page: 'jobs', name: 'Jobs', pages: ['jobs'] },
  { page: 'webhooks', name: 'Webhooks', pages: ['webhooks', 'deliveries'] },
  { page: 'operator', name: 'Operator', pages: ['operator'] },
] as const;

export function App({ api, session, problem: failure }: AppProps) {
  const route = useRoute();
  const [problem, setProblem] = useState(failure);
  const [isExpired, setIsExpired] = useState(false);
  const [signedOut, setSignedOut] = useState<{ readonly page: string | undefined }>();
  const main = useRef<HTMLElement>(null);
  const section = SECTIONS.find(({ pages }) => pages.some((page) => page === route.page)) ?? SECTIONS[0];
  const place = `${route.page}/${route.id ?? ''}`;
  const firstPlace = useRef(place);
  if (session) session.onNeeded = () => setIsExpired(true);

  useEffect(() => {
    document.title = `${route.id ? `${route.id.slice(0, 8)} · ` : ''}${section.name} · Async Operations`;
    // A screen reader begins with the new page, as after a load.
    if (firstPlace.current !== place) main.current?.focus();
    firstPlace.current = '';
    scrollTo(0, 0);
  }, [place]);

  useEffect(() => keepFocus(main.current), [signedOut]);

  const signOut = (of: Session) => {
    void of.signOut().then((page) => setSignedOut({ page }));
    // Nothing asks for a token while the provider revokes this one.
    setSignedOut({ page: undefined });
  };

  if (signedOut) return <SignedOut page={signedOut.page} />;
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header class="top">
        <span class="product">Async Operations</span>
        <nav aria-label="Pages">
          {SECTIONS.map(({ page, name }) => (
            <a key={page} href={`#/${page}`} aria-current={page === section.page ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        {session && (
          <div class="person">
            <span class="person-name" dir="auto">
              {session.tokens?.user ?? 'Signed in'}
              {session.isOperator && ' (operator)'}
            </span>
            <button type="button" onClick={() => signOut(session)}>
              Sign out
            </button>
          </div>
        )}
      </header>
      {problem && (
        <p class="expired" role="alert" dir="auto">
          {problem}{' '}
          <button type="button" onClick={() => setProblem(undefined)}>
            Dismiss
          </button>
        </p>
      )}
      {isExpired && (
        <p class="expired" role="alert">
          Your sign-in has expired. What you entered is lost when you leave: copy it first.{' '}
          <button type="button" onClick={() => void session?.signIn()}>
            Sign in again
          </button>
        </p>
      )}
      {/* The styles of a page apply within it. */}
      <main id="main" class={`page-${section.page}`} tabIndex={-1} ref={main}>
        <Page key={place} api={api} session={session} route={route} />
      </main>
    </>
  );
}

/** Gives the focus to the page when the element that had it is gone: the next key would go to nobody. */
function keepFocus(main: HTMLElement | null): (() => void) | undefined {
  if (!main) return undefined;
  let last: EventTarget | null = null;
  const note = ({ target }: FocusEvent) => {
    last = target;
  };
  const observer = new MutationObserver(() => {
    const isGone = last instanceof Node && !last.isConnected;
    if (!isGone) return;
    last = null;
    if (document.activeElement === document.body) main.focus({ preventScroll: true });
  });
  main.addEventListener('focusin', note);
  observer.observe(main, { childList: true, subtree: true });
  return () => {
    main.removeEventListener('focusin', note);
    observer.disconnect();
  };
}

function Page({
  api,
  session,
  route,
}: AppProps & { readonly session: Session | undefined; readonly route: Route }) {
  switch (route.page) {
    case 'webhooks':
    case 'deliveries':
      return <WebhooksPage api={api} route={route} />;
    case 'operator':
      if (session && !session.isOperator) return <OperatorSignIn session={session} />;
      return <OperatorPage api={api} route={route} />;
    default:
      return route.id === undefined ? (
        <JobsPage api={api} route={route} />
      ) : (
        <JobPage api={api} jobId={route.id} />
      );
  }
}
