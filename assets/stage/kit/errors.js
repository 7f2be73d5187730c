/** An error whose message is a sentence for the visitor. */
export class StageError extends Error {
  /**
   * "<thing> must be <rule>; got <value>. <what to do>."
   * @param {string} thing
   * @param {string} rule
   * @param {string | number} got
   * @param {string} remedy
   */
  constructor(thing, rule, got, remedy) {
    super(`${thing} must be ${rule}; got ${got}. ${remedy}`);
    this.name = "StageError";
  }
}
