// Checks the project's English: pages, messages and doc comments. With --report, it prints its figures and never fails.
import { installTool, run } from './install-tool.mjs';

const TOOL = 'tools/prose';

installTool(TOOL, 'the prose linter');
run(process.execPath, [`${TOOL}/main.mjs`, ...process.argv.slice(2)]);
