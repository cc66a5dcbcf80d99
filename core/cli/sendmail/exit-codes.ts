/** What programs that run `sendmail` understand: the exit codes of sysexits.h. */
export const exitCodes = {
  ok: 0,
  /** EX_USAGE: wrong words. */
  usage: 64,
  /** EX_DATAERR: an address or a header that cannot be read, or a NUL in the message. */
  data: 65,
  /** EX_NOUSER: nobody whom it could go to. */
  noRecipient: 67,
  /** EX_UNAVAILABLE: there is no drop folder. */
  unavailable: 69,
  /** EX_IOERR: the message cannot be read. */
  input: 74,
  /** EX_TEMPFAIL: not now; nothing was queued. */
  temporary: 75,
  /** EX_NOPERM: this user may not. */
  noPermission: 77,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Why nothing was queued, in words for whoever reads the output of a script. */
export class SendmailError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'SendmailError'
    this.exitCode = exitCode
  }
}

const forGood: Readonly<Record<string, ExitCode>> = {
  EACCES: exitCodes.noPermission,
  EPERM: exitCodes.noPermission,
  ENOENT: exitCodes.unavailable,
  ENOTDIR: exitCodes.unavailable,
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'is not open to this user',
  ENOSPC: 'has no room: the disk is full',
  EDQUOT: 'has no room for this user: the quota of the disk is used up',
  EROFS: 'is on a disk that is read-only',
  EIO: 'cannot be written: the disk has an error',
  EFBIG: 'cannot take the message: the file size limit (ulimit -f) is too small',
}

/** What a failure of the drop folder means: a full disk and the like pass. */
export function dropFailure(folder: string, error: unknown): SendmailError {
  if (error instanceof SendmailError) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const exitCode = forGood[code] ?? exitCodes.temporary
  const problem = problems[code] ?? `cannot be used: ${code || String(error)}`
  return new SendmailError(exitCode, `the drop folder ${folder} ${problem}`, { cause: error })
}
