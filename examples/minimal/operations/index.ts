/** Lists the operations of the app. */
import { checksum } from './checksum/operation.ts';
import { saveNote } from './save-note/operation.ts';

export const operations = [checksum, saveNote];
