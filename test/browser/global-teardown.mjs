/** Closes the cloud and the browser, which the test files share. With one worker, Jest runs the files in its own process. */
import { closeConsoleCloud } from './console-cloud.ts';

export default closeConsoleCloud;
