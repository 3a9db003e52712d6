// Serves the documentation site on loopback (dev), or builds it and fails on dead links (build).
import { installTool, run } from './install-tool.mjs';

const TOOL = 'tools/site';
const [command = 'dev', ...args] = process.argv.slice(2);

installTool(TOOL, 'VitePress');
run(process.execPath, ['node_modules/vitepress/bin/vitepress.js', command, ...args], { cwd: TOOL });
