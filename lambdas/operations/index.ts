/** Lists the operations of the sample catalogue. */
import type { OperationDefinition } from 'mcp-async-operations/operation';
import { build } from './build/operation.ts';
import { callApi } from './call-api/operation.ts';
import { deploy } from './deploy/operation.ts';
import { download } from './download/operation.ts';
import { migrate } from './migrate/operation.ts';
import { readFile } from './read-file/operation.ts';
import { search } from './search/operation.ts';
import { upload } from './upload/operation.ts';

export const operations: readonly OperationDefinition[] = [
  build,
  callApi,
  deploy,
  download,
  migrate,
  readFile,
  search,
  upload,
];
