/** Starts a local cloud that the test files of a worker process use one after the other: its functions stay warm. */
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../local/cloud.ts';
import { assemblies } from './assemblies.ts';

interface SharedCloud {
  readonly started: Promise<LocalCloud>;
  readonly user: { suffix: string };
}

const clouds = new Map<string, SharedCloud>();
let files = 0;

/**
 * Returns a cloud in which the calling test file has owners of its own: each user of a request gets the number of the file,
 * but for `operator`, whom the test catalogue's stack names as its operator.
 * Other files' jobs stay in the tables, and their deliveries may be retried: a test that counts calls starts its own cloud.
 * The cloud closes with the worker process.
 * @param assembly the stack to run
 */
export async function sharedCloud(assembly: keyof typeof assemblies = 'test'): Promise<LocalCloud> {
  files += 1;
  const shared = clouds.get(assembly) ?? start({ assemblyDirectory: assemblies[assembly] });
  clouds.set(assembly, shared);
  shared.user.suffix = `-${files}`;
  return shared.started;
}

function start(options: LocalCloudOptions): SharedCloud {
  const user = { suffix: '' };
  const started = startLocalCloud({
    ...options,
    allowLoopbackWebhooks: true,
    userOf: (accessKey = 'development') => (accessKey === 'operator' ? accessKey : accessKey + user.suffix),
  });
  process.once('disconnect', async () => (await started).close());
  return { started, user };
}
