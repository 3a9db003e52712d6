/** Starts a local cloud that the test files of a worker process use one after the other: its functions stay warm. */
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../local/cloud.ts';
import { assemblies } from './assemblies.ts';

type OnLog = NonNullable<LocalCloudOptions['onLog']>;

interface SharedCloud {
  readonly started: Promise<LocalCloud>;
  /** What belongs to the test file that runs. */
  readonly file: { suffix: string; onLog: OnLog | undefined };
}

const clouds = new Map<string, SharedCloud>();
let files = 0;

/**
 * Returns a cloud in which the calling test file has owners of its own: each user of a request gets the number of the file,
 * but for `operator`, whom the test catalogue's stack names as its operator.
 * Other files' jobs stay in the tables, and their deliveries may be retried: a test that counts calls starts its own cloud.
 * The cloud closes with the worker process.
 * @param assembly the stack to run
 * @param options.onLog receives the lines of functions while the file runs
 */
export async function sharedCloud(
  assembly: keyof typeof assemblies = 'test',
  { onLog }: { readonly onLog?: OnLog } = {},
): Promise<LocalCloud> {
  files += 1;
  const shared = clouds.get(assembly) ?? start({ assemblyDirectory: assemblies[assembly] });
  clouds.set(assembly, shared);
  Object.assign(shared.file, { suffix: `-${files}`, onLog });
  return shared.started;
}

/** Returns the name that the shared cloud gives a user of the test file that runs. */
export function sharedUser(user: string): string {
  return user === 'operator' ? user : `${user}-${files}`;
}

function start(options: LocalCloudOptions): SharedCloud {
  const file: SharedCloud['file'] = { suffix: '', onLog: undefined };
  const started = startLocalCloud({
    ...options,
    allowLoopbackWebhooks: true,
    userOf: (accessKey = 'development') => (accessKey === 'operator' ? accessKey : accessKey + file.suffix),
    onLog: (functionName, line) => file.onLog?.(functionName, line),
  });
  process.once('disconnect', async () => (await started).close());
  return { started, file };
}
