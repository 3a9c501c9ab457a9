/** What a definition may take, so that a mistake in one costs nobody else anything. */
export const limits = {
  documentBytes: 200_000,
  definitions: 50,
  expressionCharacters: 1_000,
  /** Of an expression within an expression. */
  expressionDepth: 40,
  /** Of one page of an answer, all its expressions together: a tenth of a second or so. */
  steps: 1_000_000,
  /** Of all examples of a definition together, which are read while whoever saves it waits, and everybody else with them. */
  exampleSteps: 5_000_000,
  rows: 5_000,
  /** Of one page, whatever its rows say. */
  observations: 20_000,
  pages: 1_000,
} as const
