/** What is wrong with a form, said to the person who filled it in. */
export class FormProblem extends Error {
  constructor(
    /** The name of the field. */
    readonly field: string,
    message: string,
  ) {
    super(message)
  }
}
