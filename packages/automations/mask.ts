/** What stands in place of a secret wherever the API shows it; sent back, it means what is stored. */
export const MASK = '***';
