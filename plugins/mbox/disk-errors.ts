import { errorCode } from 'mailwright'
import { isMissing } from 'mailwright/disk'

/** The mailbox or message is not there (any more). */
export function isNotFound(error: unknown): boolean {
  return errorCode(error) === 'MAIL_E_NOT_FOUND'
}

/** The answer of a call, or undefined where what it is about is not there. */
export async function ifThere<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
