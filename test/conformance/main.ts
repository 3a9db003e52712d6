/** `npm run conformance`: the official suite, as a table for docs/reference/conformance.md; exit code 1 when anything fails. */
import { judge, stale, Verdict } from './expectations.ts';
import { runConformance } from './run.ts';
import { REVISIONS } from './suite.ts';

const results = await runConformance();
const judged = results.map((result) => ({ ...result, ...judge(result) }));
for (const revision of REVISIONS) {
  const own = judged.filter((result) => result.revision === revision);
  console.log(`\n## ${revision}\n\n| scenario | verdict | checks passed | reason |\n|---|---|---|---|`);
  for (const { scenario, verdict, passed, reason } of own) {
    console.log(`| ${scenario} | ${verdict} | ${passed} | ${reason} |`);
  }
  const count = (wanted: Verdict) => own.filter(({ verdict }) => verdict === wanted).length;
  console.log(
    `\n${Object.values(Verdict)
      .map((verdict) => `${count(verdict)} ${verdict}`)
      .join(', ')}.`,
  );
}
const wrong = [
  ...judged.filter(({ verdict }) => verdict === Verdict.failed).map(({ scenario }) => scenario),
  ...stale(results),
];
if (wrong.length > 0) {
  console.error(`\nNot as expected: ${wrong.join(', ')}`);
  process.exitCode = 1;
}
