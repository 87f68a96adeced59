/** Why a publish has no answer. */

/** The connection ended before the answer: whether the server has the message is not known. Send it again under the same id. */
export class LineLost extends Error {
  override name = 'LineLost'
}

/** The message cannot be sent as it is, and could not be later: the text says why. */
export class Unsendable extends Error {
  override name = 'Unsendable'
}
