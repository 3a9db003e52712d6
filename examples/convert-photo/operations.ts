/** Lists the operations of the app. */
import { convertPhoto } from './convert-photo/operation.ts';

export const operations = [convertPhoto];
