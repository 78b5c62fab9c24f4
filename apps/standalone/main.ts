import { listenForStop } from './stop-request';

// Before the rest is loaded, which takes a good part of a second: a Ctrl-C that early ends the start with 0 too.
const stop = listenForStop();

void import('./start.js').then(({ start }) => start(process.env, stop));
