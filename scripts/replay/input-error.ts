/** Something wrong with the command line or the file, said in one line that names where. */
export class InputError extends Error {
  override name = 'InputError';
}

/** @param line of the file, from 1 */
export function faultAt(line: number, message: string): InputError {
  return new InputError(`line ${line}: ${message}`);
}
