/** Starts the console: signs in, and shows the page that the address names. */
import { render } from 'preact';
import '../shared/base.css';
import './app.css';
import { type Api, createApi } from './api.ts';
import { JobsPage } from './jobs/jobs-page.tsx';
import { OperatorPage } from './operator/operator-page.tsx';
import { useRoute } from './route.ts';
import { WebhooksPage } from './webhooks/webhooks-page.tsx';

const PAGES = { jobs: JobsPage, webhooks: WebhooksPage, deliveries: WebhooksPage, operator: OperatorPage };

function App({ api }: { readonly api: Api }) {
  const route = useRoute();
  const Page = PAGES[route.page as keyof typeof PAGES] ?? JobsPage;
  return (
    <>
      <header class="top">
        <nav aria-label="Pages">
          <a href="#/jobs">Jobs</a> <a href="#/webhooks">Webhooks</a> <a href="#/operator">Operator</a>
        </nav>
      </header>
      <main>
        <Page api={api} route={route} key={`${route.page}/${route.id}`} />
      </main>
    </>
  );
}

const root = document.getElementById('app');
// The page is at <stage>/console.
const base = new URL('.', document.baseURI).href;
if (root) render(<App api={createApi(base, async () => undefined)} />, root);
