/** A question that cannot be answered as it was asked: what is wrong with it, and in `hint` how to ask. */
export class QuestionError extends Error {
  readonly hint: string

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.hint = hint
  }
}
