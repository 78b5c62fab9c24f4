/** Epoch milliseconds. Tests inject one that they move; a process runs without and takes the database's clock. */
export type Clock = () => number;
