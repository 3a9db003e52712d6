/** Starts the card of a job, in the frame of an MCP host. */
import { render } from 'preact';
import '../shared/base.css';
import { ProgressBar } from '../shared/progress-bar.tsx';

const root = document.getElementById('card');
if (root) render(<ProgressBar progress={0} label="Progress" />, root);
