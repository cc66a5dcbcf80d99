import { MailwrightError, UnavailableError } from 'mailwright'

/** The system's name for what went wrong (`ENOENT`), where the error is the system's. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof MailwrightError) return undefined
  const { code, syscall } = error as NodeJS.ErrnoException
  return typeof code === 'string' && typeof syscall === 'string' ? code : undefined
}

/** The file or directory is not there (any more). */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** There is no room for what should be written. */
export function isFull(error: unknown): boolean {
  const code = systemCode(error instanceof UnavailableError ? error.cause : error)
  return code === 'ENOSPC' || code === 'EDQUOT'
}

/**
 * The error for the store's users: trouble of the disk is MAIL_E_UNAVAILABLE, a file-system quota MAIL_E_OVER_QUOTA.
 * Our own errors and faults of the program stay as they are.
 */
export function storeError(error: unknown, doing: string): unknown {
  const code = systemCode(error)
  if (code === undefined) return error
  if (code === 'EDQUOT')
    return new MailwrightError('MAIL_E_OVER_QUOTA', `${doing}: the file system's quota is used up`, {
      cause: error,
    })
  return new UnavailableError(`${doing}: ${code}`, { cause: error })
}

/** Runs something that touches the disk, with its errors translated by {@link storeError}. */
export async function guarded<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw storeError(error, doing)
  }
}
