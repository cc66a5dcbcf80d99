import { errorCode, MailwrightError, UnavailableError } from 'mailwright'

/** The system's name for what went wrong (`ENOENT`), where the error is the system's. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof MailwrightError) return undefined
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

/** The file or directory is not there (any more). */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** The mailbox or message is not there (any more). */
export function isNotFound(error: unknown): boolean {
  return errorCode(error) === 'MAIL_E_NOT_FOUND'
}

/** There is no room for what should be written. */
export function isFull(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/**
 * Runs something that touches the disk. The system's errors become ours: MAIL_E_OVER_QUOTA for a file system's quota,
 * MAIL_E_UNAVAILABLE for all others.
 */
export async function guarded<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    if (code !== 'EDQUOT') throw new UnavailableError(`${doing}: ${code}`, { cause: error })
    throw new MailwrightError('MAIL_E_OVER_QUOTA', `${doing}: the file system's quota is used up`, {
      cause: error,
    })
  }
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
