/** Serves the app of the comparison on the local cloud, with its data on disk. Arguments: port, assembly, data directory. */
import { startLocalCloud } from '../../local/cloud.ts';

const [port, assemblyDirectory = '', dataDirectory = ''] = process.argv.slice(2);
await startLocalCloud({ assemblyDirectory, dataDirectory, port: Number(port) });
