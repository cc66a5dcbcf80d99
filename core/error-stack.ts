import { errorCode } from './errors.ts'

const mostFrames = 8
const longestFrame = 200

/**
 * Where an error was thrown, innermost first: the places alone, since texts may hold what is nobody's business. Undefined where
 * there is none, and for an error of ours that was raised on purpose; what a plugin's step failed with is looked for behind it.
 */
export function faultStack(error: unknown): readonly string[] | undefined {
  const fault = behindSteps(error)
  return errorCode(fault) === undefined ? framesOf(fault) : undefined
}

/** The same of any error. */
export function originStack(error: unknown): readonly string[] | undefined {
  return framesOf(behindSteps(error))
}

function behindSteps(error: unknown): unknown {
  const code = errorCode(error)
  const isStep = code === 'MAIL_E_SETUP' || code === 'MAIL_E_START' || code === 'MAIL_E_STOP'
  return isStep ? ((error as Error).cause ?? error) : error
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
