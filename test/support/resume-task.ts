/** Resumes a task in another process, follows it to its end, and prints the outcome. */
import { openTaskSession } from './task-session.ts';

const [url = '', reference = ''] = process.argv.slice(2);
const resumed = JSON.parse(reference);
const { client, session } = await openTaskSession(new URL(url), resumed.generation);
const execution = await session.resumeTask(resumed);
const { outcome } = await execution.settle();
console.log(JSON.stringify(outcome));
await session.close();
await client.close();
