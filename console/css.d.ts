/** Lets modules import style sheets, which the bundler collects. */
declare module '*.css';
