/** Tests that the pages are small: hosts load the card with each conversation. */
import { pageSizes } from '../../bench/page-size.ts';

test.each(pageSizes())('$what has at most $limit KB', ({ value, limit }) => {
  expect(value).toBeLessThanOrEqual(limit ?? 0);
});
