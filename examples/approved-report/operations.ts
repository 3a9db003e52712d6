/** Lists the operations of the app. */
import { orderReport } from './order-report/operation.ts';

export const operations = [orderReport];
