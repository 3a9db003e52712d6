/** Prints the test files that took longest, with their time, when a run of several files ends. */
const SHOWN = 10;

export default class SlowestTestsReporter {
  onRunComplete(_contexts, { testResults }) {
    if (testResults.length <= SHOWN) return;
    const seconds = ({ perfStats }) => (perfStats.end - perfStats.start) / 1000;
    const slowest = [...testResults].sort((a, b) => seconds(b) - seconds(a)).slice(0, SHOWN);
    const lines = slowest.map(
      (result) =>
        `${seconds(result).toFixed(1).padStart(7)} s  ${result.testFilePath.replace(`${process.cwd()}/`, '')}`,
    );
    console.log(`\nSlowest test files:\n${lines.join('\n')}`);
  }
}
