/** Shows how far a job is. */
import './progress-bar.css';

/** @param progress 0..1 */
export function ProgressBar({ progress, label }: { readonly progress: number; readonly label: string }) {
  return (
    <progress class="progress" max={1} value={progress} aria-label={label}>
      {Math.floor(progress * 100)} %
    </progress>
  );
}
