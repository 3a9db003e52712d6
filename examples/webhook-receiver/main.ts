/** Prints each event that arrives. Run `WEBHOOK_SECRET=whsec_… node examples/webhook-receiver/main.ts`; `PORT` defaults to 4000. */
import { createReceiver } from './receiver.ts';

const { WEBHOOK_SECRET = '', PORT = '4000' } = process.env;
createReceiver(WEBHOOK_SECRET, (id, { type, data }) => {
  console.log(`${type}  ${data.job_id}  ${data.status}  ${JSON.stringify(data.result)}  (webhook-id ${id})`);
}).listen(Number(PORT), '127.0.0.1', () => console.log(`Waiting for webhooks at http://127.0.0.1:${PORT}/`));
