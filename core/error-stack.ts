import { originsOf } from './error-origin.ts'
import { ConfigError, errorCode } from './errors.ts'

const mostFrames = 8
const longestFrame = 200

/**
 * Where an error was thrown, innermost first: the places alone, since texts may hold what is nobody's business. Undefined where
 * there is none, for an error of ours that was raised on purpose, and for one of the operating system, whose text says what it is;
 * what a plugin's step failed with is looked for behind it. Of several that are told together one after the other.
 */
export function faultStack(error: unknown): readonly string[] | undefined {
  return stackOf(behind(error).filter((fault) => errorCode(fault) === undefined && !isOfSystem(fault)))
}

/** The same of any error. */
export function originStack(error: unknown): readonly string[] | undefined {
  return stackOf(behind(error))
}

function stackOf(faults: readonly unknown[]): readonly string[] | undefined {
  const frames = faults.flatMap((fault) => framesOf(fault) ?? [])
  return frames.length === 0 ? undefined : frames
}

/** What plugins and the config have thrown: itself, or what it stands for. */
function behind(error: unknown): readonly unknown[] {
  const told = error instanceof ConfigError ? error.faults.flatMap(originsOf) : originsOf(error)
  if (told.length > 0) return told.flatMap(behind)
  const code = errorCode(error)
  const isStep = code === 'MAIL_E_SETUP' || code === 'MAIL_E_START' || code === 'MAIL_E_STOP'
  return [isStep ? ((error as Error).cause ?? error) : error]
}

function isOfSystem(error: unknown): boolean {
  const { errno, syscall } = (error ?? {}) as NodeJS.ErrnoException
  return typeof errno === 'number' && typeof syscall === 'string'
}

/** Never throws itself. */
function framesOf(error: unknown): readonly string[] | undefined {
  try {
    if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined
    // A text of several lines may look like places.
    const behindText = error.stack.slice(error.stack.indexOf(error.message) + error.message.length)
    const frames = [...behindText.matchAll(/^ {4}at (.+)$/gm)].map(([, place = '']) => place)
    return frames.length === 0
      ? undefined
      : frames.slice(0, mostFrames).map((place) => place.slice(0, longestFrame))
  } catch {
    return undefined
  }
}
